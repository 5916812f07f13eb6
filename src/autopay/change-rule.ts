import type { Performer } from '../approvals'
import type { Author } from '../shared/actor'
import { noteUnchanged, requireReason, wasCarriedOut, writeAudit } from '../shared/audit'
import type { AuditFacts } from '../shared/audit'
import type { Clock } from '../shared/clock'
import { brokenUniqueRule, inTransaction } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import type { Log } from '../shared/log'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { lockOrganisation, requireOrganisation } from './organisation-store'
import type { Rule, RuleBody } from './rule'
import { ruleFacts } from './rule-payload'
import { isSameBody } from './rule-schema'
import { spendingPeriods } from './spending'
import { requireWeighed } from './weigh-rule'
import { insertRule, lockRule, markRemoved, readRule, writeStanding, writeVersion } from './rule-store'

export interface RuleDeps {
  readonly db: Db
  /** The operator's time zone, in which days and months of limits are counted. */
  readonly settings: { readonly timeZone: string }
  readonly clock: Clock
  readonly log: Log
}

export interface RuleChange {
  readonly ruleId: string
  readonly organisationId: string
  /** The version that whoever writes has seen; 0 for a rule that is new. */
  readonly basedOn: number
  readonly body: RuleBody
  /** Whether it is on afterwards, which is for rules alone that were tried just before. */
  readonly enabled: boolean
}

/** How a rule is changed. What is not done by a form has no key. */
export type RuleOrder = Omit<Performer, 'key'> & Partial<Pick<Performer, 'key'>>

const keyOf = (ruleId: string, { key }: Pick<RuleOrder, 'key'>): { instructionKey?: string } =>
  key === undefined ? {} : { instructionKey: `${ruleSubject(ruleId)}:${key}` }

/** A form that is sent again does nothing more, whatever was done in between. */
export const wasDone = async (db: Db, ruleId: string, by: Pick<RuleOrder, 'author' | 'key'>): Promise<boolean> => {
  const { instructionKey } = keyOf(ruleId, by)
  return instructionKey !== undefined && wasCarriedOut(db, instructionKey, by.author)
}

export const ruleSubject = (id: string): string => `rule:${id}`

/** A rule that this person may know of. @throws Refusal not_found */
export async function requireRule(db: Db, author: Author, id: string): Promise<Rule> {
  const rule = await readRule(db, id)
  await requireOrganisation(db, author, rule.organisationId)
  return rule
}

/**
 * Writes a new rule, or the next version of one. Written again with the same words it changes nothing but the switch.
 * @throws Refusal rule_changed when it is in another version than was seen; bad_input (detail: name) when another rule of the organisation has the name
 */
export async function changeRule({ db, clock, log, settings }: RuleDeps, change: RuleChange, by: RuleOrder): Promise<void> {
  requirePermission(by.author, 'autopay.rules')
  const reason = requireReason(by.reason)
  await requireOrganisation(db, by.author, change.organisationId)
  const at = clock.now()
  await inTransaction(db, async (tx) => {
    await lockOrganisation(tx, change.organisationId)
    const before = await lockRule(tx, change.ruleId)
    if (await wasDone(tx, change.ruleId, by)) return
    if (change.enabled) await requireWeighed(tx, change, spendingPeriods(at, settings.timeZone), by.weighed)
    const changed = await write(tx, change, before, { author: by.author, at })
    if (!changed)
      return noteUnchanged(tx, { author: by.author, at, subject: ruleSubject(change.ruleId), reason, ...keyOf(change.ruleId, by) })
    const facts = { ...(before && { before: ruleFacts(before.body, before.isOn) }), after: ruleFacts(change.body, change.enabled) }
    const action = before ? 'autopay_rule_changed' : 'autopay_rule_added'
    const how = { ...keyOf(change.ruleId, by), ...(by.approvedBy && { approvedBy: by.approvedBy }) }
    await writeAudit(tx, [{ author: by.author, at, action, subject: ruleSubject(change.ruleId), reason, ...facts, ...how }])
  }).catch(nameTaken)
  log.info({ rule: change.ruleId, isOn: change.enabled }, 'a rule of automatic payment was written')
}

/** @returns whether anything changed */
async function write(tx: Tx, change: RuleChange, before: Rule | undefined, by: { author: Author; at: Date }): Promise<boolean> {
  const { ruleId: id, organisationId, body, basedOn, enabled } = change
  const standing = { isOn: enabled, triedAt: enabled ? by.at : null }
  if (!before) {
    if (basedOn !== 0) throw new Refusal('rule_changed')
    await insertRule(tx, { id, organisationId, body }, standing, by)
    return true
  }
  const isSame = isSameBody(before.body, body)
  // The same change a second time, after a crash.
  if (isSame && before.version === basedOn + 1 && before.isOn === enabled) return false
  if (before.version !== basedOn || before.organisationId !== organisationId) throw new Refusal('rule_changed')
  if (!isSame) await writeVersion(tx, { id, version: before.version + 1, body }, standing, by)
  else if (before.isOn === enabled) return false
  else await writeStanding(tx, id, { isOn: enabled, triedAt: enabled ? by.at : before.triedAt })
  return true
}

function nameTaken(error: unknown): never {
  throw brokenUniqueRule(error) === undefined ? error : new Refusal('bad_input', 'name')
}

/** Notes that the present version of a rule was tried on past invoices: it may be switched on from now on. @throws Refusal forbidden, not_found */
export async function noteTried({ db, clock }: RuleDeps, ruleId: string, author: Author): Promise<void> {
  requirePermission(author, 'autopay.rules')
  const { organisationId, version } = await requireRule(db, author, ruleId)
  await inTransaction(db, async (tx) => {
    await lockOrganisation(tx, organisationId)
    const rule = await lockRule(tx, ruleId)
    if (rule?.version !== version) throw new Refusal('rule_changed')
    const at = clock.now()
    await writeStanding(tx, ruleId, { isOn: rule.isOn, triedAt: at })
    await writeAudit(tx, [{ author, at, action: 'autopay_rule_tried', subject: ruleSubject(ruleId), after: { version: String(version) } }])
  })
}

export interface RuleSwitch {
  readonly ruleId: string
  /** Undefined where any version will do, as for switching off. */
  readonly version?: number
  readonly isOn: boolean
}

/** Switches a rule on or off. @throws Refusal forbidden, not_found, rule_changed, rule_untried */
export async function switchRule(
  { db, clock, log, settings }: RuleDeps,
  { ruleId, version, isOn }: RuleSwitch,
  by: RuleOrder,
): Promise<void> {
  requirePermission(by.author, 'autopay.rules')
  const reason = requireReason(by.reason)
  const { organisationId } = await requireRule(db, by.author, ruleId)
  await inTransaction(db, async (tx) => {
    await lockOrganisation(tx, organisationId)
    const rule = await lockRule(tx, ruleId)
    if (await wasDone(tx, ruleId, by)) return
    if (!rule || (version !== undefined && rule.version !== version)) throw new Refusal('rule_changed')
    const at = clock.now()
    if (rule.isOn === isOn) return noteUnchanged(tx, { author: by.author, at, subject: ruleSubject(ruleId), reason, ...keyOf(ruleId, by) })
    if (isOn && !rule.triedAt) throw new Refusal('rule_untried')
    if (isOn) await requireWeighed(tx, { ...rule, ruleId }, spendingPeriods(at, settings.timeZone), by.weighed)
    await writeStanding(tx, ruleId, { isOn, triedAt: rule.triedAt })
    await auditSwitch(tx, rule, isOn, { ...by, reason, at })
  })
  log.info({ rule: ruleId, isOn }, 'a rule of automatic payment was switched')
}

const auditSwitch = (tx: Tx, rule: Rule, isOn: boolean, by: RuleOrder & { at: Date }): Promise<void> => {
  const { author, reason, at, approvedBy } = by
  const facts: { before: AuditFacts; after: AuditFacts } = {
    before: { enabled: rule.isOn },
    after: { enabled: isOn, version: String(rule.version) },
  }
  const action = isOn ? 'autopay_rule_switched_on' : 'autopay_rule_switched_off'
  const how = { ...keyOf(rule.id, by), ...(approvedBy && { approvedBy }) }
  return writeAudit(tx, [{ author, at, action, subject: ruleSubject(rule.id), reason, ...facts, ...how }])
}

/** Takes a rule away; its versions stay. What pays less never waits for a second person. @throws Refusal forbidden, not_found */
export async function removeRule({ db, clock }: RuleDeps, ruleId: string, by: Pick<Performer, 'author' | 'reason'>): Promise<void> {
  requirePermission(by.author, 'autopay.rules')
  const reason = requireReason(by.reason)
  const { organisationId } = await requireRule(db, by.author, ruleId)
  await inTransaction(db, async (tx) => {
    await lockOrganisation(tx, organisationId)
    const rule = await lockRule(tx, ruleId)
    if (!rule) return
    await markRemoved(tx, ruleId)
    const before = ruleFacts(rule.body, rule.isOn)
    await writeAudit(tx, [
      { author: by.author, at: clock.now(), action: 'autopay_rule_removed', subject: ruleSubject(ruleId), reason, before },
    ])
  })
}
