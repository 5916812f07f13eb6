import type { Knex } from 'knex'
import type { Db } from '../shared/database'
import { hasControlCharacter } from '../shared/audit'
import { looksLikeId } from '../shared/ids'
import type { Money } from '../shared/money'
import { ofMembersOr } from './list-payments'
import type { Payer } from './payment'
import type { PaymentState } from './states'
import { toPayment } from './store'
import type { PaymentRow } from './store'

/** A payment that was found by one of its names. */
export interface PaymentHit {
  readonly id: string
  readonly kind: 'payment'
  /** The number of its invoice. */
  readonly label: string
  readonly state: PaymentState
  readonly points: Money
  readonly amount: Money
  readonly payer: Payer
  readonly createdAt: Date
}

/** Longer than any name of a payment. */
const LONGEST = 200

/**
 * Payments by any of their names, exactly: payment id, operation id, transaction id, invoice id or number, reference code, Invoicebox's `X-Request-Id` of a call that was
 * made for them.
 * Newest first, so many at most. Each name has an index.
 * @param organisations of which organisations payments may be found; undefined is all of them
 */
export async function searchPayments(db: Db, text: string, limit: number, organisations?: readonly string[]): Promise<PaymentHit[]> {
  const name = text.trim()
  if (name === '' || name.length > LONGEST || hasControlCharacter(name)) return []
  const found = new Map<string, PaymentRow>()
  for (const query of lookUps(db, name)) {
    if (organisations) void query.where(ofMembersOr(organisations))
    for (const row of (await query.orderBy('id', 'desc').limit(limit)) as PaymentRow[]) found.set(row.id, row)
  }
  return [...found.values()]
    .sort((a, b) => (a.id < b.id ? 1 : -1))
    .slice(0, limit)
    .map(toHit)
}

/** The reference code of a checkout page is the beginning of the operation id. */
const REFERENCE = /^[0-9a-f]{8}$/i

const operationsOf = (code: string): [string, string] => [
  `${code.toLowerCase()}-0000-0000-0000-000000000000`,
  `${code.toLowerCase()}-ffff-ffff-ffff-ffffffffffff`,
]

function lookUps(db: Db, name: string): Knex.QueryBuilder[] {
  const byName = [
    db('payments').where('transaction_id', name),
    db('payments').where('invoice_number', name),
    db('payments').whereIn('id', db('exchanges').where('request_id', name).select('payment_id').limit(100)),
  ]
  if (REFERENCE.test(name)) byName.push(db('payments').whereBetween('operation_id', operationsOf(name)))
  if (!looksLikeId(name)) return byName
  const id = name.toLowerCase()
  return [...byName, ...['id', 'operation_id', 'invoice_id', 'transaction_id'].map((column) => db('payments').where(column, id))]
}

function toHit(row: PaymentRow): PaymentHit {
  const { id, invoiceNumber, state, points, amount, payer, createdAt } = toPayment(row)
  return { id, kind: 'payment', label: invoiceNumber, state, points, amount, payer, createdAt }
}
