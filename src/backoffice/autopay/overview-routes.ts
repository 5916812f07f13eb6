import { z } from 'zod'
import { countQueues, knownOrganisations, listRuns, readDueWeek, readHeldWeek, signerOf, sumItems } from '../../autopay'
import { readFundPicture } from '../../fund'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import type { Rate } from '../../shared/money'
import { may } from '../../shared/permissions'
import { staffLogins } from '../staff-logins'
import type { AutopayPagesDeps } from './deps'
import { deskOf } from './desk'
import { AUTOPAY } from './paths'
import { presentTabs } from './present-queue'
import { presentRuns } from './present-runs'
import { presentWeek } from './present-week'

const LATEST_RUNS = 5

/** The door of the overview: the switch, the queues, the week before us, the last runs. */
export const overviewRoutes = ({ db, clock, zone, settings }: AutopayPagesDeps): Route[] => [
  defineRoute({
    method: 'get',
    path: AUTOPAY,
    policy: staffWith('autopay.read'),
    summary: 'Shows how automatic payment stands: switch, queues, what is due this week against the fund, the last runs.',
    input: { query: z.object({ done: z.string().optional() }) },
    handle: async (context) => {
      const [reader, now, rate] = [{ ...context, zone }, clock.now(), settings.rate satisfies Rate]
      const { organisations, desk } = await deskOf(context, { db, zone, part: 'overview', back: AUTOPAY, done: context.input.query.done })
      const counts = await countQueues(db, { organisations, signer: await signerOf(db, context.staff, now) })
      const ids = organisations.map(({ id }) => id)
      const weekOf = { organisationIds: ids, now, zone }
      const [week, held] = [await readDueWeek(db, weekOf), await readHeldWeek(db, weekOf)]
      const picture = may(context.staff, 'fund.read') ? await readFundPicture(db, { now, zone, rate }) : null
      const known = await knownOrganisations(db, context.staff)
      const runs = await listRuns(db, { organisations: known }, { limit: LATEST_RUNS })
      const runIds = runs.map(({ id }) => id)
      const sums = await sumItems(db, runIds, ids)
      const view = {
        runs,
        sums,
        seesAll: known === undefined,
        hasMore: false,
        before: undefined,
        organisations,
        logins: await staffLogins(db),
        now,
      }
      context.page('backoffice/autopay', {
        ...desk,
        tabs: presentTabs(counts, null, reader),
        week: presentWeek(week, held, picture, reader),
        runs: presentRuns(view, reader),
      })
    },
  }),
]
