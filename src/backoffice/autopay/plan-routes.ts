import { z } from 'zod'
import { organisationsOf } from '../../autopay'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import { writeAudit } from '../../shared/audit'
import { CSV_TYPE, csvFile } from '../../shared/csv'
import { inTransaction } from '../../shared/database'
import { looksLikeId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import type { AutopayPagesDeps } from './deps'
import { deskOf, PLAN } from './desk'
import { filteredLines, PLAN_FILTERS, readPlan } from './plan-lines'
import { planRows, PLAN_FILE, PLAN_HEADER, presentPlan } from './present-plan'

/** The doors of the plan. */
export const planRoutes = (deps: AutopayPagesDeps): Route[] => [exportPlan(deps), showPlan(deps)]

const showPlan = (deps: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: PLAN,
    policy: staffWith('autopay.read'),
    summary: 'Shows what would be paid now, in which order, why and why not; changes nothing.',
    input: { query: z.object({ ...PLAN_FILTERS, after: z.string().refine(looksLikeId).optional(), done: z.string().optional() }) },
    handle: async (context) => {
      const { staff } = context
      const { after, done, ...query } = context.input.query
      const { organisations, desk } = await deskOf(context, { db: deps.db, zone: deps.zone, part: 'plan', back: PLAN, done })
      const rights = {
        seesAll: may(staff, 'organisations.all'),
        seesFund: may(staff, 'fund.read'),
        mayExport: may(staff, 'lists.export'),
      }
      const view = { organisations, query, after, ...rights }
      const plan = presentPlan(await readPlan(deps, organisations), view, { ...context, zone: deps.zone })
      context.page('backoffice/autopay-plan', { ...desk, ...plan })
    },
  })

const exportPlan = (deps: AutopayPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: PLAN_FILE,
    policy: staffWith('lists.export'),
    summary: 'Gives what the same filters leave of the plan as a CSV file; of no filter, the whole plan.',
    input: { query: z.object(PLAN_FILTERS) },
    handle: async ({ input: { query }, staff, res, t, language }) => {
      const { db, clock, zone } = deps
      const audit = { author: staff, at: clock.now(), action: 'autopay_plan_exported', subject: 'autopay' }
      await inTransaction(db, (tx) => writeAudit(tx, [audit]))
      const organisations = await organisationsOf(db, staff)
      const { lines } = await readPlan(deps, organisations)
      const rows = planRows(filteredLines(lines, query), organisations, { t, language, zone, staff })
      await sendDownload(res, { name: 'autopay-plan.csv', type: CSV_TYPE, pieces: csvFile(PLAN_HEADER, rows) })
    },
  })
