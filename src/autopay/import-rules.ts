import { listRequests } from '../approvals'
import type { ApprovalRequest, Approvals } from '../approvals'
import type { Author } from '../shared/actor'
import type { Db } from '../shared/database'
import { canonicalJson, idFrom, newId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import type { RefusalCode } from '../shared/refusals'
import { removeRule } from './change-rule'
import type { RuleDeps } from './change-rule'
import type { Organisation } from './organisation'
import { organisationsOf } from './organisation-store'
import type { Replay } from './replay'
import type { Rule } from './rule'
import type { RuleDeeds } from './rule-deeds'
import type { FileFault } from './rule-file'
import { flatten, RULE_FIELDS } from './rule-payload'
import type { RuleChangePayload, RuleField } from './rule-payload'
import { isSameBody } from './rule-schema'
import type { RuleEntry } from './rule-schema'
import { readRules, takenIds } from './rule-store'
import { prepareTrial, tryOn } from './try-rule'
import type { Trial } from './try-rule'

/** What an import would do with one rule. */
export interface RuleImport {
  readonly organisation: Organisation
  readonly entry: RuleEntry
  /** The rule of that name as it is; undefined for one that is new. */
  readonly present: Rule | undefined
  readonly kind: 'added' | 'changed' | 'unchanged'
  readonly differences: readonly Difference[]
  /** What the rule would have done over the last 30 days; null for one that does not change. Hundreds of rules on thousands of invoices are told in sums. */
  readonly replay: Omit<Replay, 'lines'> | null
}

export interface Difference {
  readonly field: RuleField | 'enabled'
  readonly before: string | boolean | null
  readonly after: string | boolean | null
}

export interface RuleImportPlan {
  readonly imports: readonly RuleImport[]
  /** Rules of the organisations in the file that the file does not name. They are left alone unless the import prunes. */
  readonly gone: readonly Rule[]
}

export interface ImportDeps extends RuleDeps {
  readonly zone: string
}

/**
 * Compares a file with the rules there are, and tries each rule that would change. Changes nothing.
 * @returns faults instead when the file names an organisation that the author does not see
 */
export async function planImport(
  deps: ImportDeps,
  entries: readonly RuleEntry[],
  author: Author,
): Promise<{ plan: RuleImportPlan } | { faults: FileFault[] }> {
  const organisations = new Map((await organisationsOf(deps.db, author)).map((one) => [one.vatNumber, one]))
  const faults = entries.flatMap(({ organisation }, index): FileFault[] =>
    organisations.has(organisation) ? [] : [{ code: 'organisation', place: ['rules', index, 'organisation'], detail: organisation }],
  )
  if (faults.length > 0) return { faults }
  const rules = await readRules(
    deps.db,
    [...organisations.values()].map(({ id }) => id),
  )
  const planned = new Map<RuleEntry, RuleImport>()
  for (const organisation of organisations.values()) {
    // The past of one organisation is read once for all its rules, and let go of before that of the next one.
    let trial: Trial | undefined
    for (const entry of entries.filter((one) => one.organisation === organisation.vatNumber)) {
      const one = compare(entry, organisation, rules)
      trial ??= one.kind === 'unchanged' ? undefined : await prepareTrial(deps, organisation.id, author)
      planned.set(entry, { ...one, replay: one.kind === 'unchanged' || !trial ? null : await replayed(trial, one) })
    }
  }
  const imports = entries.flatMap((entry) => planned.get(entry) ?? [])
  const [named, kept] = [new Set(imports.map(({ organisation }) => organisation.id)), new Set(imports.map(({ present }) => present?.id))]
  return { plan: { imports, gone: rules.filter(({ id, organisationId }) => named.has(organisationId) && !kept.has(id)) } }
}

function compare(entry: RuleEntry, organisation: Organisation, rules: readonly Rule[]): Omit<RuleImport, 'replay'> {
  const present = rules.find(({ organisationId, body }) => organisationId === organisation.id && body.name === entry.body.name)
  const isSame = present !== undefined && isSameBody(present.body, entry.body) && present.isOn === entry.enabled
  const kind = present === undefined ? 'added' : isSame ? 'unchanged' : 'changed'
  return { organisation, entry, present, kind, differences: kind === 'changed' ? differencesOf(present, entry) : [] }
}

async function replayed(trial: Trial, { entry, present }: Pick<RuleImport, 'entry' | 'present'>): Promise<RuleImport['replay']> {
  const id = present?.id ?? newId()
  const rule = { id, organisationId: trial.organisation.id, version: 1, body: entry.body, isOn: true, triedAt: null }
  const { sums, tried, taken, reallyPaid } = await tryOn(trial, rule)
  return { sums, tried, taken, reallyPaid }
}

function differencesOf(present: Rule | undefined, { body, enabled }: RuleEntry): Difference[] {
  if (!present) return []
  const [before, after] = [flatten(present.body), flatten(body)]
  const fields = RULE_FIELDS.filter((field) => before[field] !== after[field])
  return [
    ...fields.map((field) => ({ field, before: before[field], after: after[field] })),
    ...(present.isOn === enabled ? [] : [{ field: 'enabled' as const, before: present.isOn, after: enabled }]),
  ]
}

/** What became of an import. Each rule is a transaction of its own, so a part may be written and a part not. */
export interface Imported {
  /** Names of the rules that were written. */
  readonly applied: readonly string[]
  /** Rules that were not written or not removed, since somebody had changed them after the plan was made, or for another reason that the code tells. */
  readonly refused: readonly RefusedRule[]
  /** Requests for rules that let out more than one person may decide. */
  readonly waiting: readonly { readonly name: string; readonly request: string }[]
  readonly removed: readonly Rule[]
}

export interface RefusedRule {
  readonly name: string
  readonly code: RefusalCode
}

export interface ImportOrder {
  readonly author: Author
  readonly reason: string
  readonly prune: boolean
}

const ON_A_PAGE = 200

/** Every request to write a rule that somebody can still agree to. */
async function whatIsAsked({ db, clock, deeds }: ApplyDeps): Promise<ApprovalRequest[]> {
  const found: ApprovalRequest[] = []
  for (;;) {
    const page = await listRequests(db, { state: 'open', kind: deeds.rules.change.kind, before: found.at(-1)?.id, limit: ON_A_PAGE })
    found.push(...page)
    if (page.length < ON_A_PAGE) return found.filter(({ lapsesAt }) => lapsesAt > clock.now())
  }
}

/** The same file once more asks nobody twice. A rule that somebody has asked for by a form has another id. */
const alreadyAsked = (asked: readonly ApprovalRequest[], payload: RuleChangePayload): ApprovalRequest | undefined =>
  asked.find((request) => isSameWish(request.payload, payload))

const isSameWish = (a: object, b: object): boolean => canonicalJson({ ...a, ruleId: null }) === canonicalJson({ ...b, ruleId: null })

type ApplyDeps = ImportDeps & { readonly approvals: Approvals; readonly deeds: { readonly rules: RuleDeeds } }

/** @returns the request when somebody else must agree */
async function submit(
  deps: ApplyDeps,
  payload: RuleChangePayload,
  by: { readonly author: Author; readonly reason: string },
): Promise<ApprovalRequest | undefined> {
  const submitted = await deps.approvals.submit(deps.deeds.rules.change, { payload, ...by, key: newId() })
  return submitted.state === 'waiting' ? submitted.request : undefined
}

/**
 * Writes what was planned, rule by rule; a rule that is refused does not keep the others back. The rules are on afterwards, since they were tried
 * for the plan, unless the file says otherwise or a second person must agree. Nothing is removed when a rule was refused: the plan is no longer true.
 */
export async function applyImport(deps: ApplyDeps, { imports, gone }: RuleImportPlan, order: ImportOrder): Promise<Imported> {
  const [applied, removed]: [string[], Rule[]] = [[], []]
  const waiting: { name: string; request: string }[] = []
  const refused: RefusedRule[] = []
  const asked = await whatIsAsked(deps)
  for (const one of imports) {
    if (one.kind === 'unchanged') continue
    const { name } = one.entry.body
    const outcome = await orRefusal(() => applyOne(deps, one, asked, order))
    if (outcome instanceof Refusal) refused.push({ name, code: outcome.code })
    else if (outcome) waiting.push({ name, request: outcome.id })
    else applied.push(name)
  }
  for (const rule of order.prune && refused.length === 0 ? gone : []) {
    const outcome = await orRefusal(() => removeRule(deps, rule.id, { author: order.author, reason: order.reason }))
    if (outcome instanceof Refusal && !isGone(outcome)) refused.push({ name: rule.body.name, code: outcome.code })
    else removed.push(rule)
  }
  return { applied, refused, waiting, removed }
}

/** Of two that prune at once one finds it removed, as it was to be. */
const isGone = ({ code, detail }: Refusal): boolean => code === 'not_found' && detail === 'rule'

/** @returns the request when somebody else must agree */
async function applyOne(
  deps: ApplyDeps,
  { organisation, entry, present }: RuleImport,
  asked: readonly ApprovalRequest[],
  by: ImportOrder,
): Promise<ApprovalRequest | undefined> {
  const ruleId = present?.id ?? (await idOfNew(deps.db, organisation.id, entry.body.name))
  const seen = { ruleId, organisationId: organisation.id, basedOn: String(present?.version ?? 0) }
  const payload = { ...seen, enabled: entry.enabled, ...flatten(entry.body) }
  const request = alreadyAsked(asked, payload)
  return request ?? submit(deps, payload, { author: by.author, reason: by.reason })
}

const TRIED_TOGETHER = 50

/**
 * The id of a rule that is new: the same for everybody who imports one of this name at this moment, so that two imports of one file write one rule and ask once. Where a rule of
 * that id was removed, or has another name by now, it is the next one.
 */
async function idOfNew(db: Db, organisationId: string, name: string): Promise<string> {
  for (let from = 0; ; from += TRIED_TOGETHER) {
    const ids = Array.from({ length: TRIED_TOGETHER }, (_, index) =>
      idFrom(canonicalJson(['imported rule', organisationId, name, from + index])),
    )
    const taken = await takenIds(db, ids, { organisationId, name })
    const free = ids.find((id) => !taken.has(id))
    if (free !== undefined) return free
  }
}

/** Only what the gateway refused is told rule by rule; a fault ends the import. */
async function orRefusal<T>(work: () => Promise<T>): Promise<T | Refusal> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refusal) return error
    throw error
  }
}

/** The rules that somebody sees, of one organisation or of all, as a file has them. */
export async function exportRules(deps: Pick<RuleDeps, 'db'>, author: Author, organisationId?: string): Promise<RuleEntry[]> {
  const all = await organisationsOf(deps.db, author)
  const named = organisationId === undefined ? all : all.filter(({ id }) => id === organisationId)
  const vatNumbers = new Map(named.map(({ id, vatNumber }) => [id, vatNumber]))
  const rules = await readRules(deps.db, [...vatNumbers.keys()])
  const byOrganisation = named.flatMap(({ id }) => rules.filter((rule) => rule.organisationId === id))
  return byOrganisation.map((rule) => ({ organisation: vatNumbers.get(rule.organisationId) ?? '', enabled: rule.isOn, body: rule.body }))
}
