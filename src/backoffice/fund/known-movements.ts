import type { FundMovement } from '../../fund'
import { paymentsOfOthers } from '../../payments'
import type { PaymentDeps } from '../../payments'
import type { StaffActor } from '../../shared/actor'

export type KnowingDeps = Pick<PaymentDeps, 'db' | 'knownOrganisations'>

/**
 * Movements as this person may see them. A payment of an organisation that they do not know leaves its moment and its amount, or the balances would not add up; neither which
 * payment it is nor what was written about it.
 */
export async function asKnownTo(
  { db, knownOrganisations }: KnowingDeps,
  movements: readonly FundMovement[],
  by: StaffActor,
): Promise<FundMovement[]> {
  const known = await knownOrganisations(by)
  const ids = movements.flatMap(({ reference }) => reference ?? [])
  if (!known || ids.length === 0) return [...movements]
  const foreign = new Set((await paymentsOfOthers(db, known).whereIn('id', ids).pluck('id')) as string[])
  return movements.map((one) => (one.reference !== null && foreign.has(one.reference) ? { ...one, reference: null, reason: null } : one))
}
