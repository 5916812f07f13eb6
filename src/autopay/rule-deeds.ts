import type { Deed } from '../approvals'
import type { Db } from '../shared/database'
import { changeRule, requireRule, ruleSubject, switchRule, wasDone } from './change-rule'
import type { RuleDeps } from './change-rule'
import { requireOrganisation } from './organisation-store'
import type { Rule } from './rule'
import { bodyOf, CHANGE, ruleFacts, VERSION } from './rule-payload'
import type { RuleChangePayload, RuleVersionPayload } from './rule-payload'
import { readRule } from './rule-store'
import { spendingPeriods } from './spending'
import type { Periods } from './spending'
import { LETS_OUT, weighOn } from './weigh-rule'
import { Refusal } from '../shared/refusals'

export interface RuleDeeds {
  readonly change: Deed<RuleChangePayload, void>
  readonly switchOn: Deed<RuleVersionPayload, void>
}

/** What staff may do with rules so that more is paid. What counts is what the organisation's rules that are on let out of the fund together afterwards, with what others have paid already; a rule that is off lets out nothing. */
export const ruleDeeds = (deps: RuleDeps): RuleDeeds => ({
  change: changeDeed(deps),
  switchOn: {
    kind: 'autopay_rule_switched_on',
    permission: 'autopay.rules',
    payload: VERSION,
    requireKnown: ({ ruleId }, by) => requireRule(deps.db, by, ruleId),
    ...LETS_OUT,
    addsUpAt: async ({ ruleId }) => (await readRule(deps.db, ruleId)).organisationId,
    wasDone: (key, { payload: { ruleId }, author }) => wasDone(deps.db, ruleId, { key, author }),
    async weigh({ ruleId }) {
      return weighOn(deps.db, { ruleId, ...(await readRule(deps.db, ruleId)) }, periodsOf(deps))
    },
    async preview({ ruleId, version }) {
      const rule = await readRule(deps.db, ruleId)
      if (rule.version !== Number(version)) throw new Refusal('rule_changed')
      if (!rule.triedAt) throw new Refusal('rule_untried')
      return { subject: ruleSubject(ruleId), before: ruleFacts(rule.body, rule.isOn), after: ruleFacts(rule.body, true) }
    },
    perform: ({ ruleId, version }, by) => switchRule(deps, { ruleId, version: Number(version), isOn: true }, by),
  },
})

const changeDeed = (deps: RuleDeps): RuleDeeds['change'] => ({
  kind: 'autopay_rule_changed',
  permission: 'autopay.rules',
  payload: CHANGE,
  asksOnce: true,
  requireKnown: ({ organisationId }, by) => requireOrganisation(deps.db, by, organisationId),
  ...LETS_OUT,
  addsUpAt: ({ organisationId }) => organisationId,
  wasDone: (key, { payload: { ruleId }, author }) => wasDone(deps.db, ruleId, { key, author }),
  weigh: async (payload) => (payload.enabled ? weighOn(deps.db, { ...payload, body: bodyOf(payload) }, periodsOf(deps)) : 'never'),
  async preview(payload) {
    const before = await present(deps.db, payload.ruleId)
    // Who may see the one organisation does not learn by it what rules another has.
    if (before && before.organisationId !== payload.organisationId) throw new Refusal('not_found', 'rule')
    if ((before?.version ?? 0) !== Number(payload.basedOn)) throw new Refusal('rule_changed')
    return {
      subject: ruleSubject(payload.ruleId),
      before: before ? ruleFacts(before.body, before.isOn) : {},
      after: ruleFacts(bodyOf(payload), payload.enabled),
    }
  },
  perform: (payload, by) =>
    changeRule(
      deps,
      {
        ruleId: payload.ruleId,
        organisationId: payload.organisationId,
        basedOn: Number(payload.basedOn),
        body: bodyOf(payload),
        enabled: payload.enabled,
      },
      by,
    ),
})

const periodsOf = ({ clock, settings }: RuleDeps): Periods => spendingPeriods(clock.now(), settings.timeZone)

async function present(db: Db, id: string): Promise<Rule | undefined> {
  try {
    return await readRule(db, id)
  } catch (error) {
    if (error instanceof Refusal && error.code === 'not_found') return undefined
    throw error
  }
}
