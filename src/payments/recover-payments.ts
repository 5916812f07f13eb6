import { plus } from '../shared/clock'
import { bound, engineOf, inTransaction, iso } from '../shared/database'
import type { Knex } from 'knex'
import type { Db, Tx } from '../shared/database'
import type { Permit, ReadOutcome } from '../invoicebox'
import { askToPay } from './ask'
import { LONGEST_PAUSE_MS } from './backoff'
import { LEASE_MS, underLease } from './lease'
import type { Payment, PaymentDeps } from './payment'
import { NO_BUDGET } from './put-back'
import { MOST_IN_A_PAGE, readTogether } from './read-due'
import { keepHeld, settlePayment, toReview } from './settle-payment'
import type { Settler } from './settle-payment'
import { readPayment, toPayment } from './store'
import type { PaymentRow } from './store'
import { tell } from '../shared/told'

const RECOVERY: Settler = { actor: 'system:recovery', companions: [] }

/**
 * One run of recovery: takes up the payments that got no definite answer and whose time has come, and asks Invoicebox again with the same operation id.
 * Returns how many were taken up. Any number of processes may run it: a payment belongs to whoever holds its lease.
 * The slots are taken first, one for reading all invoices and one for each confirm: only as many payments are taken up as can be asked about at once, since a read must
 * not grow old before its confirm, nor a lease while its payment stands in a queue.
 */
export async function recoverPayments(deps: PaymentDeps): Promise<number> {
  const due = await duePayments(deps.db, deps.clock.now()).limit(MOST_IN_A_PAGE).pluck('id')
  if (due.length === 0) return 0
  const permit = await deps.invoicebox.reserve({ as: 'recovery', atLeast: 2, atMost: due.length + 1 })
  if (!permit) return 0
  return recoverUnder(deps, permit).finally(() => permit.giveBack())
}

/**
 * Asks about one payment at once, although its time has not come: somebody looks at it. Nothing happens while another process is at it.
 * @returns whether it was taken up
 */
export async function recoverNow(deps: PaymentDeps, paymentId: string): Promise<boolean> {
  const permit = await deps.invoicebox.reserve({ as: 'recovery', atLeast: 2 })
  if (!permit) return false
  const claim = (tx: Tx): Promise<Payment[]> => claimPayments(tx, deps, freePayments(tx, deps.clock.now()).where({ id: paymentId }))
  return (await recoverClaimed(deps, permit, claim).finally(() => permit.giveBack())) > 0
}

const recoverUnder = (deps: PaymentDeps, permit: Permit): Promise<number> =>
  recoverClaimed(deps, permit, (tx) => claimDuePayments(tx, deps, Math.max(1, permit.left - 1)))

async function recoverClaimed(deps: PaymentDeps, permit: Permit, claim: (tx: Tx) => Promise<Payment[]>): Promise<number> {
  const claimed = await inTransaction(deps.db, claim)
  const read = readTogether(deps, claimed, permit)
  await Promise.all(
    claimed.map((payment) =>
      recoverPayment(deps, payment, { read, permit }).catch((error: unknown) => {
        deps.log.error({ err: error, paymentId: payment.id }, 'a payment could not be recovered in this run')
        return waitsItsTurn(deps, payment)
      }),
    ),
  )
  return claimed.length
}

/** A payment that nobody can work on must not be tried for ever: its failures count like silence, and end in review. */
const waitsItsTurn = (deps: PaymentDeps, payment: Payment): Promise<unknown> =>
  keepHeld(deps, payment, { reason: 'an error of our own' }).catch((error: unknown) => {
    deps.log.error({ err: error, paymentId: payment.id }, 'the payment stays leased until the lease ends')
  })

/** A time that lies further ahead than any pause or lease was written by a clock that was wrong, and counts as due. */
const duePayments = (db: Db, now: Date): Knex.QueryBuilder<PaymentRow, PaymentRow[]> =>
  freePayments(db, now).andWhere(
    (time) => void time.where('next_attempt_at', '<=', iso(now)).orWhere('next_attempt_at', '>', iso(plus(now, LONGEST_PAUSE_MS))),
  )

/** Open payments that nobody works on. */
const freePayments = (db: Db, now: Date): Knex.QueryBuilder<PaymentRow, PaymentRow[]> =>
  db<PaymentRow, PaymentRow[]>('payments')
    .where({ state: 'confirming' })
    .andWhere(
      (lease) =>
        void lease
          .whereNull('lease_until')
          .orWhere('lease_until', '<=', iso(now))
          .orWhere('lease_until', '>', iso(plus(now, 2 * LEASE_MS))),
    )

const claimDuePayments = (tx: Tx, deps: PaymentDeps, most: number): Promise<Payment[]> =>
  claimPayments(tx, deps, duePayments(tx, deps.clock.now()).orderBy('next_attempt_at').limit(most))

/** Leases payments to this process. The lease's number grows with every claim, so that whoever held it before can record nothing any more. */
async function claimPayments(
  tx: Tx,
  { clock, instance }: PaymentDeps,
  free: Knex.QueryBuilder<PaymentRow, PaymentRow[]>,
): Promise<Payment[]> {
  const now = clock.now()
  const rows = await (engineOf(tx) === 'postgres' ? free.forUpdate().skipLocked() : free)
  const until = plus(now, LEASE_MS)
  for (const row of rows) {
    const [attempts, token] = [Number(row.attempts) + 1, row.lease_token + 1n]
    await tx('payments')
      .where({ id: row.id })
      .update({ attempts, lease_token: bound(token), lease_owner: instance, lease_until: iso(until) })
    Object.assign(row, { attempts, lease_token: token, lease_until: iso(until) })
  }
  return rows.map(toPayment)
}

/**
 * Asks again. The invoice is read first: the confirm carries no amount, so after a change it would pay what nobody consented to. Then a person decides (docs/adr/0005).
 */
const recoverPayment = (deps: PaymentDeps, payment: Payment, { read, permit }: Means): Promise<Payment> =>
  underLease(deps, payment, async () => {
    await deps.faultPoint?.('recovery-claimed')
    const doubt = doubtOf(payment, await read(payment))
    if (doubt === 'changed') return toReview(deps, payment, tell('told.amount_changed_meanwhile'), RECOVERY.actor)
    if (doubt) return keepHeld(deps, payment, doubt)
    // Not in a queue: the reading would grow old before its confirm.
    const outcome = await askToPay(deps, payment, { as: 'recovery', permit, waitMs: 0 })
    return outcome ? settlePayment(deps, payment, outcome, RECOVERY) : readPayment(deps.db, payment.id)
  })

/** What a run has ready for its payments. */
interface Means {
  readonly read: (payment: Payment) => Promise<ReadOutcome>
  readonly permit: Permit
}

/** Why the question must not be repeated now, as far as the invoice tells. */
function doubtOf(
  { amount }: Payment,
  read: ReadOutcome,
): undefined | 'changed' | { reason: string; retryAfterMs?: number; alarm?: string } {
  switch (read.kind) {
    case 'unavailable':
      return {
        reason: read.reason === NO_BUDGET ? NO_BUDGET : `reading failed: ${read.reason}`,
        ...(read.retryAfterMs ? { retryAfterMs: read.retryAfterMs } : {}),
      }
    case 'odd':
      return {
        reason: 'the invoice reads odd',
        alarm: tell('told.invoice_not_understood', { problem: read.problem }),
      }
    case 'found': {
      const { invoice } = read
      const isSame = invoice.amount.minor === amount.minor && invoice.amount.unit === amount.unit
      return invoice.status === 'paid' || isSame ? undefined : 'changed'
    }
    case 'not-found':
    case 'forbidden':
      return undefined // It may have been paid and put away; the repeat tells.
  }
}
