import { MINUTE, plus, SECOND } from '../shared/clock'
import { inTransaction } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { openAlerts } from '../shared/alerts'
import type { NewAlert } from '../shared/alerts'
import { ACCOUNTS, companion, memberAccount } from '../ledger'
import type { Companion, Line } from '../ledger'
import type { ConfirmOutcome, ReadOutcome, RequestClass } from '../invoicebox'
import { readAndKeep } from './ask'
import { pauseAfter } from './backoff'
import { noteOwn, noteReadings } from './checkouts'
import type { OwnGoods, Reading } from './checkouts'
import { FIRST_LEASE } from './lease'
import type { Payment, PaymentDeps } from './payment'
import { afterMove, movePayments } from './move-payments'
import type { Move } from './move-payments'
import { NO_BUDGET, putBack } from './put-back'
import { postpone, readPayment, seenTransactions, wasRefusedBefore } from './store'
import { tell } from '../shared/told'

/** A captured payment is compared with its invoice this much later, many in one request. */
const CHECK_AFTER_MS = 10 * SECOND
const BELIEVED_AFTER_MS = MINUTE
/** The rejection code of a payment that was given up before anything was sent. */
export const NOT_ASKED = 'own_invoice'

/** Who records an answer, and what must be written together with a capture. */
export interface Settler {
  readonly actor: string
  readonly companions: readonly Companion[]
}

const GATEWAY: Settler = { actor: 'system:gateway', companions: [] }

/**
 * Transaction 2: what an answer of Invoicebox means for the payment (Rule R). An explicit refusal leads to a void only when a later read says that the invoice is not paid;
 * whatever proves nothing leaves everything held and the question to be repeated.
 */
export async function settlePayment(deps: PaymentDeps, payment: Payment, outcome: ConfirmOutcome, by: Settler = GATEWAY): Promise<Payment> {
  await deps.faultPoint?.('before-record')
  switch (outcome.kind) {
    case 'accepted':
      return capturePayment(deps, payment, outcome.transactionId, by)
    case 'rejected':
      return refusePayment(deps, payment, outcome, by)
    case 'unknown':
      return keepHeld(deps, payment, outcome)
  }
}

async function capturePayment(deps: PaymentDeps, payment: Payment, transactionId: string, by: Settler): Promise<Payment> {
  const at = deps.clock.now()
  const move: Move = { payment, to: 'captured', at, actor: by.actor, transactionId, nextCheckAt: plus(at, CHECK_AFTER_MS) }
  const now = await record(deps, payment, move, by.companions)
  // Our answer is kept by now, and so is any that came before it: whoever keeps the later of two reads both.
  const seen = isOnlyAnswer(payment, now) ? [] : await seenTransactions(deps.db, payment.id)
  await tellContradiction(deps, now, [...new Set([transactionId, ...seen])])
  return now
}

/**
 * Nobody can send without the lease, and whoever takes it gives it a new number. A payment that went straight from its first lease to captured was asked for once, so no
 * other answer need be looked for.
 */
const isOnlyAnswer = (asked: Payment, now: Payment): boolean =>
  asked.state === 'confirming' && asked.attempts === 1 && asked.leaseToken === FIRST_LEASE && now.leaseToken === FIRST_LEASE + 1n

/**
 * What an acceptance may reveal: a second transaction for one operation, or money taken for a payment that was rightly voided while a process slept.
 * Told on its own, since whoever comes second writes nothing else.
 */
async function tellContradiction({ db, clock }: PaymentDeps, payment: Payment, ids: readonly string[]): Promise<void> {
  const [at, subject] = [clock.now(), payment.id]
  const alerts: NewAlert[] = []
  if (ids.length > 1) {
    const detail = tell('told.several_transactions', { ids: ids.join(', ') })
    alerts.push({ kind: 'second_transaction', subject, detail, at })
  }
  if (payment.state === 'voided') {
    const detail = tell('told.accepted_after_void')
    alerts.push({ kind: 'paid_after_void', subject, detail, at })
  }
  if (alerts.length > 0) await inTransaction(db, (tx) => openAlerts(tx, alerts))
}

/** An explicit "no": the invoice is read once more, since only "not paid" proves that our "no" is the truth. */
async function refusePayment(deps: PaymentDeps, payment: Payment, rejected: Rejected, by: Settler): Promise<Payment> {
  const [earlier] = await seenTransactions(deps.db, payment.id)
  // Accepted before, and the process died or the answer came too late to be recorded: a refusal of the repeat takes nothing back.
  if (earlier !== undefined) return capturePayment(deps, payment, earlier, by)
  const read = await readAndKeep(deps, payment, { as: classOf(payment) })
  const status = paidStatus(read)
  const refusal = `${rejected.code} (HTTP ${rejected.status})`
  if (status === 'unknown') return keepHeld(deps, payment, { reason: 'the invoice could not be read after a refusal' })
  if (status === 'paid') return toReview(deps, payment, tell('told.refused_yet_paid', { refusal }), by.actor)
  // "Paid" may be visible late, so this "not paid" may be older than a payment that was ours. Nothing becomes visible after a cancellation.
  if (SAYS_PAID.test(rejected.code) && read.kind === 'found' && read.invoice.status === 'canceled')
    return toReview(deps, payment, tell('told.refused_and_cancelled', { refusal }), by.actor)
  if (SAYS_PAID.test(rejected.code)) return keepHeld(deps, payment, { reason: `refused with ${refusal}, yet the invoice reads not paid` })
  if (!(await isBelievable(deps, payment)))
    return keepHeld(deps, payment, { reason: `refused with ${refusal} after an attempt without an answer` })
  return voidPayment(deps, payment, { code: rejected.code, note: tell('told.refused_and_unpaid', { refusal }), read }, by)
}

/**
 * The refusal of a first send is believed at once. After a send that was never answered, the refusal may be about that very send while "paid" is not visible yet:
 * then it must still be so a minute later.
 */
async function isBelievable({ db, clock }: PaymentDeps, payment: Payment): Promise<boolean> {
  return payment.attempts === 1 || wasRefusedBefore(db, payment.id, plus(clock.now(), -BELIEVED_AFTER_MS))
}

async function voidPayment(
  deps: PaymentDeps,
  payment: Payment,
  why: { code: string; note: string; read: ReadOutcome },
  by: Settler,
): Promise<Payment> {
  const at = deps.clock.now()
  const alerts = tellFundTooLow(deps, why.code, at)
  const move: Move = {
    payment,
    to: 'voided',
    at,
    actor: by.actor,
    rejectionCode: why.code.slice(0, 100),
    note: why.note,
  }
  const snapshot: Reading = { checkoutId: payment.checkoutId, outcome: why.read, at }
  return record(deps, payment, move, [companion(noteReadings, snapshot), ...alerts.map((alert) => companion(openAlerts, alert))])
}

/** Nothing was sent, so that nothing is unknown: the holds end, and the page says what a reading would have said. */
export const withdrawPayment = (deps: PaymentDeps, payment: Payment, goods: OwnGoods): Promise<Payment> => {
  const { checkoutId } = payment
  const note = tell('told.own_invoice_not_asked')
  const move: Move = { payment, to: 'voided', at: deps.clock.now(), actor: GATEWAY.actor, rejectionCode: NOT_ASKED, note }
  return record(deps, payment, move, [companion(noteOwn, { checkoutId, goods })])
}

/** A buyer who waits comes first. */
function classOf({ payer, attempts }: Payment): RequestClass {
  if (attempts > 1) return 'recovery'
  return payer.kind === 'member' ? 'payment' : 'background'
}

type Rejected = Extract<ConfirmOutcome, { kind: 'rejected' }>

/** A refusal that says that somebody has paid, perhaps we. */
const SAYS_PAID = /already_paid/

/** Whether a read proves that the invoice is not paid. A part payment, a missing status or a failed read proves nothing of the kind. */
export function paidStatus(read: ReadOutcome): 'not-paid' | 'paid' | 'unknown' {
  if (read.kind !== 'found') return 'unknown'
  const { status } = read.invoice
  if (status === 'pending' || status === 'canceled') return 'not-paid'
  return status === 'paid' || status === 'partial' ? 'paid' : 'unknown'
}

/** The one refusal that says something about all payments: the next buyers need not run into it, and staff must top up. */
function tellFundTooLow({ fundGate }: PaymentDeps, code: string, at: Date): NewAlert[] {
  if (!/^not_?enough_?money$/i.test(code)) return []
  fundGate.shut()
  return [{ kind: 'fund_too_low', subject: 'fund', detail: tell('told.fund_too_low'), at }]
}

/** No definite answer: everything stays held, and the same question is asked again later; asked often enough, a person decides. */
export async function keepHeld(
  deps: PaymentDeps,
  payment: Payment,
  unknown: { reason: string; retryAfterMs?: number; alarm?: string },
): Promise<Payment> {
  const { db, clock } = deps
  if (unknown.reason === NO_BUDGET) return putBack(deps, payment, unknown.retryAfterMs)
  const pause = pauseAfter(payment.attempts, unknown.retryAfterMs)
  if (pause === undefined)
    return toReview(
      deps,
      payment,
      tell('told.no_definite_answer', { attempts: String(payment.attempts), reason: unknown.reason }),
      'system:recovery',
    )
  const at = clock.now()
  await inTransaction(db, async (tx) => {
    await postpone(tx, payment, plus(at, pause))
    if (unknown.alarm) await openAlerts(tx, [{ kind: 'odd_answer', subject: payment.id, detail: unknown.alarm, at }])
  })
  return readPayment(db, payment.id)
}

/** A contradiction: the points stay held, and a person gets an alert that stays open until it is resolved. */
export async function toReview(deps: PaymentDeps, payment: Payment, why: string, actor: string): Promise<Payment> {
  const at = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    await movePayments(tx, [{ payment, to: 'review', at, actor, note: why }])
    await openAlerts(tx, [{ kind: 'payment_in_review', subject: payment.id, detail: why, at }])
  }).catch(ignoreFenced)
  return readPayment(deps.db, payment.id)
}

/** Moves the payment and posts or releases both holds in one transaction. Whoever lost the lease changes nothing and reports what stands. */
export async function record(deps: PaymentDeps, payment: Payment, move: Move, companions: readonly Companion[]): Promise<Payment> {
  const how = move.to === 'captured' ? 'post' : 'release'
  const written = await deps.ledger
    .submit({
      key: `payment:${payment.id}:${how}`,
      reference: payment.id,
      lines: holdLines(payment, how),
      companions: [companion(movePayments, move), ...companions],
    })
    .catch(ignoreFenced)
  await deps.faultPoint?.('after-record')
  return written && !written.replayed ? afterMove(payment, move) : readPayment(deps.db, payment.id)
}

function holdLines(payment: Payment, how: 'post' | 'release'): Line[] {
  const { payer } = payment
  const fund = { holdId: payment.fundHoldId, account: ACCOUNTS.fund, to: ACCOUNTS.paid }
  const ofFund: Line = how === 'post' ? { do: 'post', kind: 'fund_payment', ...fund } : { do: 'release', ...fund }
  if (payer.kind === 'organisation') return [ofFund]
  const points = { holdId: payer.pointsHoldId, account: memberAccount(payer.memberId), to: ACCOUNTS.redeemed }
  return [how === 'post' ? { do: 'post', kind: 'redemption', ...points } : { do: 'release', ...points }, ofFund]
}

/** Another process holds the lease by now, or has settled the payment already: our answer comes too late to count. */
function ignoreFenced(error: unknown): undefined {
  if (error instanceof Refusal && (error.code === 'payment_in_wrong_state' || error.code === 'hold_already_resolved')) return
  throw error
}
