import type { PaymentDeps } from '../payments'
import { inTransaction } from '../shared/database'
import type { PlannedPayment } from './decide'
import { keepDecisions, latestDecisions } from './decision-store'
import { slicesOf } from './in-turns'
import type { Plan } from './make-plan'
import type { Run } from './run-store'

const KEPT_TOGETHER = 200

/**
 * Writes down what a run has decided about everything.
 * @returns what is to be told of it: of an invoice about which somebody said something meanwhile, or Invoicebox did, the decision was made without that and is not kept
 */
export async function keepPlan({ db }: PaymentDeps, run: Pick<Run, 'id'>, { items, context }: Plan): Promise<PlannedPayment[]> {
  const before = await latestDecisions(
    db,
    items.map(({ invoice }) => invoice.id),
  )
  const { now: at, organisations, approvals } = context
  const signed = (id: string): readonly number[] => approvals.get(id)?.signedSteps ?? []
  const kept = new Set<string>()
  // Each invoice's decision stands for itself: thousands in one transaction would keep everybody else from writing.
  for await (const some of slicesOf(items, KEPT_TOGETHER)) {
    const decisions = await inTransaction(db, (tx) => keepDecisions(tx, some, { runId: run.id, at, organisations, before, signed }))
    for (const { invoiceId } of decisions) kept.add(invoiceId)
  }
  return items.map((item) => (kept.has(item.invoice.id) ? item : changed(item)))
}

const changed = ({ invoice, decision }: PlannedPayment): PlannedPayment => ({
  invoice,
  decision: {
    ...decision,
    decision: 'wait',
    rule: null,
    why: [{ gate: 'status', passed: false, code: 'changed_meanwhile', values: {} }],
  },
})
