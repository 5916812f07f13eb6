import type { Alert } from '../../shared/alerts'
import type { Db } from '../../shared/database'
import type { Language } from '../../shared/texts'
import { staffLogins } from '../staff-logins'

/** What the subjects of alerts are called, by the subjects: the number of a payment's invoice, of an order, a login, or the title of an offer. */
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

export type AlertSubject = 'payment' | 'order' | 'offer' | 'staff' | 'other'

export function subjectKind({ kind, subject }: Pick<Alert, 'kind' | 'subject'>): AlertSubject {
  if (SUBJECT_IS_PAYMENT.includes(kind)) return 'payment'
  if (SUBJECT_IS_ORDER.test(kind)) return 'order'
  if (kind === 'voucher_stock_low') return 'offer'
  return subject.startsWith('staff:') ? 'staff' : 'other'
}

/** Reads by the ids of the few alerts that a page shows, and only what they need. */
export async function readAlertNames(db: Db, alerts: readonly Alert[], language: Language): Promise<AlertNames> {
  const of = (kind: AlertSubject): string[] => alerts.filter((alert) => subjectKind(alert) === kind).map(({ subject }) => subject)
  const [payments, orders, offers, staff] = [of('payment'), of('order'), of('offer'), of('staff')]
  const [invoices, numbers, titles, logins] = await Promise.all([
    payments.length === 0 ? [] : db('payments').whereIn('id', payments).select<NamedRow[]>('id', 'invoice_number as name'),
    orders.length === 0 ? [] : db('orders').whereIn('id', orders).select<NamedRow[]>('id', 'number as name'),
    offers.length === 0 ? [] : db('offers').whereIn('id', offers).select<NamedRow[]>('id', `title_${language} as name`),
    staff.length === 0 ? new Map<string, string>() : staffLogins(db),
  ])
  return new Map([
    ...[...invoices, ...numbers, ...titles].filter(({ name }) => name !== '').map(({ id, name }) => [id, name] as const),
    ...logins,
  ])
}

interface NamedRow {
  readonly id: string
  readonly name: string
}
