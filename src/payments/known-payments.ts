import type { Db } from '../shared/database'
import { money } from '../shared/money'
import type { Money, Unit } from '../shared/money'
import { isBinding } from './states'
import type { PaymentState } from './states'

/** As much of a payment as a comparison with Invoicebox needs. */
export interface KnownPayment {
  readonly id: string
  readonly invoiceId: string
  readonly state: PaymentState
  readonly invoiceNumber: string
  readonly amount: Money
  /** What a reversal brings back to whoever paid: points of a member, else money of the fund. */
  readonly worth: Money
  /** True while nobody else can pay the invoice here: only then is a paid invoice explained by this payment. */
  readonly binds: boolean
}

interface Row extends Pick<KnownPayment, 'id' | 'state'> {
  invoice_id: string
  invoice_number: string
  points: bigint | null
  amount: bigint
  currency: Unit
}

const COLUMNS = ['id', 'invoice_id', 'invoice_number', 'state', 'points', 'amount', 'currency'] as const satisfies (keyof Row)[]

const known = (row: Row): KnownPayment => ({
  id: row.id,
  invoiceId: row.invoice_id,
  invoiceNumber: row.invoice_number,
  state: row.state,
  amount: money(row.amount, row.currency),
  worth: row.points === null ? money(row.amount, row.currency) : money(row.points, 'PTS'),
  binds: isBinding(row.state),
})

/** Every payment of these invoices. @param invoiceIds in lower case, as they are stored */
export async function findPaymentsOf(db: Db, invoiceIds: readonly string[]): Promise<KnownPayment[]> {
  const rows = await db('payments')
    .whereIn('invoice_id', [...invoiceIds])
    .select<Row[]>(...COLUMNS)
  return rows.map(known)
}

export async function findPaymentsById(db: Db, ids: readonly string[]): Promise<KnownPayment[]> {
  if (ids.length === 0) return []
  return (
    await db('payments')
      .whereIn('id', [...ids])
      .select<Row[]>(...COLUMNS)
  ).map(known)
}

/** Captured payments in the order of their ids, those after `after`. */
export async function listCaptured(db: Db, page: { readonly after: string; readonly limit: number }): Promise<KnownPayment[]> {
  const rows = await db('payments')
    .where({ state: 'captured' })
    .where('id', '>', page.after)
    .orderBy('id')
    .limit(page.limit)
    .select<Row[]>(...COLUMNS)
  return rows.map(known)
}
