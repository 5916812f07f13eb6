import { iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import type { VatCode } from '../invoicebox/merchant'
import { money } from '../shared/money'
import type { Unit } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { insertRows } from '../shared/statements'
import type { Language } from '../shared/texts'
import type { OrderGoods } from './fulfilment'
import type { Order } from './order'
import { birthEvent } from './move-order'
import type { OrderState } from './states'
import { takeDue } from './take-due'
import type { Due } from './take-due'

export interface OrderRow {
  id: string
  number: string
  member_id: string | null
  goods: OrderGoods
  offer_id: string | null
  title: string | null
  vat_code: VatCode | null
  intent_key: string
  checkout_id: string | null
  language: Language
  state: OrderState
  points: bigint
  amount: bigint
  currency: Unit
  invoicebox_id: string | null
  container_id: string | null
  payment_url: string | null
  paid_id: string | null
  reason: string | null
  created_at: Date | string
  expires_at: Date | string
  settled_at: Date | string | null
  checked_at: Date | string | null
  next_check_at: Date | string | null
  checks: number | bigint
}

export const toOrder = (row: OrderRow): Order => ({
  id: row.id,
  number: row.number,
  memberId: row.member_id,
  goods: row.goods,
  offerId: row.offer_id,
  title: row.title,
  vatCode: row.vat_code ?? 'VATNONE',
  intentKey: row.intent_key,
  checkoutId: row.checkout_id,
  language: row.language,
  state: row.state,
  points: money(row.points, 'PTS'),
  amount: money(row.amount, row.currency),
  invoiceboxId: row.invoicebox_id,
  containerId: row.container_id,
  paymentUrl: row.payment_url,
  paidId: row.paid_id,
  reason: row.reason,
  createdAt: moment(row.created_at),
  expiresAt: moment(row.expires_at),
  settledAt: optionalMoment(row.settled_at),
  checkedAt: optionalMoment(row.checked_at),
  nextCheckAt: optionalMoment(row.next_check_at),
  checks: Number(row.checks),
})

/** A new order and the first line of its history. Two orders of one intent break the unique rule on `(member_id, intent_key)`. */
export async function insertOrder(tx: Tx, order: Order): Promise<void> {
  await insertRows(tx, 'orders', [
    {
      id: order.id,
      number: order.number,
      member_id: order.memberId,
      goods: order.goods,
      offer_id: order.offerId,
      title: order.title,
      vat_code: order.vatCode,
      intent_key: order.intentKey,
      checkout_id: order.checkoutId,
      language: order.language,
      state: order.state,
      points: order.points.minor,
      amount: order.amount.minor,
      currency: order.amount.unit,
      container_id: order.containerId,
      created_at: iso(order.createdAt),
      expires_at: iso(order.expiresAt),
      next_check_at: order.nextCheckAt ? iso(order.nextCheckAt) : null,
    },
  ])
  await insertRows(tx, 'order_events', [birthEvent(order)])
}

export async function findOrder(
  db: Db,
  where: Partial<Pick<OrderRow, 'id' | 'number' | 'member_id' | 'intent_key' | 'invoicebox_id' | 'paid_id'>>,
): Promise<Order | undefined> {
  const row = (await db('orders').where(where).first()) as OrderRow | undefined
  return row && toOrder(row)
}

/** @throws Refusal not_found (detail: order) */
export async function readOrder(db: Db, where: Parameters<typeof findOrder>[1]): Promise<Order> {
  const order = await findOrder(db, where)
  if (!order) throw new Refusal('not_found', 'order')
  return order
}

/** How many orders of a member wait to be paid, and how many were made since then, whatever became of them. */
export async function countOrders(db: Db, memberId: string, since: Date): Promise<{ open: number; recent: number }> {
  const [row] = await db('orders')
    .where({ member_id: memberId })
    .select<{ open: unknown; recent: unknown }[]>(
      db.raw(`sum(case when state in ('creating', 'created') then 1 else 0 end) as open`),
      db.raw('sum(case when created_at > ? then 1 else 0 end) as recent', [iso(since)]),
    )
  return { open: Number(row?.open ?? 0), recent: Number(row?.recent ?? 0) }
}

/** Orders about which Invoicebox is to be asked, the longest due first. Nobody else gets them before `until`, unless the process that took them dies. */
export const takeDueOrders = async (tx: Tx, of: Due<OrderState>): Promise<Order[]> =>
  (await takeDue<OrderRow>(tx, 'orders', of)).map(toOrder)

/** Notes that Invoicebox was asked about an order, and when it is to be asked again. */
export async function noteCheck(tx: Tx, order: Pick<Order, 'id'>, at: Date, next: Date | null): Promise<void> {
  await tx('orders')
    .where({ id: order.id })
    .update({ checked_at: iso(at), next_check_at: next && iso(next), checks: tx.raw('checks + 1') })
}

/** Claims the right to ask about an order now; false when somebody did so less than `pauseMs` ago. */
export async function claimLook(tx: Tx, id: string, at: Date, since: Date): Promise<boolean> {
  const changed = await tx('orders')
    .where({ id })
    .where((by) => void by.whereNull('checked_at').orWhere('checked_at', '<=', iso(since)).orWhere('checked_at', '>', iso(at)))
    .update({ checked_at: iso(at) })
  return changed === 1
}

/** Lets the worker ask about open orders at once. @returns how many */
export const wakeOpenOrders = (tx: Tx, now: Date): Promise<number> =>
  tx('orders')
    .where('state', 'created')
    .update({ next_check_at: iso(now) })
