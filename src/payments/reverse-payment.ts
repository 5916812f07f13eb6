import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { closeAlerts } from '../shared/alerts'
import type { AlertKind } from '../shared/alerts'
import { requireReason, writeAudit } from '../shared/audit'
import type { AuditEntry } from '../shared/audit'
import { optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { money, toDecimal } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { ACCOUNTS, companion, memberAccount, transfer } from '../ledger'
import type { Companion, Line } from '../ledger'
import { readAndKeep } from './ask'
import { movePayments } from './move-payments'
import type { Move } from './move-payments'
import type { Payment, PaymentDeps } from './payment'
import { readPayment } from './store'

export interface ReverseRequest {
  readonly paymentId: string
  readonly reason: string
  readonly author: Author
  readonly approvedBy?: Author | undefined
  /** One person decided it since the invoice read cancelled: it must read so still. */
  readonly isAlone?: boolean
  /** What must be written together with the reversal. */
  readonly companions?: readonly Companion[]
}

/**
 * Undoes a captured payment: the points go back to the member, if one paid, and the money to our mirror of the fund, once, whoever asks how often. A locked or erased member gets the
 * points on the account all the same. The invoice is read first: one that reads paid keeps its payment; one that reads cancelled is proof enough for anybody; of any
 * other answer only a person can decide.
 * @throws Refusal forbidden, not_found, bad_input (detail: reason), payment_in_wrong_state, resolution_not_allowed (detail: why)
 */
export async function reversePayment(deps: PaymentDeps, request: ReverseRequest): Promise<Payment> {
  requirePermission(request.author, 'payments.reverse')
  const reason = requireReason(request.reason)
  const payment = await readPayment(deps.db, request.paymentId)
  if (payment.state === 'reversed') return payment
  if (payment.state !== 'captured') throw new Refusal('payment_in_wrong_state', payment.state)
  await requireProof(deps, payment, request)
  await giveBack(deps, payment, { ...request, reason })
  return readPayment(deps.db, payment.id)
}

/** Whether Invoicebox says by now that the payment was undone. Of anything else one person does not decide alone. */
export async function readsCancelled(deps: PaymentDeps, payment: Payment): Promise<boolean> {
  const read = await readAndKeep(deps, payment, { as: 'page' })
  return read.kind === 'found' && read.invoice.status === 'canceled'
}

/** The command line has an operator before it, although it is not known which. */
const isPerson = (author: Author): boolean => author.kind === 'staff' || (author.kind === 'system' && author.name === 'command-line')

async function requireProof(deps: PaymentDeps, payment: Payment, { author, isAlone = false }: ReverseRequest): Promise<void> {
  const read = await readAndKeep(deps, payment, { as: 'page' })
  if (read.kind === 'unavailable') throw new Refusal('resolution_not_allowed', 'the invoice cannot be read now')
  const status = read.kind === 'found' ? read.invoice.status : null
  if (status === 'paid' || status === 'partial') throw new Refusal('resolution_not_allowed', `the invoice reads ${status} at Invoicebox`)
  if (status !== 'canceled' && (isAlone || !isPerson(author)))
    throw new Refusal('resolution_not_allowed', 'the invoice does not read cancelled')
}

async function giveBack(deps: PaymentDeps, payment: Payment, request: ReverseRequest): Promise<void> {
  const at = deps.clock.now()
  const key = `reverse:${payment.id}`
  const by = authorName(request.author)
  const move: Move = { payment, to: 'reversed', at, actor: by, note: request.reason }
  const facts = { points: `${toDecimal(payment.points.minor)} PTS`, amount: `${toDecimal(payment.amount.minor)} ${payment.amount.unit}` }
  const audit: AuditEntry = {
    author: request.author,
    at,
    action: 'payment_reversed',
    subject: `payment:${payment.id}`,
    reason: request.reason,
    before: { state: payment.state },
    after: { state: 'reversed', ...facts },
    instructionKey: key,
    ...(request.approvedBy ? { approvedBy: request.approvedBy } : {}),
  }
  await deps.ledger.submit({
    key,
    reference: payment.id,
    lines: await linesBack(deps.db, payment),
    companions: [
      companion(movePayments, move),
      companion(requireSameLook, payment),
      companion(writeAudit, audit),
      companion(endAlerts, { subject: payment.id, by, at }),
      ...(request.companions ?? []),
    ],
  })
}

/** Both transfers of the capture, the other way round; and what the second look has put into suspense, since Invoicebox returns the invoice's whole amount. */
async function linesBack(db: Db, payment: Payment): Promise<Line[]> {
  const inSuspense = await suspenseOf(db, payment.id)
  const { unit } = payment.amount
  const [from, to] = inSuspense > 0n ? [ACCOUNTS.suspense, ACCOUNTS.fund] : [ACCOUNTS.fund, ACCOUNTS.suspense]
  const { payer } = payment
  return [
    ...(payer.kind === 'member'
      ? [transfer({ kind: 'reversal', from: ACCOUNTS.redeemed, to: memberAccount(payer.memberId), amount: payment.points })]
      : []),
    transfer({ kind: 'reversal', from: ACCOUNTS.paid, to: ACCOUNTS.fund, amount: payment.amount }),
    ...(inSuspense === 0n
      ? []
      : [transfer({ kind: 'suspense', from, to, amount: money(inSuspense > 0n ? inSuspense : -inSuspense, unit) })]),
  ]
}

/** What lies in suspense for a payment, signed: above zero when more was taken from the fund than the member agreed to. */
async function suspenseOf(db: Db, paymentId: string): Promise<bigint> {
  const rows = await db('ledger_transfers as t')
    .join('ledger_entries as e', 'e.transfer_id', 't.id')
    .where({ 't.reference': paymentId, 't.kind': 'suspense', 'e.account_id': ACCOUNTS.suspense })
    .select<{ amount: bigint }[]>('e.amount')
  return rows.reduce((sum, { amount }) => sum + amount, 0n)
}

/** The second look may have booked a difference since the payment was read: then the reversal is decided anew. @throws Refusal payment_in_wrong_state */
async function requireSameLook(tx: Tx, payments: readonly Payment[]): Promise<void> {
  for (const { id, checkedAt } of payments) {
    const row: { checked_at: Date | string | null } | undefined = await tx('payments').where({ id }).first('checked_at')
    if (optionalMoment(row?.checked_at ?? null)?.getTime() !== checkedAt?.getTime())
      throw new Refusal('payment_in_wrong_state', 'it was compared just now')
  }
}

/** What a reversal settles. */
const SETTLED: readonly AlertKind[] = ['paid_then_cancelled', 'not_shown_as_paid', 'second_look_fails', 'amount_differs']

const endAlerts = (tx: Tx, ends: readonly { subject: string; by: string; at: Date }[]): Promise<void> =>
  closeAlerts(
    tx,
    ends.flatMap((end) => SETTLED.map((kind) => ({ kind, ...end }))),
  )
