import { plus } from '../shared/clock'
import { openAlerts } from '../shared/alerts'
import { inTransaction } from '../shared/database'
import type { ConfirmOutcome, Exchange, ReadOutcome } from '../invoicebox'
import { LEASE_MS } from './lease'
import type { Payment, PaymentDeps } from './payment'
import { insertExchanges, renewLease } from './store'

/** A lease that was taken or renewed this recently needs no look before a send. */
const SURE_FOR_MS = 5_000

/**
 * Asks Invoicebox to pay and keeps what it said, before anything is decided from it. Undefined when the payment belongs to somebody else by now:
 * a process that slept must not send what another one has settled meanwhile.
 */
export async function askToPay(deps: PaymentDeps, payment: Payment): Promise<ConfirmOutcome | undefined> {
  if (payment.state === 'confirming' && !(await isStillOurs(deps, payment))) return undefined
  const { outcome, exchange } = await deps.invoicebox.confirmInvoice(payment.invoiceId, payment.operationId)
  await deps.faultPoint?.(payment.attempts > 1 ? 'recovery-answered' : 'after-answer')
  await keep(deps, payment, exchange, outcome.kind === 'accepted' ? outcome.transactionId : null)
  return outcome
}

/** Reads the payment's invoice and keeps what was answered. */
export async function readAndKeep(deps: PaymentDeps, payment: Payment): Promise<ReadOutcome> {
  const { outcome, exchange } = await deps.invoicebox.readInvoice(payment.invoiceId)
  await keep(deps, payment, exchange, null)
  return outcome
}

async function isStillOurs({ db, clock }: PaymentDeps, payment: Payment): Promise<boolean> {
  const now = clock.now()
  const takenAt = payment.leaseUntil ? plus(payment.leaseUntil, -LEASE_MS) : now
  if (Math.abs(now.getTime() - takenAt.getTime()) < SURE_FOR_MS) return true
  return inTransaction(db, (tx) => renewLease(tx, payment, plus(now, LEASE_MS)))
}

/** A refused token is told at once, whatever the answer looks like otherwise. */
const keep = ({ db, clock }: PaymentDeps, payment: Payment, exchange: Exchange, transactionId: string | null): Promise<void> =>
  inTransaction(db, async (tx) => {
    await insertExchanges(tx, [{ paymentId: payment.id, exchange, transactionId }])
    if (exchange.status === 401 || exchange.status === 403) {
      const detail = `Invoicebox refuses our token: HTTP ${exchange.status} to ${exchange.operation}.`
      await openAlerts(tx, [{ kind: 'invoicebox_refuses_us', subject: 'invoicebox', detail, at: clock.now() }])
    }
  })
