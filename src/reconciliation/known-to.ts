import { paymentsOfOthers } from '../payments'
import type { Narrowing, PaymentDeps } from '../payments'
import type { Author } from '../shared/actor'
import { Refusal } from '../shared/refusals'
import { findDifference } from './difference-store'
import type { NotedDifference } from './difference-store'

export type KnowingDeps = Pick<PaymentDeps, 'db' | 'knownOrganisations' | 'invoicesOfOthers'>

/**
 * The differences that somebody may know of. One about a payment is known to whoever knows of the payment; one about an invoice without a payment of ours, to whoever knows of the
 * invoice's organisation, where it has one.
 * @returns undefined for whoever sees everything
 */
export async function knownDifferences(deps: KnowingDeps, by: Author): Promise<Narrowing | undefined> {
  const known = await deps.knownOrganisations(by)
  if (!known) return undefined
  const ofPayments = paymentsOfOthers(deps.db, known).whereRaw('payments.id = reconciliation_differences.payment_id')
  const ofInvoices = deps.invoicesOfOthers(known).whereRaw('id = reconciliation_differences.invoice_id')
  return (query) =>
    void query
      .whereNotExists(ofPayments.clone())
      .where((about) => void about.whereNotNull('payment_id').orWhereNotExists(ofInvoices.clone()))
}

/** A difference that this person may know of; any other does not exist for them. @throws Refusal not_found */
export async function requireKnownDifference(deps: KnowingDeps, id: string, by: Author): Promise<NotedDifference> {
  const difference = await findDifference(deps.db, id, await knownDifferences(deps, by))
  if (!difference) throw new Refusal('not_found', 'difference')
  return difference
}
