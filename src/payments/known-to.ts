import type { Author } from '../shared/actor'
import { Refusal } from '../shared/refusals'
import type { Payment, PaymentDeps } from './payment'
import { readPayment } from './store'

/**
 * A payment that this person may know of: a member's always, an organisation's only where they may know of the organisation. Any other does not exist for them.
 * @throws Refusal not_found
 */
export async function requireKnownPayment(
  { db, knownOrganisations }: Pick<PaymentDeps, 'db' | 'knownOrganisations'>,
  paymentId: string,
  by: Author,
): Promise<Payment> {
  const payment = await readPayment(db, paymentId)
  if (payment.payer.kind === 'member') return payment
  const known = await knownOrganisations(by)
  if (known && !known.includes(payment.payer.organisationId)) throw new Refusal('not_found', paymentId)
  return payment
}
