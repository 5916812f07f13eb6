import { plus } from '../shared/clock'
import { openAlerts } from '../shared/alerts'
import type { NewAlert } from '../shared/alerts'
import { engineOf, inOneStatement, inTransaction } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { gatherFor } from '../shared/gather'
import { toDecimal } from '../shared/money'
import { ownAsFound } from '../invoicebox'
import type { Asking, ConfirmOutcome, Exchange, ReadOutcome } from '../invoicebox'
import { LEASE_MS } from './lease'
import type { Payment, PaymentDeps } from './payment'
import { NO_BUDGET } from './put-back'
import { insertExchanges, renewLease } from './store'
import { tell } from '../shared/told'

/** A lease that was taken or renewed this recently needs no look before a send. */
const SURE_FOR_MS = 5_000

/**
 * Asks Invoicebox to pay and keeps what it said, before anything is decided from it. Undefined when the payment belongs to somebody else by now:
 * a process that slept must not send what another one has settled meanwhile. Of a question that was not sent for want of a slot nothing is kept.
 */
export async function askToPay(deps: PaymentDeps, payment: Payment, asking: Asking): Promise<ConfirmOutcome | undefined> {
  if (payment.state === 'confirming' && !(await isStillOurs(deps, payment))) return undefined
  tellLog(deps, payment)
  const { outcome, exchange } = await deps.invoicebox.confirmInvoice(payment.invoiceId, payment.operationId, asking)
  if (outcome.kind === 'unknown' && outcome.reason === NO_BUDGET) return outcome
  await deps.faultPoint?.(payment.attempts > 1 ? 'recovery-answered' : 'after-answer')
  await keepExchange(deps, payment, exchange, outcome.kind === 'accepted' ? outcome.transactionId : null)
  return outcome
}

/** Written outside the database before anything is sent: when a failover or a restore has lost the payment, the log still names it (docs/operations.md). */
function tellLog({ log }: PaymentDeps, { id, invoiceId, operationId, payer, points, amount }: Payment): void {
  const who = payer.kind === 'member' ? { memberId: payer.memberId } : { organisationId: payer.organisationId }
  const sums = { points: toDecimal(points.minor), amount: toDecimal(amount.minor) }
  log.info({ paymentId: id, invoiceId, operationId, ...who, ...sums }, 'invoicebox is asked to pay')
}

/** Reads the payment's invoice and keeps what was answered: a reading of its own that begins after the call, as Rule R wants it. */
export const readAndKeep = async (deps: PaymentDeps, payment: Payment, asking: Asking): Promise<ReadOutcome> =>
  ownAsFound(await readToRepeat(deps, payment, asking))

/** The same before a confirm is repeated: an invoice with what we sell reads odd, since nothing more must be paid on it. */
export async function readToRepeat(deps: PaymentDeps, payment: Payment, asking: Asking): Promise<ReadOutcome> {
  const { outcome, exchange } = await deps.invoicebox.readInvoice(payment.invoiceId, { ...asking, maxAgeMs: 0 })
  if (outcome.kind === 'unavailable' && outcome.reason === NO_BUDGET) return outcome
  await keepExchange(deps, payment, exchange, null)
  return outcome
}

async function isStillOurs({ db, clock }: PaymentDeps, payment: Payment): Promise<boolean> {
  const now = clock.now()
  const takenAt = payment.leaseUntil ? plus(payment.leaseUntil, -LEASE_MS) : now
  if (Math.abs(now.getTime() - takenAt.getTime()) < SURE_FOR_MS) return true
  return inTransaction(db, (tx) => renewLease(tx, payment, plus(now, LEASE_MS)))
}

/** Keeps what was asked and answered. A refused token is told at once, whatever the answer looks like otherwise. */
export const keepExchange = (
  { db, clock }: PaymentDeps,
  payment: Payment,
  exchange: Exchange,
  transactionId: string | null,
): Promise<void> => keepCalls(db, { paymentId: payment.id, exchange, transactionId, keptAt: clock.now() })

type Call = Parameters<typeof insertExchanges>[1][number] & { readonly keptAt: Date }

/** Answers that arrive at the same moment are kept by one commit. */
const keepCalls = gatherFor(async (db: Db, calls: readonly Call[]) => {
  const alerts = calls.flatMap(refusedToken)
  const keep = async (tx: Tx): Promise<void> => {
    await insertExchanges(tx, calls)
    if (alerts.length > 0) await openAlerts(tx, alerts)
  }
  // One statement on PostgreSQL, which is a transaction by itself: one round trip in place of three.
  const isAlone = engineOf(db) === 'postgres' && alerts.length === 0
  await (isAlone ? inOneStatement(db, (lone) => keep(lone as Tx)) : inTransaction(db, keep))
  return calls.map(() => undefined)
})

function refusedToken({ exchange, keptAt }: Call): NewAlert[] {
  if (exchange.status !== 401 && exchange.status !== 403) return []
  const detail = tell('told.token_refused', { status: String(exchange.status), operation: exchange.operation })
  return [{ kind: 'invoicebox_refuses_us', subject: 'invoicebox', detail, at: keptAt }]
}
