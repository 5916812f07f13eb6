import type { PaymentDeps } from '../payments'
import { collectContext } from './collect-context'
import { considerAll, findHindrances } from './consider'
import type { PlannedPayment } from './decide'
import type { DecisionContext } from './decision-context'
import type { Scope } from './intake'
import { openInvoices } from './open-invoices'

/** What would be paid now, in order, and why not the rest. */
export interface Plan {
  readonly items: readonly PlannedPayment[]
  /** What the fund has above its floor now, and once everything to be paid is paid, in kopecks. */
  readonly fund: bigint
  readonly fundAfter: bigint
  readonly context: DecisionContext
}

/** Decides about every open invoice in the scope, as it was last read. Changes nothing. */
export async function makePlan(
  deps: Pick<PaymentDeps, 'db' | 'clock' | 'settings'>,
  scope: Scope & { readonly organisationIds?: readonly string[] },
): Promise<Plan> {
  const invoices = await openInvoices(deps.db, scope)
  const context = await collectContext(deps, invoices)
  const hindrances = await findHindrances(
    deps.db,
    invoices.map(({ id }) => id),
  )
  const { items, fundAfter } = await considerAll(invoices, context, hindrances)
  return { items, fund: context.fund, fundAfter, context }
}
