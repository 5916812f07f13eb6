import { z } from 'zod'
import type { Weight } from '../approvals'
import type { AuditFacts } from '../shared/audit'
import { Refusal } from '../shared/refusals'
import type { Spent } from './decision-context'
import type { Organisation } from './organisation'
import type { RuleBody } from './rule'
import { checkRule, isSameBody, ruleForm } from './rule-schema'
import type { Checked } from './rule-schema'

/** The fields of a rule side by side, as forms and requests carry them; nothing is nested and everything is text. */
export const RULE_FIELDS = [
  'name',
  'payerName',
  'description',
  'number',
  'currency',
  'amountFrom',
  'amountUpTo',
  'issuedWithinDays',
  'dueWithinDays',
  'do',
  'perInvoice',
  'perPayee',
  'perDay',
  'perMonth',
  'priority',
  'validFrom',
  'validUntil',
] as const
export type RuleField = (typeof RULE_FIELDS)[number]

/** Null where nothing is given. */
export type FlatRule = Readonly<Record<RuleField, string | null>>

const WHEN = ['payerName', 'description', 'number', 'currency', 'amountFrom', 'amountUpTo', 'issuedWithinDays', 'dueWithinDays'] as const
const LIMITS = { perInvoice: 'invoice', perPayee: 'payee', perDay: 'day', perMonth: 'month' } as const
const LIMIT_FIELDS = Object.keys(LIMITS) as (keyof typeof LIMITS)[]

/** @throws nothing: whatever was typed is judged by `checkRule`, whose faults name these fields by `fieldAt` */
export function checkFlat(flat: Readonly<Partial<Record<RuleField, string | null>>>): Checked<RuleBody> {
  const { name, do: action, priority, validFrom, validUntil } = flat
  const when = Object.fromEntries(WHEN.map((field) => [field, flat[field] ?? null]))
  const limits = Object.fromEntries(LIMIT_FIELDS.map((field) => [LIMITS[field], flat[field] ?? null]))
  return checkRule({ name, when, do: action, limits, priority, validFrom, validUntil })
}

/** The field that a fault of `checkFlat` is about. */
export function fieldAt(place: readonly (string | number)[]): RuleField {
  const [first, second] = place
  if (first === 'limits') return LIMIT_FIELDS.find((field) => LIMITS[field] === second) ?? 'perInvoice'
  const name = first === 'when' ? second : first
  return RULE_FIELDS.find((field) => field === name) ?? 'name'
}

/** A rule side by side, amounts as decimal text. */
export function flatten(body: RuleBody): FlatRule {
  const { when, limits, ...rest } = ruleForm(body) as { when: Record<string, unknown>; limits: Record<string, unknown> } & Record<
    string,
    unknown
  >
  const named = Object.fromEntries(LIMIT_FIELDS.map((field) => [field, limits[LIMITS[field]]]))
  const all: Record<string, unknown> = { ...rest, ...when, ...named }
  const text = (value: unknown): string | null => (typeof value === 'string' || typeof value === 'number' ? String(value) : null)
  return Object.fromEntries(RULE_FIELDS.map((field) => [field, text(all[field])])) as FlatRule
}

const FLAT = Object.fromEntries(RULE_FIELDS.map((field) => [field, z.string().max(250).nullable()])) as Record<
  RuleField,
  z.ZodNullable<z.ZodString>
>
const IDS = { ruleId: z.uuid(), organisationId: z.uuid(), basedOn: z.string().regex(/^\d{1,9}$/) }

/**
 * `basedOn` is the version that whoever writes has seen, 0 for a rule that is new: nobody overwrites what they did not see. `enabled` is true only for a rule that was tried just
 * before, as an import does; otherwise a change leaves the rule off.
 */
export const CHANGE = z
  .strictObject({ ...IDS, enabled: z.boolean(), ...FLAT })
  .refine((payload) => checkFlat(payload).ok, { message: 'not a rule', path: ['name'] })
export type RuleChangePayload = z.output<typeof CHANGE>

export const VERSION = z.strictObject({ ruleId: z.uuid(), version: z.string().regex(/^[1-9]\d{0,8}$/) })
export type RuleVersionPayload = z.output<typeof VERSION>

/** @throws Refusal bad_input (detail: the field) */
export function bodyOf(payload: FlatRule): RuleBody {
  const checked = checkFlat(payload)
  if (!checked.ok) throw new Refusal('bad_input', fieldAt(checked.faults[0]?.place ?? []))
  return checked.value
}

/**
 * What rules of one organisation together let out of the fund in a day without anybody being asked: of each the smaller of its limits for a day and a month, and no more of all
 * than the organisation's budgets. A cap on one invoice or one payee bounds no sum, since there may be any number of them. A rule that pays without such a bound lets everything
 * out; one that asks or holds nothing.
 * @param paid what a rule has paid already, in the period of the limit that counts: one that was lowered since counts as that
 * @param byOthers in kopecks, what rules that are not among these have paid already
 */
export function weighRules(
  rules: readonly RuleBody[],
  { perDay, perMonth }: Pick<Organisation, 'perDay' | 'perMonth'>,
  paid: (rule: RuleBody) => bigint = () => 0n,
  byOthers = 0n,
): Weight {
  const paying = rules.filter(({ do: action }) => action === 'pay')
  if (paying.length === 0) return 'never'
  const caps = paying.map((rule) => mostOf(leastOf(rule.limits.day, rule.limits.month), paid(rule)))
  const sum = caps.reduce((total, cap) => (total === undefined || cap === undefined ? undefined : total + cap), byOthers)
  const least = leastOf(sum, perDay ?? undefined, perMonth ?? undefined)
  return least === undefined ? 'always' : { minor: least, unit: 'RUB' }
}

/** What was paid in the period of the limit that counts of a rule: a month where that of the month is the smaller one, and a day otherwise. */
export const inPeriodOf = ({ limits: { day, month } }: RuleBody, spent: Spent): bigint =>
  month !== undefined && (day === undefined || month < day) ? spent.month : spent.day

const mostOf = (cap: bigint | undefined, paid: bigint): bigint | undefined => (cap !== undefined && cap < paid ? paid : cap)

const leastOf = (...caps: readonly (bigint | undefined)[]): bigint | undefined =>
  caps.reduce((least, cap) => (least === undefined || (cap !== undefined && cap < least) ? cap : least), undefined)

/** Whether a rule pays what it has paid before and only has lower limits, or as high ones: that lets out less, however much it is. */
export const isOnlyLower = (before: RuleBody, after: RuleBody): boolean =>
  isSameBody({ ...after, limits: before.limits }, before) &&
  (Object.keys({ ...before.limits, ...after.limits }) as (keyof RuleBody['limits'])[]).every((name) => {
    const [was, is] = [before.limits[name], after.limits[name]]
    return was === undefined || (is !== undefined && is <= was)
  })

const AMOUNTS: readonly RuleField[] = ['amountFrom', 'amountUpTo', 'perInvoice', 'perPayee', 'perDay', 'perMonth']

/** A rule as facts for whoever decides and for the audit log; what is not given is left out. */
export function ruleFacts(body: RuleBody, isOn: boolean): AuditFacts {
  const facts = Object.entries(flatten(body)).flatMap(([field, value]): [string, string][] => {
    if (value === null) return []
    return [[field, AMOUNTS.includes(field as RuleField) ? `${value} RUB` : value]]
  })
  return { enabled: isOn, ...Object.fromEntries(facts) }
}
