import { optionalMoment } from '../shared/database'
import type { Db } from '../shared/database'
import { money } from '../shared/money'
import type { Money, Unit } from '../shared/money'

/** An event that was promised together with a payment's step. */
export interface PromisedEvent {
  /** Grows with time. */
  readonly id: string
  /** `payment.` and the state that was reached. */
  readonly topic: string
  readonly paymentId: string
  /** null when an organisation pays. */
  readonly memberId: string | null
}

/** Promised events in the order of their ids: so many behind `after`, up to `upTo` where that is given. */
export async function readOutbox(
  db: Db,
  of: { readonly after: string; readonly upTo?: string | undefined; readonly limit: number },
): Promise<PromisedEvent[]> {
  const query = db('outbox as o')
    .join('payments as p', 'p.id', 'o.payment_id')
    .where('o.id', '>', of.after)
    .orderBy('o.id')
    .limit(of.limit)
    .select('o.id', 'o.topic', 'o.payment_id', 'p.member_id')
  if (of.upTo !== undefined) void query.where('o.id', '<=', of.upTo)
  const rows = (await query) as { id: string; topic: string; payment_id: string; member_id: string | null }[]
  return rows.map(({ id, topic, payment_id, member_id }) => ({ id, topic, paymentId: payment_id, memberId: member_id }))
}

/** What a letter about a payment tells. */
export interface PaymentFacts {
  readonly checkoutId: string
  readonly invoiceNumber: string
  readonly points: Money
  readonly amount: Money
  readonly settledAt: Date | null
}

interface FactsRow {
  readonly checkout_id: string
  readonly invoice_number: string
  readonly points: bigint | null
  readonly amount: bigint
  readonly currency: Unit
  readonly settled_at: Date | string | null
}

export async function readPaymentFacts(db: Db, id: string): Promise<PaymentFacts | undefined> {
  const row: FactsRow | undefined = await db('payments')
    .where({ id })
    .first('checkout_id', 'invoice_number', 'points', 'amount', 'currency', 'settled_at')
  return (
    row && {
      checkoutId: row.checkout_id,
      invoiceNumber: row.invoice_number,
      points: money(row.points ?? 0n, 'PTS'),
      amount: money(row.amount, row.currency),
      settledAt: optionalMoment(row.settled_at),
    }
  )
}
