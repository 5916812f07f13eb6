import type { InvoiceStatus } from '../invoicebox'
import { iso, moment, optionalMoment } from '../shared/database'
import { money } from '../shared/money'
import type { Money, Unit } from '../shared/money'
import type { DueInvoice } from './invoice'

/** Where an invoice stands: what is expected of whom. */
export const QUEUES = [
  'new', //       read, not decided about yet
  'ask', //       somebody must approve
  'due', //       to be paid, now or when limits, fund and switch allow
  'paying', //    its payment is under way
  'exception', // a person must look
  'paid',
  'closed', //    cancelled, expired or paid by somebody else
] as const
export type Queue = (typeof QUEUES)[number]

/** In these an invoice may still be paid, so it is read and decided about. */
export const OPEN_QUEUES = ['new', 'ask', 'due', 'exception'] as const satisfies readonly Queue[]

/** An invoice as it is kept, together with where it stands. One that could not be understood has a problem and no amount. */
export interface KeptInvoice {
  readonly id: string
  /** Grows in the order in which invoices were first seen. */
  readonly place: string
  readonly organisationId: string
  readonly number: string
  readonly description: string
  readonly payerName: string
  readonly amount: Money | null
  readonly status: InvoiceStatus | null
  readonly merchantOrder: string | null
  readonly paymentUrl: string | null
  readonly problem: string | null
  readonly issuedAt: Date | null
  readonly dueAt: Date | null
  readonly firstSeenAt: Date
  readonly lastSeenAt: Date
  readonly queue: Queue
  /** The organisation's step that must sign next, while it waits for that. */
  readonly nextStep: number | null
  readonly decisionId: string | null
  readonly queuedAt: Date
}

export interface InvoiceRow {
  id: string
  place: string
  organisation_id: string
  number: string
  description: string
  payer_name: string
  amount: bigint | null
  currency: Unit | null
  status: InvoiceStatus | null
  merchant_order: string | null
  payment_url: string | null
  problem: string | null
  issued_at: Date | string | null
  due_at: Date | string | null
  first_seen_at: Date | string
  last_seen_at: Date | string
  queue: Queue
  next_step: number | bigint | null
  decision_id: string | null
  queued_at: Date | string
}

export const toKept = (row: InvoiceRow): KeptInvoice => ({
  id: row.id,
  place: row.place,
  organisationId: row.organisation_id,
  number: row.number,
  description: row.description,
  payerName: row.payer_name,
  amount: row.amount === null || row.currency === null ? null : money(row.amount, row.currency),
  status: row.status,
  merchantOrder: row.merchant_order,
  paymentUrl: row.payment_url,
  problem: row.problem,
  issuedAt: optionalMoment(row.issued_at),
  dueAt: optionalMoment(row.due_at),
  firstSeenAt: moment(row.first_seen_at),
  lastSeenAt: moment(row.last_seen_at),
  queue: row.queue,
  nextStep: row.next_step === null ? null : Number(row.next_step),
  decisionId: row.decision_id,
  queuedAt: moment(row.queued_at),
})

/** How an invoice stands in its queue: whatever somebody says about it meanwhile, or Invoicebox, makes it another. */
export const queueStamp = ({ queue, nextStep, decisionId, queuedAt }: KeptInvoice): string =>
  [queue, nextStep ?? '', decisionId ?? '', iso(queuedAt)].join(' ')

/** The invoice as decisions see it; undefined of one that could not be understood. */
export function toDue(kept: KeptInvoice): DueInvoice | undefined {
  const { organisationId, amount, issuedAt, dueAt, problem } = kept
  if (problem !== null || amount === null || issuedAt === null || dueAt === null) return undefined
  const { id, number, description, payerName, status, merchantOrder, paymentUrl, firstSeenAt, lastSeenAt } = kept
  return {
    id,
    organisationId,
    number,
    description,
    payerName,
    amount,
    status,
    merchantOrder,
    issuedAt,
    dueAt,
    paymentUrl: paymentUrl ?? '',
    firstSeenAt,
    lastSeenAt,
    stamp: queueStamp(kept),
  }
}
