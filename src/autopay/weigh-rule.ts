import { weighsMore, WeighsMore } from '../approvals'
import type { Weight } from '../approvals'
import type { Db, Tx } from '../shared/database'
import { readOrganisation } from './organisation-store'
import type { RuleBody } from './rule'
import { isOnlyLower, weighRules } from './rule-payload'
import { readRules } from './rule-store'

/** A rule as it would be when it is on. */
export interface WouldBeOn {
  readonly ruleId: string
  readonly organisationId: string
  readonly body: RuleBody
}

/** A rule that is on weighs what all of its organisation let out then: one person may write any number of small ones. One that asks or holds weighs nothing. */
export async function weighOn(db: Db, { ruleId, organisationId, body }: WouldBeOn): Promise<Weight> {
  if (body.do !== 'pay') return 'never'
  const on = (await readRules(db, [organisationId])).filter(({ isOn }) => isOn)
  const before = on.find(({ id }) => id === ruleId)
  if (before && isOnlyLower(before.body, body)) return 'never'
  const others = on.filter(({ id }) => id !== ruleId).map((rule) => rule.body)
  return weighRules([...others, body], await readOrganisation(db, organisationId))
}

/**
 * Others may have switched rules of the organisation on since this one was weighed. In the transaction that switches it on, under the lock of the organisation.
 * @param weighed what it weighed when one person was found to be enough; undefined where a second one has agreed
 * @throws WeighsMore
 */
export async function requireWeighed(tx: Tx, rule: WouldBeOn, weighed: Weight | undefined): Promise<void> {
  if (weighed !== undefined && weighsMore(await weighOn(tx, rule), weighed)) throw new WeighsMore()
}
