import { z } from 'zod'
import { beginRun, carryOutRun, knownOrganisations, listItems, listRuns, nextMoment, OUTCOMES, runUnderWay, sumItems } from '../../autopay'
import type { Organisation } from '../../autopay'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { looksLikeId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { Refusal } from '../../shared/refusals'
import { momentText, toldAt } from '../reader'
import { staffLogins } from '../staff-logins'
import type { AutopayPagesDeps } from './deps'
import { deskOf, RUNS } from './desk'
import { presentRun, presentRuns } from './present-runs'
import { requireRun, totalsOf } from './run-known'

const PAGE = 50
const ID = z.string().refine(looksLikeId)
/** While a run is under way its page looks again. */
const REFRESH_SECONDS = 3

/** The doors of runs. */
export const runRoutes = (deps: AutopayPagesDeps): Route[] => [showRuns(deps), startRun(deps), showRun(deps)]

const showRuns = ({ db, clock, zone, config }: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: RUNS,
    policy: staffWith('autopay.read'),
    summary: 'Lists the runs of automatic payment, newest first.',
    input: { query: z.object({ before: ID.optional(), done: z.string().optional() }) },
    handle: async (context) => {
      const { staff, t, language, input } = context
      const { organisations, desk } = await deskOf(context, { db, zone, part: 'runs', back: RUNS, done: input.query.done })
      const known = { organisations: await knownOrganisations(db, staff) }
      const found = await listRuns(db, known, { before: input.query.before, limit: PAGE + 1 })
      const runs = found.slice(0, PAGE)
      const [runIds, ids] = [runs.map(({ id }) => id), organisations.map(({ id }) => id)]
      const view = {
        runs,
        sums: await sumItems(db, runIds, ids),
        seesAll: known.organisations === undefined,
        hasMore: found.length > PAGE,
        before: input.query.before,
        organisations,
        logins: await staffLogins(db),
        now: clock.now(),
      }
      const next = config.autopay.schedule === null ? null : nextMoment({ expression: config.autopay.schedule, zone }, clock.now())
      context.page('backoffice/autopay-runs', {
        ...desk,
        table: presentRuns(view, { ...context, zone }),
        next: next
          ? toldAt(t('autopay.runs.next', { at: momentText(next, { language, zone }) }), next)
          : { text: t('autopay.runs.no_schedule') },
        start: startChoices(organisations, staff, t('autopay.queue.all_organisations')),
      })
    },
  })

/** What a run may be started for; null for whoever may start none. Only an admin starts one for all. */
const startChoices = (organisations: readonly Organisation[], staff: StaffActor, all: string): { value: string; text: string }[] | null =>
  !may(staff, 'autopay.run') || organisations.length === 0
    ? null
    : [
        ...(may(staff, 'organisations.all') ? [{ value: '', text: all }] : []),
        ...organisations.map(({ id, name }) => ({ value: id, text: name })),
      ]

/** Where one is under way already, its page is what they want to see. It goes on after the answer; a process that ends meanwhile leaves it to the worker. */
const startRun = (deps: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: RUNS,
    policy: staffWith('autopay.run'),
    summary: 'Starts a run: reads what is due and pays what the rules allow, in the background.',
    input: { body: z.object({ organisation: z.union([z.literal(''), ID]) }) },
    handle: async ({ staff, input: { body }, redirect }) => {
      const scope = body.organisation === '' ? {} : { organisationId: body.organisation }
      const other = await runUnderWay(deps.db, { organisations: await knownOrganisations(deps.db, staff) }, deps.clock.now())
      if (other) {
        redirect(`${RUNS}/${other.id}?done=running`)
        return
      }
      const run = await beginRun(deps, { author: staff, scope })
      if (!run) throw new Refusal('autopay_running')
      const told = (error: unknown): void => deps.log.error({ err: error }, 'a run of automatic payment failed')
      void deps.background.follow(carryOutRun(deps, run, { isStopping: () => deps.background.isClosing() })).catch(told)
      redirect(`${RUNS}/${run.id}`)
    },
  })

const showRun = ({ db, clock, zone }: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${RUNS}/:id`,
    policy: staffWith('autopay.read'),
    summary: 'Shows one run: how far it has come, and what became of each invoice.',
    input: {
      params: z.object({ id: ID }),
      query: z.object({
        outcome: z.enum(OUTCOMES).optional(),
        after: z.coerce.number().int().min(0).max(1_000_000).optional(),
        done: z.string().optional(),
      }),
    },
    handle: async (context) => {
      const [{ id }, { outcome, after, done }] = [context.input.params, context.input.query]
      const { organisations, desk } = await deskOf(context, { db, zone, part: 'runs', back: `${RUNS}/${id}`, done })
      const run = await requireRun(db, id, context.staff)
      const organisationIds = organisations.map((one) => one.id)
      const found = await listItems(db, run.id, { organisationIds, outcome }, { after, limit: PAGE + 1 })
      const sums = await sumItems(db, [run.id], organisationIds)
      const list = { items: found.slice(0, PAGE), hasMore: found.length > PAGE, outcome, after }
      const totals = await totalsOf(db, run, sums, zone)
      const view = {
        run,
        seesAll: (await knownOrganisations(db, context.staff)) === undefined,
        sums,
        totals,
        ...list,
        organisations,
        logins: await staffLogins(db),
        now: clock.now(),
        mayExport: may(context.staff, 'lists.export'),
      }
      const refreshSeconds = run.state === 'running' ? REFRESH_SECONDS : null
      const note = done === 'running' && refreshSeconds !== null ? context.t('autopay.run.already') : null
      context.page('backoffice/autopay-run', { ...desk, ...presentRun(view, { ...context, zone }), refreshSeconds, note })
    },
  })
