import type { Alert } from '../../shared/alerts'
import type { Db } from '../../shared/database'
import { staffLogins } from '../staff-logins'

/** What the subjects of alerts are called, by the subjects: the number of a payment's invoice, of an order, or a login. */
export type AlertNames = ReadonlyMap<string, string>

const SUBJECT_IS_PAYMENT: readonly string[] = [
  'payment_in_review',
  'odd_answer',
  'second_transaction',
  'paid_after_void',
  'amount_differs',
  'paid_then_cancelled',
  'not_shown_as_paid',
  'second_look_fails',
]
const SUBJECT_IS_ORDER = /^(order|refund)_/

export type SubjectKind = 'payment' | 'order' | 'staff' | 'other'

export function subjectKind({ kind, subject }: Pick<Alert, 'kind' | 'subject'>): SubjectKind {
  if (SUBJECT_IS_PAYMENT.includes(kind)) return 'payment'
  if (SUBJECT_IS_ORDER.test(kind)) return 'order'
  return subject.startsWith('staff:') ? 'staff' : 'other'
}

/** Reads by the ids of the few alerts that a page shows, and only what they need. */
export async function readAlertNames(db: Db, alerts: readonly Alert[]): Promise<AlertNames> {
  const of = (kind: SubjectKind): string[] => alerts.filter((alert) => subjectKind(alert) === kind).map(({ subject }) => subject)
  const [payments, orders, staff] = [of('payment'), of('order'), of('staff')]
  const [invoices, numbers, logins] = await Promise.all([
    payments.length === 0 ? [] : db('payments').whereIn('id', payments).select<NamedRow[]>('id', 'invoice_number as name'),
    orders.length === 0 ? [] : db('orders').whereIn('id', orders).select<NamedRow[]>('id', 'number as name'),
    staff.length === 0 ? new Map<string, string>() : staffLogins(db),
  ])
  return new Map([...[...invoices, ...numbers].filter(({ name }) => name !== '').map(({ id, name }) => [id, name] as const), ...logins])
}

interface NamedRow {
  readonly id: string
  readonly name: string
}
