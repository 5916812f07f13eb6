import type { Db, Tx } from './database'
import { iso, moment } from './database'
import { newSortedId } from './ids'

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
  | 'fund_too_low'

export interface Alert extends NewAlert {
  readonly id: string
}

export async function openAlerts(tx: Tx, alerts: readonly NewAlert[]): Promise<void> {
  if (alerts.length === 0) return
  const rows = alerts.map(({ kind, subject, detail, at }) => ({
    id: newSortedId(),
    kind,
    subject,
    detail: detail.slice(0, 1000),
    opened_at: iso(at),
  }))
  await tx('alerts').insert(rows).onConflict().ignore()
}

export async function closeAlerts(tx: Tx, alerts: readonly { kind: AlertKind; subject: string; by: string; at: Date }[]): Promise<void> {
  for (const { kind, subject, by, at } of alerts) {
    await tx('alerts')
      .where({ kind, subject })
      .whereNull('closed_at')
      .update({ closed_at: iso(at), closed_by: by })
  }
}

/** The open alerts, the oldest first. */
export async function listOpenAlerts(db: Db, limit = 100): Promise<Alert[]> {
  const rows = (await db('alerts').whereNull('closed_at').orderBy('opened_at').limit(limit)) as {
    id: string
    kind: AlertKind
    subject: string
    detail: string
    opened_at: Date | string
  }[]
  return rows.map(({ id, kind, subject, detail, opened_at }) => ({ id, kind, subject, detail, at: moment(opened_at) }))
}
