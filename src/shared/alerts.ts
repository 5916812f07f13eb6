import type { Knex } from 'knex'
import { authorName } from './actor'
import type { Author } from './actor'
import { requireReason, writeAudit } from './audit'
import type { Db, Tx } from './database'
import type { Row } from './statements'
import { iso, moment, storable } from './database'
import { newSortedId } from './ids'
import { requirePermission } from './permissions'
import { Refusal } from './refusals'

/** What staff must look at. One alert per kind and subject is open at a time, so a fault that repeats itself does not bury the others. */
export interface NewAlert {
  readonly kind: AlertKind
  /** The id of what it is about: a payment, `invoicebox`, `fund`. */
  readonly subject: string
  /** One sentence for a person, without personal data. */
  readonly detail: string
  readonly at: Date
}

export type AlertKind =
  | 'payment_in_review'
  | 'invoicebox_refuses_us'
  | 'odd_answer'
  | 'second_transaction'
  | 'paid_after_void'
  | 'amount_differs'
  | 'paid_then_cancelled'
  | 'not_shown_as_paid'
  | 'second_look_fails'
  | 'fund_too_low'
  | 'clock_off'
  | 'fund_below'
  | 'notice_failed'
  | 'books_differ'
  | 'staff_changed_by_command_line'
  | 'reconciliation_failed'
  | 'order_amount_differs'
  | 'order_paid_and_cancelled'
  | 'order_undeliverable'
  | 'refund_unanswered'
  | 'refund_cancelled'
  | 'refund_differs'
  | 'refund_draft_left'
  | 'voucher_stock_low'

export interface Alert extends NewAlert {
  readonly id: string
}

/** Opens alerts. One that is open already stays open since when it was, and tells the newest detail. */
export async function openAlerts(tx: Tx, alerts: readonly NewAlert[]): Promise<void> {
  if (alerts.length === 0) return
  await tx('alerts')
    .insert(onePerSubject(alerts).map(toRow))
    .onConflict(tx.raw('(kind, subject) where closed_at is null') as unknown as string)
    .merge(['detail'])
    .whereRaw('alerts.detail <> excluded.detail')
}

/** PostgreSQL does not write one row twice in a statement. The first moment and the last detail count. */
function onePerSubject(alerts: readonly NewAlert[]): NewAlert[] {
  const bySubject = new Map<string, NewAlert>()
  for (const alert of alerts) {
    const name = `${alert.kind} ${alert.subject}`
    bySubject.set(name, { ...alert, at: bySubject.get(name)?.at ?? alert.at })
  }
  return [...bySubject.values()]
}

const toRow = ({ kind, subject, detail, at }: NewAlert): Row => ({
  id: newSortedId(),
  kind,
  subject,
  detail: storable(detail.slice(0, 1000)),
  opened_at: iso(at),
})

export async function closeAlerts(tx: Tx, alerts: readonly { kind: AlertKind; subject: string; by: string; at: Date }[]): Promise<void> {
  for (const { kind, subject, by, at } of alerts) {
    await tx('alerts')
      .where({ kind, subject })
      .whereNull('closed_at')
      .update({ closed_at: iso(at), closed_by: by })
  }
}

/** Whether this very thing was told before, and perhaps dealt with. */
export const wasTold = async (db: Db, { kind, subject, detail }: NewAlert): Promise<boolean> =>
  (await db('alerts').where({ kind, subject, detail }).first('id')) !== undefined

/** Narrows alerts to those that somebody may know of. */
export type KnownAlerts = (query: Knex.QueryBuilder) => void

/** Closes one alert that a person has dealt with. @throws Refusal not_found when it is not open */
export async function closeAlert(
  tx: Tx,
  id: string,
  by: { author: Author; reason: string; at: Date; known?: KnownAlerts | undefined },
): Promise<void> {
  requirePermission(by.author, 'alerts.close')
  const closed_by = authorName(by.author)
  const open = tx('alerts').where('alerts.id', id).whereNull('closed_at').whereNot('kind', 'payment_in_review')
  by.known?.(open)
  const row: Pick<Alert, 'kind' | 'subject'> | undefined = await open.clone().first('kind', 'subject')
  // Of two at one moment one closes it, and the other is not told so.
  if (!row || (await open.clone().update({ closed_at: iso(by.at), closed_by })) === 0)
    throw new Refusal('not_found', 'no such open alert; a review ends with `payments resolve`')
  await writeAudit(tx, [
    { author: by.author, at: by.at, action: 'alert_closed', subject: `alert:${id}`, reason: requireReason(by.reason), after: { ...row } },
  ])
}

/** How many alerts wait for a person. */
export async function countOpenAlerts(db: Db): Promise<number> {
  const [row] = await db('alerts').whereNull('closed_at').select<{ count: unknown }[]>(db.raw('count(*) as count'))
  return Number(row?.count ?? 0)
}

/** The open alerts, the oldest first, so many at most: `countOpenAlerts` tells how many there are. */
export async function listOpenAlerts(db: Db, limit = 100, known?: KnownAlerts): Promise<Alert[]> {
  const query = db('alerts').whereNull('closed_at').orderBy('opened_at').limit(limit).select('alerts.*')
  known?.(query)
  return ((await query) as AlertRow[]).map(toAlert)
}

interface AlertRow extends Omit<Alert, 'at'> {
  readonly opened_at: Date | string
}

const toAlert = ({ id, kind, subject, detail, opened_at }: AlertRow): Alert => ({ id, kind, subject, detail, at: moment(opened_at) })

/** Alerts, open or not, in the order of their ids, which grow with time: so many behind `after`, up to `upTo` where that is given. */
export async function readAlertsAfter(
  db: Db,
  of: { readonly after: string; readonly upTo?: string | undefined; readonly limit: number },
): Promise<Alert[]> {
  const query = db('alerts').where('id', '>', of.after).orderBy('id').limit(of.limit)
  if (of.upTo !== undefined) void query.where('id', '<=', of.upTo)
  return ((await query) as AlertRow[]).map(toAlert)
}

/** The open alerts about one subject, such as a payment. */
export async function listAlertsAbout(db: Db, subject: string): Promise<Alert[]> {
  return ((await db('alerts').where({ subject }).whereNull('closed_at').orderBy('opened_at').limit(20)) as AlertRow[]).map(toAlert)
}
