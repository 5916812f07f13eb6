import { moment } from '../shared/database'
import type { Db } from '../shared/database'
import { decisionsOf } from './decision-store'
import type { KeptDecision } from './decision-store'
import { wordsOf } from './words-store'
import type { Signature, Verdict } from './words-store'

export interface InvoiceChange {
  readonly at: Date
  readonly field: string
  readonly before: string | null
  readonly after: string | null
}

/** A payment of the invoice, as its page links to it. */
export interface InvoicePayment {
  readonly id: string
  readonly state: string
  readonly at: Date
}

/** Everything that happened to one invoice. */
export interface InvoiceHistory {
  readonly changes: readonly InvoiceChange[]
  /** The newest first. */
  readonly decisions: readonly KeptDecision[]
  readonly signatures: readonly Signature[]
  readonly verdicts: readonly Verdict[]
  readonly payments: readonly InvoicePayment[]
}

const MOST_EACH = 100

export async function readHistory(db: Db, invoiceId: string): Promise<InvoiceHistory> {
  const changes: { at: Date | string; field: string; before: string | null; after: string | null }[] = await db('autopay_changes')
    .where({ invoice_id: invoiceId })
    .orderBy('id', 'desc')
    .limit(MOST_EACH)
    .select('at', 'field', 'before', 'after')
  const payments: { id: string; state: string; created_at: Date | string }[] = await db('payments')
    .where({ invoice_id: invoiceId })
    .orderBy('id', 'desc')
    .limit(MOST_EACH)
    .select('id', 'state', 'created_at')
  return {
    changes: changes.map((change) => ({ ...change, at: moment(change.at) })),
    decisions: await decisionsOf(db, invoiceId, MOST_EACH),
    ...(await wordsOf(db, invoiceId)),
    payments: payments.map(({ id, state, created_at }) => ({ id, state, at: moment(created_at) })),
  }
}
