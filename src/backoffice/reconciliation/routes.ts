import { z } from 'zod'
import { defineRoute, sendDownload, staffWith } from '../../http'
import type { Route } from '../../http'
import { findPaymentsById } from '../../payments'
import { knownInvoices, organisationsOf } from '../../autopay'
import { beginRun, carryOut, DIFFERENCE_KINDS, knownDifferences, listDifferences, listRuns, listStatements } from '../../reconciliation'
import type { DifferenceFilter, NotedDifference } from '../../reconciliation'
import type { StaffActor } from '../../shared/actor'
import { writeAudit } from '../../shared/audit'
import { CSV_TYPE, csvFile } from '../../shared/csv'
import { inTransaction } from '../../shared/database'
import type { Db } from '../../shared/database'
import { looksLikeId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { frameOf } from '../frame'
import { staffLogins } from '../staff-logins'
import type { ReconciliationPagesDeps } from './deps'
import { differenceCells, differenceHeader, presentReconciliation, RECONCILIATION_PATH } from './present'
import type { DifferenceQuery } from './present'
import { settleRoutes } from './settle-routes'
import { takeStatement } from './statement-routes'

const PAGE = 50
const EXPORT_PAGE = 500
const MOST_RUNS = 10
const ID = z.string().refine(looksLikeId)

const FILTERS = {
  kind: z
    .enum(['', ...DIFFERENCE_KINDS])
    .transform((kind) => (kind === '' ? undefined : kind))
    .optional(),
  which: z
    .enum(['', 'all'])
    .transform((which) => (which === '' ? undefined : which))
    .optional(),
  statement: z.union([z.literal('').transform(() => undefined), ID]).optional(),
}

/** As the address says, and nothing that the reader may not know of. */
async function filterOf(
  deps: ReconciliationPagesDeps,
  { kind, which, statement }: DifferenceQuery,
  staff: StaffActor,
): Promise<DifferenceFilter> {
  return { kind, all: which === 'all', foundBy: statement, known: await knownDifferences(deps, staff) }
}

/** The doors of the section about reconciliation. */
export const reconciliationPages = (deps: ReconciliationPagesDeps): Route[] => [
  showPage(deps),
  exportList(deps),
  startRun(deps),
  takeStatement(deps),
  ...settleRoutes(deps),
]

const showPage = (deps: ReconciliationPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: RECONCILIATION_PATH,
    policy: staffWith('reconciliation.read'),
    summary: 'Lists in words where our books and Invoicebox differ, and the comparisons that found it.',
    input: { query: z.object({ ...FILTERS, before: ID.optional(), done: z.string().optional() }) },
    handle: async (context) => {
      const [{ before, done, ...query }, { db, zone }] = [context.input.query, deps]
      const filter = await filterOf(deps, query, context.staff)
      const found = await listDifferences(db, filter, { before, limit: PAGE + 1 })
      const differences = found.slice(0, PAGE)
      const runs = await listRuns(db, MOST_RUNS)
      const statements = await listStatements(db, MOST_RUNS)
      const [reversed, logins] = [await reversedOf(db, differences), await staffLogins(db)]
      const invoices = await invoicesOf(db, differences, context.staff)
      const view = {
        differences,
        hasMore: found.length > PAGE,
        query,
        before,
        runs,
        statements,
        reversed,
        invoices,
        logins,
        hidesTotals: filter.known !== undefined,
      }
      const page = presentReconciliation(view, context.staff, { ...context, zone })
      context.page('backoffice/reconciliation', { frame: frameOf(context, 'reconciliation', done), ...page })
    },
  })

async function reversedOf(db: Db, differences: readonly NotedDifference[]): Promise<Set<string>> {
  const ids = [...new Set(differences.flatMap(({ paymentId }) => paymentId ?? []))]
  return new Set((await findPaymentsById(db, ids)).filter(({ state }) => state === 'reversed').map(({ id }) => id))
}

const invoicesOf = async (db: Db, differences: readonly NotedDifference[], staff: StaffActor): Promise<Set<string>> =>
  knownInvoices(
    db,
    differences.flatMap(({ kind, invoiceId }) => (kind === 'paid_there_unknown_here' ? (invoiceId ?? []) : [])),
    await organisationsOf(db, staff),
  )

const exportList = (deps: ReconciliationPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${RECONCILIATION_PATH}.csv`,
    policy: staffWith('lists.export'),
    summary: 'Gives the differences that the same filters show as a CSV file.',
    input: { query: z.object(FILTERS) },
    handle: async ({ input: { query }, staff, t, language, res }) => {
      const { db, clock, zone } = deps
      const audit = { author: staff, at: clock.now(), action: 'differences_exported', subject: 'reconciliation' }
      await inTransaction(db, (tx) => writeAudit(tx, [audit]))
      const logins = await staffLogins(db)
      const filter = await filterOf(deps, query, staff)
      const rows = pagesOf(db, filter, (difference) => differenceCells(difference, logins, { t, language, zone }))
      await sendDownload(res, {
        name: 'reconciliation.csv',
        type: CSV_TYPE,
        pieces: csvFile(differenceHeader({ t, language, zone }), rows),
      })
    },
  })

async function* pagesOf(db: Db, filter: DifferenceFilter, toCells: (difference: NotedDifference) => string[]): AsyncGenerator<string[][]> {
  let before: string | undefined
  for (;;) {
    const differences = await listDifferences(db, filter, { before, limit: EXPORT_PAGE })
    yield differences.map(toCells)
    before = differences.at(-1)?.id
    if (differences.length < EXPORT_PAGE) return
  }
}

/** It goes on after the answer; a process that ends meanwhile leaves it to the worker. */
const startRun = (deps: ReconciliationPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${RECONCILIATION_PATH}/run`,
    policy: staffWith('reconciliation.run'),
    summary: 'Starts a comparison with the invoices of Invoicebox, in the background.',
    input: { body: z.object({}) },
    handle: async ({ staff, redirect }) => {
      const run = await beginRun(deps, { author: staff, resolves: may(staff, 'reconciliation.resolve') })
      const told = (error: unknown): void => deps.log.error({ err: error }, 'a comparison failed')
      if (run) void deps.background.follow(carryOut(deps, run)).catch(told)
      redirect(RECONCILIATION_PATH)
    },
  })
