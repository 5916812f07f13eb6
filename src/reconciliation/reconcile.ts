import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import type { Approvals } from '../approvals'
import { closeAlerts, openAlerts } from '../shared/alerts'
import { inTransaction } from '../shared/database'
import type { Tx } from '../shared/database'
import { newId } from '../shared/ids'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { Narrowing, PaymentDeps } from '../payments'
import { compareAgain, compareBooks, PAGE as ASKED_AT_ONCE, Unread } from './compare-books'
import type { Portion } from './compare-books'
import { closeGone, invoicesNotFoundAgain } from './close-differences'
import { allFoundBy, foundBy, noteDifferences } from './difference-store'
import { differenceDeeds } from './difference-deeds'
import { asDifference } from './find-lost-payments'
import type { Comparison, InvoiceDifference } from './find-lost-payments'
import { knownDifferences } from './known-to'
import { endRun, insertRun, noteProgress } from './run-store'
import type { Progress, Run } from './run-store'
import { sayingSo } from '../shared/signs-of-life'
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

/** A comparison that is over, and what it has found. */
export interface Reconciled {
  /** How many invoices were looked at. */
  readonly checked: number
  /** Why a part could not be compared, or null. */
  readonly unread: string | null
  /** What it found and its author may know of, read as it is asked for: there may be any number. */
  readonly differences: () => AsyncGenerator<InvoiceDifference[]>
}

/** Begins a comparison and carries it out. @throws Refusal forbidden, reconciliation_running, key_reused */
export async function reconcileAll(deps: ReconciliationDeps, order: RunOrder): Promise<Reconciled> {
  const run = await beginRun(deps, order)
  if (!run) throw new Refusal('key_reused')
  const unread = await carryOut(deps, run)
  const row: { checked: number | bigint } | undefined = await deps.db('reconciliation_runs').where({ id: run.id }).first('checked')
  const known = await knownDifferences(deps, order.author)
  return { checked: Number(row?.checked ?? 0), unread, differences: () => differencesOf(deps, run, known) }
}

/** The same, with all that was found at once, for where that is little. */
export async function reconcile(deps: ReconciliationDeps, order: RunOrder): Promise<Comparison> {
  const { checked, unread, differences } = await reconcileAll(deps, order)
  const all: InvoiceDifference[] = []
  for await (const some of differences()) all.push(...some)
  return { checked, differences: all, ...(unread === null ? {} : { unread }) }
}

const READ_AT_ONCE = 500

/** What a run has found, each with whether it is settled by now. */
async function* differencesOf({ db }: ReconciliationDeps, run: Run, known: Narrowing | undefined): AsyncGenerator<InvoiceDifference[]> {
  let after = ''
  for (;;) {
    const found = await allFoundBy(db, run.id, { after, limit: READ_AT_ONCE, known })
    yield found.map((one) => asDifference(one, one.resolvedAt !== null))
    after = found.at(-1)?.id ?? ''
    if (found.length < READ_AT_ONCE) return
  }
}

/**
 * Compares, notes what was found and how far it has come, and settles what needs no person. When everything was compared, differences that were not found any more are closed.
 * @returns why a part could not be compared, or null
 */
export async function carryOut(deps: ReconciliationDeps, run: Run): Promise<string | null> {
  const isAlive = (): Promise<unknown> => noteProgress(deps.db, run, {}, deps.clock.now())
  try {
    return await sayingSo(isAlive, () => compareAndSettle(deps, run))
  } catch (error) {
    if (error instanceof TakenOver) return error.message
    await endRun(deps.db, run, tell('told.own_error'), deps.clock.now())
    throw error
  }
}

async function compareAndSettle(deps: ReconciliationDeps, run: Run): Promise<string | null> {
  const problem = await compareAll(deps, run).then(
    () => null,
    (error: unknown) => {
      if (error instanceof Unread) return error.message
      throw error
    },
  )
  if (problem === null && !run.since) await whileOurs(deps, run, (tx, at) => closeGone(tx, run.id, at))
  if (run.resolves) await settleCancelled(deps, run)
  if (!(await endRun(deps.db, run, problem, deps.clock.now()))) throw new TakenOver()
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

class TakenOver extends Error {
  override name = 'TakenOver'
  override message = 'Another process has taken the comparison over.'
}

/** A process that slept writes nothing over what another one has found meanwhile: whoever takes the run over waits for this transaction, or it writes nothing. @throws TakenOver */
const whileOurs = <T>({ db, clock }: ReconciliationDeps, run: Run, work: (tx: Tx, at: Date) => Promise<T>): Promise<T> =>
  inTransaction(db, async (tx) => {
    const at = clock.now()
    if (!(await noteProgress(tx, run, {}, at))) throw new TakenOver()
    return work(tx, at)
  })

async function compareAll(deps: ReconciliationDeps, run: Run): Promise<void> {
  let progress: Progress = { pages: 0, checked: 0, differences: 0 }
  for await (const { checked, found } of portions(deps, run))
    progress = await whileOurs(deps, run, async (tx, at) => {
      const open = await noteDifferences(tx, found, { source: 'invoices', by: run.id, began: run.startedAt, at })
      const { pages, differences } = progress
      const next = { pages: pages + 1, checked: progress.checked + checked, differences: differences + open.length }
      await noteProgress(tx, run, next, at)
      return next
    })
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
