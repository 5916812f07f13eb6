import { moment } from '../shared/database'
import type { Db } from '../shared/database'
import { ofMembersOr } from '../payments'
import { decisionsOf } from './decision-store'
import type { KeptDecision } from './decision-store'
import type { KeptInvoice } from './invoice-row'
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

/**
 * What happened to an invoice while it belonged to the organisation that it belongs to now: its present staff do not learn what another one decided, nor by which rules.
 * @param isWhole for those who see every organisation: everything
 */
export async function readHistory(
  db: Db,
  { id: invoiceId, organisationId }: Pick<KeptInvoice, 'id' | 'organisationId'>,
  { isWhole }: { readonly isWhole: boolean },
): Promise<InvoiceHistory> {
  const since = isWhole ? '' : await movedIn(db, invoiceId)
  const changes: { at: Date | string; field: string; before: string | null; after: string | null }[] = await db('autopay_changes')
    .where({ invoice_id: invoiceId })
    .where('id', '>=', since)
    .orderBy('id', 'desc')
    .limit(MOST_EACH)
    .select('at', 'field', 'before', 'after')
  const query = db('payments').where({ invoice_id: invoiceId })
  if (!isWhole) void query.where(ofMembersOr([organisationId]))
  const payments: { id: string; state: string; created_at: Date | string }[] = await query
    .orderBy('id', 'desc')
    .limit(MOST_EACH)
    .select('id', 'state', 'created_at')
  return {
    changes: changes.map((change) => ({ ...change, at: moment(change.at) })),
    decisions: await decisionsOf(db, invoiceId, { since, limit: MOST_EACH }),
    ...(await wordsOf(db, invoiceId, since)),
    payments: payments.map(({ id, state, created_at }) => ({ id, state, at: moment(created_at) })),
  }
}

/** The change by which the invoice came to its organisation; ids grow with time, so that everything since has a greater one. Empty for one that never moved. */
async function movedIn(db: Db, invoiceId: string): Promise<string> {
  const row: { id: string } | undefined = await db('autopay_changes')
    .where({ invoice_id: invoiceId, field: 'payer' })
    .orderBy('id', 'desc')
    .first('id')
  return row?.id ?? ''
}
