import type { Knex } from 'knex'
import type { Author } from '../shared/actor'
import type { Db } from '../shared/database'
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

/** The payments of all other organisations, by id: what is about them does not exist for whoever knows of these alone. */
export const paymentsOfOthers = (db: Db, organisations: readonly string[]): Knex.QueryBuilder =>
  db('payments')
    .whereNotNull('organisation_id')
    .whereNotIn('organisation_id', [...organisations])
    .select('id')

/** Narrows a list to what somebody may know of. */
export type Narrowing = (query: Knex.QueryBuilder) => void

/** For lists in which a column holds the id of a payment, or of something else. @returns undefined for whoever sees everything */
export async function nothingOfOthers(
  { db, knownOrganisations }: Pick<PaymentDeps, 'db' | 'knownOrganisations'>,
  by: Author,
  column: 'alerts.subject',
): Promise<Narrowing | undefined> {
  const known = await knownOrganisations(by)
  return known && ((query) => void query.whereNotExists(paymentsOfOthers(db, known).whereRaw(`payments.id = ${column}`)))
}
