import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import type { Approvals } from '../approvals'
import { closeAlerts, openAlerts } from '../shared/alerts'
import { inTransaction } from '../shared/database'
import { newId } from '../shared/ids'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { PaymentDeps } from '../payments'
import { compareAgain, compareBooks, PAGE as ASKED_AT_ONCE, Unread } from './compare-books'
import type { Portion } from './compare-books'
import { closeGone, foundBy, invoicesNotFoundAgain, noteDifferences } from './difference-store'
import { differenceDeeds } from './difference-deeds'
import type { Found } from './differences'
import { asDifference } from './find-lost-payments'
import type { Comparison, InvoiceDifference } from './find-lost-payments'
import { endRun, insertRun, noteProgress } from './run-store'
import type { Progress, Run } from './run-store'
import { tell } from '../shared/told'

export interface ReconciliationDeps extends PaymentDeps {
  readonly approvals: Approvals
}

export interface RunOrder {
  readonly author: Author
  /** Names what is to be done once; by default each order is another one. */
  readonly key?: string
  /** Whether points go back by themselves where no person is needed. */
  readonly resolves: boolean
  readonly since?: Date | undefined
}

/** The gateway itself, when it settles what needs no person. */
export const RECONCILER: Author = { kind: 'system', name: 'reconciliation' }

/**
 * Begins a comparison. What it is for is done by `carryOut`, which may take long: one request for fifty invoices, within the request budget.
 * @returns undefined when a run of this key was begun before
 * @throws Refusal forbidden, reconciliation_running
 */
export async function beginRun({ db, clock }: ReconciliationDeps, order: RunOrder): Promise<Run | undefined> {
  requirePermission(order.author, 'reconciliation.run')
  // What goes back by itself is not the decision of whoever starts the run, but they must be allowed to make it.
  if (order.resolves) requirePermission(order.author, 'reconciliation.resolve')
  const { key = `by-hand:${newId()}`, resolves, since, author } = order
  return insertRun(db, { key, resolves, since, startedBy: authorName(author), at: clock.now() })
}

/** Begins a comparison and carries it out. @throws Refusal forbidden, reconciliation_running, key_reused */
export async function reconcile(deps: ReconciliationDeps, order: RunOrder): Promise<Comparison> {
  const run = await beginRun(deps, order)
  if (!run) throw new Refusal('key_reused')
  const differences: Found[] = []
  const unread = await carryOut(deps, run, (found) => void differences.push(...found))
  const left = await openAfter(deps, run, differences)
  const { checked } = left
  return { checked, differences: left.differences, ...(unread === null ? {} : { unread }) }
}

/**
 * Compares, notes what was found and how far it has come, and settles what needs no person. When everything was compared, differences that were not found any more are closed.
 * @returns why a part could not be compared, or null
 */
export async function carryOut(
  deps: ReconciliationDeps,
  run: Run,
  onFound: (found: readonly Found[]) => void = () => undefined,
): Promise<string | null> {
  const problem = await compareAll(deps, run, onFound).catch(async (error: unknown) => {
    if (error instanceof Unread) return error.message
    await endRun(deps.db, run, tell('told.own_error'), deps.clock.now())
    throw error
  })
  if (problem === TAKEN_OVER) return problem
  if (problem === null && !run.since) await closeGone(deps.db, run.id, deps.clock.now())
  if (run.resolves) await settleCancelled(deps, run)
  await endRun(deps.db, run, problem, deps.clock.now())
  await tellStaff(deps, problem)
  deps.log.info({ run: run.id, problem }, 'our books were compared with the invoices of Invoicebox')
  return problem
}

/** A comparison that could not be finished would otherwise be missed by everybody who sleeps at that hour. The next one that is finished closes the alert. */
const tellStaff = ({ db, clock }: ReconciliationDeps, problem: string | null): Promise<void> =>
  inTransaction(db, async (tx) => {
    const about = { kind: 'reconciliation_failed', subject: 'reconciliation', at: clock.now() } as const
    if (problem === null) await closeAlerts(tx, [{ ...about, by: authorName(RECONCILER) }])
    else await openAlerts(tx, [{ ...about, detail: tell('told.not_compared', { problem }) }])
  })

const TAKEN_OVER = 'Another process has taken the comparison over.'

async function compareAll(deps: ReconciliationDeps, run: Run, onFound: (found: readonly Found[]) => void): Promise<string | null> {
  let progress: Progress = { pages: 0, checked: 0, differences: 0 }
  for await (const { checked, found } of portions(deps, run)) {
    const at = deps.clock.now()
    const open = await inTransaction(deps.db, (tx) => noteDifferences(tx, found, { source: 'invoices', by: run.id, at }))
    onFound(open)
    progress = { pages: progress.pages + 1, checked: progress.checked + checked, differences: progress.differences + open.length }
    if (!(await noteProgress(deps.db, run, progress, at))) return TAKEN_OVER
  }
  return null
}

/** Everything, and then whatever would be closed now because the list did not bring it again. */
async function* portions(deps: ReconciliationDeps, run: Run): AsyncGenerator<Portion> {
  yield* compareBooks(deps, { since: run.since ?? undefined })
  if (run.since) return
  let after = ''
  for (;;) {
    const ids = await invoicesNotFoundAgain(deps.db, run.id, { after, limit: ASKED_AT_ONCE })
    if (ids.length > 0) yield await compareAgain(deps, ids)
    after = ids.at(-1) ?? ''
    if (ids.length < ASKED_AT_ONCE) return
  }
}

const PAGE = 100

/** The merchant has cancelled what points had paid: they go back, once. What is above the amount for one person, or is refused, stays open for a person. */
async function settleCancelled(deps: ReconciliationDeps, run: Run): Promise<void> {
  const { giveBack } = differenceDeeds(deps)
  let after = ''
  for (;;) {
    const differences = await foundBy(deps.db, run.id, 'captured_here_cancelled_there', { after, limit: PAGE })
    for (const { id } of differences) await giveBackOne(deps, giveBack, id)
    const last = differences.at(-1)
    if (!last || differences.length < PAGE) return
    after = last.id
  }
}

async function giveBackOne(
  deps: ReconciliationDeps,
  deed: ReturnType<typeof differenceDeeds>['giveBack'],
  differenceId: string,
): Promise<void> {
  const payload = { differenceId }
  try {
    if ((await deps.approvals.look(deed, payload)).needsSecond) return
    const reason = tell('told.merchant_cancelled')
    await deps.approvals.submit(deed, { payload, author: RECONCILER, reason, key: `reconcile:${differenceId}` })
  } catch (error) {
    // One that fails must not keep the others open, nor the run from its end.
    deps.log.warn({ difference: differenceId, err: error }, 'a difference could not be settled by itself')
  }
}

/** What was found, each with whether it is settled by now. */
async function openAfter(
  { db }: ReconciliationDeps,
  run: Run,
  found: readonly Found[],
): Promise<{ checked: number; differences: InvoiceDifference[] }> {
  const row: { checked: number | bigint } | undefined = await db('reconciliation_runs').where({ id: run.id }).first('checked')
  const open = new Set<string>(run.resolves ? await openCancelled(db, run.id) : [])
  const isResolved = ({ kind, subject }: Found): boolean => run.resolves && kind === 'captured_here_cancelled_there' && !open.has(subject)
  return { checked: Number(row?.checked ?? 0), differences: found.map((one) => asDifference(one, isResolved(one))) }
}

const openCancelled = (db: PaymentDeps['db'], runId: string): Promise<string[]> =>
  db('reconciliation_differences')
    .where({ kind: 'captured_here_cancelled_there', last_run: runId })
    .whereNull('resolved_at')
    .pluck('subject')
