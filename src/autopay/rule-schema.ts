import { z } from 'zod'
import { hasControlCharacter } from '../shared/audit'
import { isDay } from '../shared/days'
import { canonicalJson } from '../shared/ids'
import { MAX_MINOR, NotMoney, parsePositiveMoney, toDecimal, UNITS } from '../shared/money'
import { RULE_ACTIONS } from './rule'
import type { RuleBody } from './rule'

/**
 * What is wrong with a rule that somebody wrote. Each has a sentence `autopay.fault.<code>` that says how it should be; `unknown` and `unreadable` come with what was found.
 */
export const FAULT_CODES = [
  'unreadable',
  'too_large',
  'unknown',
  'map',
  'rules',
  'name',
  'vat',
  'action',
  'pattern',
  'currency',
  'amount',
  'days',
  'priority',
  'day',
  'enabled',
  'up_to_below_from',
  'until_before_from',
  'name_twice',
  'organisation',
] as const
export type FaultCode = (typeof FAULT_CODES)[number]

export interface Fault {
  readonly code: FaultCode
  /** Where it stands: `rules`, `1`, `limits`, `day`. Empty for the whole file. */
  readonly place: readonly (string | number)[]
  /** The key that nobody knows, or what the reader of the file says. */
  readonly detail?: string
}

const code = (fault: FaultCode): FaultCode => fault

/** YAML reads `2024` as a number where a text is meant, and an empty value as null. */
const written = (value: unknown): unknown => (typeof value === 'number' ? String(value) : (value ?? undefined))

const line = (most: number, fault: FaultCode): z.ZodType<string> =>
  z.preprocess(
    written,
    z
      .string({ error: code(fault) })
      .trim()
      .min(1, code(fault))
      .max(most, code(fault))
      .refine((text) => !hasControlCharacter(text), code(fault)),
  )

const PATTERN = line(200, 'pattern')

/** Amounts are text or a number with at most two decimals; what a number cannot hold exactly is refused. */
const AMOUNT = z
  .preprocess((value) => (typeof value === 'string' ? value.replace(/\s/g, '').replace(',', '.') : value), z.unknown())
  .transform((value, context): bigint => {
    try {
      const { minor } = parsePositiveMoney(value, 'RUB')
      if (minor <= MAX_MINOR) return minor
    } catch (error) {
      if (!(error instanceof NotMoney)) throw error
    }
    context.addIssue({ code: 'custom', message: code('amount') })
    return z.NEVER
  })

const whole = (least: number, most: number, fault: FaultCode): z.ZodType<number> =>
  z.preprocess(
    (value) => (typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value),
    z
      .number({ error: code(fault) })
      .int(code(fault))
      .min(least, code(fault))
      .max(most, code(fault)),
  )

const DAYS = whole(0, 3650, 'days')
const DAY = z.string({ error: code('day') }).refine(isDay, code('day'))

/** Absent and empty are the same; `optional` alone would refuse an empty value. */
const maybe = <T extends z.ZodType>(schema: T) => z.preprocess((value) => value ?? undefined, schema.optional())

const WHEN = z
  .strictObject(
    {
      payerName: maybe(PATTERN),
      description: maybe(PATTERN),
      number: maybe(PATTERN),
      currency: maybe(
        z.enum(
          UNITS.filter((unit) => unit !== 'PTS'),
          { error: code('currency') },
        ),
      ),
      amountFrom: maybe(AMOUNT),
      amountUpTo: maybe(AMOUNT),
      issuedWithinDays: maybe(DAYS),
      dueWithinDays: maybe(DAYS),
    },
    { error: code('map') },
  )
  .refine(({ amountFrom, amountUpTo }) => amountFrom === undefined || amountUpTo === undefined || amountFrom <= amountUpTo, {
    message: code('up_to_below_from'),
    path: ['amountUpTo'],
  })

const LIMITS = z.strictObject(
  { invoice: maybe(AMOUNT), payee: maybe(AMOUNT), day: maybe(AMOUNT), month: maybe(AMOUNT) },
  { error: code('map') },
)

/** Where a rule stands among the others when nothing is said. */
export const USUAL_PRIORITY = 100

const BODY = {
  name: line(100, 'name'),
  when: z.preprocess((value) => value ?? {}, WHEN),
  do: z.enum(RULE_ACTIONS, { error: code('action') }),
  limits: z.preprocess((value) => value ?? {}, LIMITS),
  priority: z.preprocess((value) => value ?? USUAL_PRIORITY, whole(1, 9999, 'priority')),
  validFrom: maybe(DAY),
  validUntil: maybe(DAY),
}

interface Period {
  readonly validFrom?: string | undefined
  readonly validUntil?: string | undefined
}

const inOrder = ({ validFrom, validUntil }: Period): boolean =>
  validFrom === undefined || validUntil === undefined || validFrom <= validUntil
const PERIOD = { message: code('until_before_from'), path: ['validUntil'] }

/** A rule as it is kept and as the editor sends it. */
const RULE = z.strictObject(BODY, { error: code('map') }).refine(inOrder, PERIOD)

/** A rule in a file says besides whose it is, and whether it is to be on once it is there. */
const ENTRY = z
  .strictObject(
    {
      organisation: z.preprocess(written, z.string({ error: code('vat') }).regex(/^(\d{10}|\d{12})$/, code('vat'))),
      enabled: z.preprocess((value) => value ?? true, z.boolean({ error: code('enabled') })),
      ...BODY,
    },
    { error: code('map') },
  )
  .refine(inOrder, PERIOD)

/** A rule as a file has it. */
export interface RuleEntry {
  /** Tax number. */
  readonly organisation: string
  readonly enabled: boolean
  readonly body: RuleBody
}

export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly faults: readonly Fault[] }

/** Checks one rule. Every fault is reported, not only the first. */
export function checkRule(value: unknown): Checked<RuleBody> {
  const parsed = RULE.safeParse(value)
  return parsed.success ? { ok: true, value: toBody(parsed.data) } : { ok: false, faults: faultsOf(parsed.error, []) }
}

/** The same for a rule in a file. @param place where the rule stands in it */
export function checkEntry(value: unknown, place: Fault['place']): Checked<RuleEntry> {
  const parsed = ENTRY.safeParse(value)
  if (!parsed.success) return { ok: false, faults: faultsOf(parsed.error, place) }
  const { organisation, enabled, ...body } = parsed.data
  return { ok: true, value: { organisation, enabled, body: toBody(body) } }
}

function faultsOf(error: z.ZodError, place: Fault['place']): Fault[] {
  return error.issues.flatMap((issue): Fault[] => {
    const at = [...place, ...issue.path.map((part) => (typeof part === 'number' ? part : String(part)))]
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => ({ code: 'unknown', place: at, detail: key.slice(0, 100) }))
    return [{ code: FAULT_CODES.find((known) => known === issue.message) ?? 'map', place: at }]
  })
}

/** Without the keys that are not given, so that two equal rules are equal. */
type Given<T> = { [K in keyof T]: Exclude<T[K], undefined> }
const given = <T extends object>(of: T): Given<T> =>
  Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined)) as Given<T>

const toBody = (parsed: z.output<typeof RULE>): RuleBody => given({ ...parsed, when: given(parsed.when), limits: given(parsed.limits) })

/** Amounts as decimal text: how a rule stands in a file, and in the database. */
const asText = (of: object): object =>
  Object.fromEntries(Object.entries(of).map(([name, value]) => [name, typeof value === 'bigint' ? toDecimal(value) : (value as unknown)]))

/** A rule in the form of files; `checkRule` reads it back. */
export const ruleForm = (body: RuleBody): Readonly<Record<string, unknown>> => {
  const { name, when, do: action, limits, priority, validFrom, validUntil } = body
  return given({ name, when: asText(when), do: action, limits: asText(limits), priority, validFrom, validUntil })
}

export const isSameBody = (a: RuleBody, b: RuleBody): boolean => canonicalJson(a) === canonicalJson(b)

/** @throws Error for what this version cannot read: it was checked when it was stored */
export function readBody(text: string): RuleBody {
  const checked = checkRule(JSON.parse(text))
  if (checked.ok) return checked.value
  throw new Error(`bug: a stored rule is not one: ${checked.faults[0]?.code ?? ''}`)
}
