import { requireNoHeavier } from '../approvals'
import type { Weight } from '../approvals'
import { DAY } from '../shared/clock'
import type { Db, Tx } from '../shared/database'
import { readOrganisation } from './organisation-store'
import type { RuleBody } from './rule'
import { inPeriodOf, isOnlyLower, weighRules } from './rule-payload'
import { readRules } from './rule-store'
import { readPaidByRules } from './spending'
import type { PaidByRule, Periods } from './spending'

/**
 * What one person lets out of the fund day after day counts together over all organisations, whether they switch a rule on or raise a budget: of each organisation the most
 * that it came to, since its rules and budgets are weighed together as it is. It counts for a year: what was let out goes on every day, so that with a day's memory one more
 * company a day would come to any sum.
 */
export const LETS_OUT = { addsUp: true, addsUpAs: 'autopay_let_out', addsUpFor: 366 * DAY } as const

/** A rule as it would be when it is on. */
export interface WouldBeOn {
  readonly ruleId: string
  readonly organisationId: string
  readonly body: RuleBody
}

type Standing = Pick<WouldBeOn, 'ruleId' | 'body'>

/**
 * A rule that is on weighs what all of its organisation let out then: one person may write any number of small ones. What others have paid before they were switched off, lowered
 * or taken away counts with it, or one person lets out any sum rule after rule. One that asks or holds weighs nothing.
 */
export async function weighOn(db: Db, { ruleId, organisationId, body }: WouldBeOn, periods: Periods): Promise<Weight> {
  if (body.do !== 'pay') return 'never'
  const on = (await readRules(db, [organisationId])).filter(({ isOn }) => isOn)
  const before = on.find(({ id }) => id === ruleId)
  if (before && isOnlyLower(before.body, body)) return 'never'
  const others = on.filter(({ id, body: { do: action } }) => id !== ruleId && action === 'pay')
  const counted = [...others.map((rule): Standing => ({ ruleId: rule.id, body: rule.body })), { ruleId, body }]
  const paid = await readPaidByRules(db, organisationId, periods)
  return weighRules(
    counted.map((rule) => rule.body),
    await readOrganisation(db, organisationId),
    (rule) =>
      sumIn(
        rule,
        paid.filter((row) => counted.find((one) => sharesLimits(one, row))?.body === rule),
      ),
    sumIn(
      body,
      paid.filter((row) => !counted.some((one) => sharesLimits(one, row))),
    ),
  )
}

/** Rules of one name in an organisation have one limit of a day and a month, however often they are written anew. */
const sharesLimits = ({ ruleId, body }: Standing, row: PaidByRule): boolean => row.ruleId === ruleId || row.name === body.name

const sumIn = (rule: RuleBody, rows: readonly PaidByRule[]): bigint => rows.reduce((sum, row) => sum + inPeriodOf(rule, row), 0n)

/**
 * Others may have switched rules of the organisation on since this one was weighed. In the transaction that switches it on, under the lock of the organisation.
 * @param weighed what it weighed when one person was found to be enough; undefined where a second one has agreed
 * @throws WeighsMore
 */
export async function requireWeighed(tx: Tx, rule: WouldBeOn, periods: Periods, weighed: Weight | undefined): Promise<void> {
  if (weighed !== undefined) requireNoHeavier(await weighOn(tx, rule, periods), weighed)
}
