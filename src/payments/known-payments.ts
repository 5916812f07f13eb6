import type { Db } from '../shared/database'
import { isBinding } from './states'
import type { PaymentState } from './states'

/** As much of a payment as a comparison with Invoicebox needs. */
export interface KnownPayment {
  readonly id: string
  readonly invoiceId: string
  readonly state: PaymentState
  /** True while nobody else can pay the invoice here: only then is a paid invoice explained by this payment. */
  readonly binds: boolean
}

type Row = Pick<KnownPayment, 'id' | 'state'> & { invoice_id: string }

const known = ({ id, invoice_id, state }: Row): KnownPayment => ({ id, invoiceId: invoice_id, state, binds: isBinding(state) })

/** Every payment of these invoices. @param invoiceIds in lower case, as they are stored */
export async function findPaymentsOf(db: Db, invoiceIds: readonly string[]): Promise<KnownPayment[]> {
  const rows = await db('payments')
    .whereIn('invoice_id', [...invoiceIds])
    .select<Row[]>('id', 'invoice_id', 'state')
  return rows.map(known)
}

/** Captured payments in the order of their ids, those after `after`. */
export async function listCaptured(db: Db, page: { readonly after: string; readonly limit: number }): Promise<KnownPayment[]> {
  const rows = await db('payments')
    .where({ state: 'captured' })
    .where('id', '>', page.after)
    .orderBy('id')
    .limit(page.limit)
    .select<Row[]>('id', 'invoice_id', 'state')
  return rows.map(known)
}
