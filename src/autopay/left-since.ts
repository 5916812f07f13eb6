import type { Db } from '../shared/database'
import type { PlannedPayment } from './decide'
import { latestDecisions } from './decision-store'
import { readInSlices } from './in-turns'
import type { KeptInvoice } from './invoice-row'
import { readInvoices } from './open-invoices'

/**
 * What a run decided about invoices, as they stand at its end: one that was closed since, or is no longer its organisation's, is not told by what was decided before. What has
 * become of those that were paid, and of those that cannot be understood, is known otherwise.
 */
export async function asOfNow(db: Db, said: readonly PlannedPayment[]): Promise<PlannedPayment[]> {
  const ids = said.map(({ invoice }) => invoice.id)
  const rows = new Map((await readInSlices(ids, (some) => readInvoices(db, some))).map((row) => [row.id, row]))
  const left = said.filter(({ invoice }) => hasLeft(invoice, rows.get(invoice.id)))
  const decisions = await latestDecisions(
    db,
    left.map(({ invoice }) => invoice.id),
  )
  const ends = new Map(left.map((one) => [one.invoice.id, endOf(one, decisions.get(one.invoice.id), rows.get(one.invoice.id))]))
  return said.map((one) => ends.get(one.invoice.id) ?? one)
}

const hasLeft = ({ organisationId }: PlannedPayment['invoice'], row: KeptInvoice | undefined): boolean =>
  row !== undefined && (row.queue === 'closed' || row.organisationId !== organisationId)

/** Cancelled, expired or paid by somebody else, where that was decided; else its payer is another one, whose name is nobody's business here, or Invoicebox shows it no more. */
function endOf(
  { invoice, decision }: PlannedPayment,
  last: PlannedPayment['decision'] | undefined,
  row: KeptInvoice | undefined,
): PlannedPayment {
  if (last?.decision === 'refuse' && row?.organisationId === invoice.organisationId) return { invoice, decision: last }
  const why = [{ gate: 'status', passed: false, code: 'not_theirs', values: {} }] as const
  return { invoice, decision: { ...decision, decision: 'refuse', rule: null, why } }
}
