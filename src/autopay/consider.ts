import type { Db } from '../shared/database'
import { iso, moment } from '../shared/database'
import { planPayments } from './decide'
import type { PaymentPlan, PlannedPayment } from './decide'
import type { WhyCode } from './decision'
import type { DecisionContext } from './decision-context'
import { inTurns, slicesOf } from './in-turns'
import type { DueInvoice } from './invoice'

/** What became of earlier payments of one invoice, as far as it stands in the way of another. */
export interface Hindrance {
  readonly code: Extract<WhyCode, 'rejected_before' | 'reversed_before' | 'paid_by_member'>
  readonly values: Readonly<Record<string, string>>
}

/**
 * Decides about all of these together (planPayments); those whose earlier payment stands in the way take nothing out of limits and fund, and come last.
 * @param hindrances by invoice id
 */
export async function considerAll(
  invoices: readonly DueInvoice[],
  context: DecisionContext,
  hindrances: ReadonlyMap<string, Hindrance>,
): Promise<PaymentPlan> {
  const free = invoices.filter(({ id }) => !hindrances.has(id))
  const { items, fundAfter } = await inTurns(planPayments(free, context))
  const hindered = invoices.flatMap((invoice) => {
    const hindrance = hindrances.get(invoice.id)
    return hindrance ? [held(invoice, hindrance)] : []
  })
  return { items: [...items, ...hindered], fundAfter }
}

const held = (invoice: DueInvoice, { code, values }: Hindrance): PlannedPayment => ({
  invoice,
  decision: {
    invoiceId: invoice.id,
    amount: invoice.amount,
    decision: 'hold',
    rule: null,
    why: [{ gate: 'status', passed: false, code, values }],
  },
})

interface PaymentRow {
  readonly invoice_id: string
  readonly state: string
  readonly organisation_id: string | null
  readonly rejection_code: string | null
  readonly settled_at: Date | string | null
  readonly created_at: Date | string
}

/** A fund that was too low says nothing about the invoice: it is paid when the money is there. */
const OF_THE_FUND = /^not_?enough_?money$/i
const IN_ONE_QUESTION = 500

/**
 * An invoice that Invoicebox has refused to let us pay would be refused again in each run, and a payment that was taken back was taken back for a reason: both wait for a
 * person who looks and lets them go on. One that a member is paying with points is theirs.
 */
export async function findHindrances(db: Db, invoiceIds: readonly string[]): Promise<Map<string, Hindrance>> {
  const found = new Map<string, Hindrance>()
  for await (const ids of slicesOf(invoiceIds, IN_ONE_QUESTION)) {
    const rows: PaymentRow[] = await db('payments')
      .whereIn('invoice_id', ids)
      .orderBy('id')
      .select('invoice_id', 'state', 'organisation_id', 'rejection_code', 'settled_at', 'created_at')
    const released = await releasedAt(db, ids)
    for (const row of rows) {
      const hindrance = hindranceOf(row, released.get(row.invoice_id))
      if (hindrance) found.set(row.invoice_id, hindrance)
    }
  }
  return found
}

function hindranceOf(row: PaymentRow, released: Date | undefined): Hindrance | undefined {
  if (row.organisation_id === null)
    return row.state === 'voided' || row.state === 'reversed' ? undefined : { code: 'paid_by_member', values: {} }
  // A reversal settles a payment anew, so this is its moment and not that of the capture.
  const at = moment(row.settled_at ?? row.created_at)
  if (released && released > at) return undefined
  if (row.state === 'reversed') return { code: 'reversed_before', values: { at: iso(at) } }
  if (row.state !== 'voided' || OF_THE_FUND.test(row.rejection_code ?? '')) return undefined
  return { code: 'rejected_before', values: { code: row.rejection_code ?? '—', at: iso(at) } }
}

async function releasedAt(db: Db, invoiceIds: readonly string[]): Promise<Map<string, Date>> {
  const rows: { invoice_id: string; at: Date | string }[] = await db('autopay_verdicts')
    .whereIn('invoice_id', [...invoiceIds])
    .where({ kind: 'released' })
    .whereNull('ended_at')
    .select('invoice_id', 'at')
  return new Map(rows.map((row) => [row.invoice_id, moment(row.at)]))
}
