import type { Author } from '../shared/actor'
import { isUnit, parseMoney } from '../shared/money'
import { may } from '../shared/permissions'
import type { Language, TextKey, Translate } from '../shared/texts'
import { autopayWhyRu } from '../shared/texts/backoffice/autopay-why'
import { formatMoment, formatMoney } from '../shared/texts/format'
import { readTold } from '../shared/told'
import type { Why } from './decision'
import { RULE_FIELDS } from './rule-payload'
import type { Fault } from './rule-schema'

/** Who reads it. */
export interface WhyReader {
  readonly language: Language
  readonly t: Translate
  /** The operator's time zone; Moscow's unless given. */
  readonly zone?: string
  /** Of whoever may not read the fund, or is not known, the sentences keep what it has left to themselves. */
  readonly staff?: Author
}

type Untyped = (key: string, values: Readonly<Record<string, string>>) => string

const TELLS_OF_FUND: readonly string[] = ['fund_reaches', 'fund_short']

/** One line of «почему» as a sentence; a code of a later version stays what it is. */
export function whyText({ code, values }: Pick<Why, 'code' | 'values'>, reader: WhyReader): string {
  const isPlain = TELLS_OF_FUND.includes(code) && !(reader.staff && may(reader.staff, 'fund.read'))
  const key = `autopay.why.${code}${isPlain ? '_plain' : ''}`
  if (!Object.hasOwn(autopayWhyRu, key)) return code
  const told = Object.fromEntries(Object.entries(values).map(([name, value]) => [name, valueText(name, value, reader)]))
  return (reader.t as Untyped)(key, told)
}

const AMOUNT = /^(-?\d+\.\d\d) ([A-Z]{3})$/

/** Only values that we write ourselves are read as amounts and moments; names are told as they are. */
function valueText(name: string, value: string, { t, language, zone }: WhyReader): string {
  if (name === 'at') return formatMoment(new Date(value), language, zone)
  if (name === 'condition') return fieldText(value, t)
  if (name === 'problem') return readTold(value, t)
  const [, digits, unit] = ['limit', 'spent', 'available', 'left', 'amount'].includes(name) ? (AMOUNT.exec(value) ?? []) : []
  return digits !== undefined && isUnit(unit) ? formatMoney(parseMoney(digits, unit), language) : value
}

/** A field of a rule as pages call it. */
function fieldText(field: string, t: Translate): string {
  const known = RULE_FIELDS.find((name) => name === field)
  return known ? t(`fact.${known}`) : field
}

/** The line that tells why: the gate that stayed shut, or else, of what passes them all, the rule that lets it pass. */
export const tellingLine = (why: readonly Why[]): Why | undefined =>
  why.find(({ passed }) => !passed) ?? why.find(({ gate }) => gate === 'rule') ?? why.at(-1)

/** What is wrong with a rule, as a sentence without its place. */
export const faultText = ({ code, detail = '' }: Fault, t: Translate): string =>
  (t as Untyped)(`autopay.fault.${code}` satisfies TextKey, { detail })
