import { iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId, sha256 } from '../shared/ids'
import { isUnit, money } from '../shared/money'
import type { Money } from '../shared/money'
import type { Row } from '../shared/statements'
import { insertRows } from '../shared/statements'
import type { OrderNotification, ReplyCode } from '../invoicebox/merchant'

export type Channel = 'http' | 'websocket' | 'replay'
export type NotificationAnswer = 'success' | ReplyCode

/** A signed notification as it came, and what was answered. */
export interface LoggedNotification {
  readonly id: string
  readonly at: Date
  readonly channel: Channel
  readonly invoiceboxId: string
  readonly merchantId: string
  readonly number: string
  readonly status: string
  readonly amount: Money | null
  readonly answer: NotificationAnswer
  readonly orderId: string | null
  /** Ids, sums and states as JSON text; nothing of whoever paid. */
  readonly body: string
  readonly replayOf: string | null
}

export interface NewNotification {
  readonly notification: OrderNotification
  readonly channel: Channel
  readonly answer: NotificationAnswer
  readonly orderId: string | null
  readonly replayOf: string | null
  readonly at: Date
}

/** As a ledger companion it is handed over as it is. */
export const insertNotifications = (tx: Tx, rows: readonly NewNotification[]): Promise<void> =>
  insertRows(tx, 'order_notifications', rows.map(toRow))

const toRow = ({ notification, channel, answer, orderId, replayOf, at }: NewNotification): Row => ({
  id: newSortedId(),
  at: iso(at),
  channel,
  invoicebox_id: notification.id.slice(0, 36),
  merchant_id: notification.merchantId.slice(0, 36),
  number: notification.merchantOrderId.slice(0, 256),
  status: notification.status,
  amount: notification.amount?.minor ?? null,
  currency: notification.amount?.unit ?? null,
  answer,
  order_id: orderId,
  body: notification.redacted,
  digest: digestOf(notification, answer),
  replay_of: replayOf,
})

const digestOf = ({ redacted }: OrderNotification, answer: NotificationAnswer): string => sha256(`${answer} ${redacted}`)

/** Copies of one notification with one answer are kept up to here: who sends one ten thousand times fills no disk. */
const MOST_COPIES = 10

/** Whether as many copies of it are kept as are of use to anybody. */
export async function isLoggedEnough(db: Db, of: Pick<NewNotification, 'notification' | 'answer'>): Promise<boolean> {
  const copies = await db('order_notifications')
    .where({ digest: digestOf(of.notification, of.answer) })
    .limit(MOST_COPIES)
    .select('id')
  return copies.length >= MOST_COPIES
}

interface NotificationRow {
  id: string
  at: Date | string
  channel: Channel
  invoicebox_id: string
  merchant_id: string
  number: string
  status: string
  amount: bigint | null
  currency: string | null
  answer: NotificationAnswer
  order_id: string | null
  body: string
  replay_of: string | null
}

const toLogged = (row: NotificationRow): LoggedNotification => ({
  id: row.id,
  at: moment(row.at),
  channel: row.channel,
  invoiceboxId: row.invoicebox_id,
  merchantId: row.merchant_id,
  number: row.number,
  status: row.status,
  amount: row.amount === null || !isUnit(row.currency) ? null : money(row.amount, row.currency),
  answer: row.answer,
  orderId: row.order_id,
  body: row.body,
  replayOf: row.replay_of,
})

export interface NotificationFilter {
  readonly orderId?: string | undefined
  /** Those that were answered with an error. */
  readonly refused?: boolean | undefined
}

/** Newest first. @param page.before the id to go back from */
export async function listNotifications(
  db: Db,
  { orderId, refused }: NotificationFilter,
  page: { readonly limit: number; readonly before?: string | undefined },
): Promise<LoggedNotification[]> {
  const query = db('order_notifications').orderBy('id', 'desc').limit(page.limit)
  if (orderId !== undefined) void query.where('order_id', orderId)
  if (refused) void query.whereNot('answer', 'success')
  if (page.before !== undefined) void query.where('id', '<', page.before)
  return ((await query) as NotificationRow[]).map(toLogged)
}

export async function findNotification(db: Db, id: string): Promise<LoggedNotification | undefined> {
  const row = (await db('order_notifications').where({ id }).first()) as NotificationRow | undefined
  return row && toLogged(row)
}
