import { RULE_ACTIONS } from '../autopay'
import type { RuleAction } from '../autopay'
import { isStaffRole } from '../shared/actor'
import type { AuditFacts } from '../shared/audit'
import { parseMoney } from '../shared/money'
import type { Language, Translate } from '../shared/texts'
import { formatMoney } from '../shared/texts/format'
import { knownText } from '../shared/texts/known-text'

/** One fact before and after a change, as text. */
export interface FactRow {
  readonly label: string
  readonly before: string
  readonly after: string
  /** Of a whole that is written anew most stays as it is. */
  readonly isChanged: boolean
}

interface Reader {
  readonly language: Language
  readonly t: Translate
  /** Staff by how logs name them, for facts that hold their ids. */
  readonly logins?: ReadonlyMap<string, string>
}

const AMOUNT = /^-?\d+\.\d\d (PTS|RUB)$/
const BARE = /^-?\d+\.\d\d$/

/** Facts whose amounts are written without their unit. */
const UNITS: Readonly<Record<string, 'PTS' | 'RUB'>> = {
  points: 'PTS',
  deposited: 'RUB',
  threshold: 'RUB',
  floor: 'RUB',
  overdraft: 'RUB',
  chips: 'RUB',
}

const isPaymentState = (text: string): text is keyof typeof PAYMENT_WORDS => Object.hasOwn(PAYMENT_WORDS, text)

const isRuleAction = (text: string): text is RuleAction => RULE_ACTIONS.includes(text as RuleAction)

const PAYMENT_WORDS = {
  confirming: 'payment.state.confirming',
  review: 'payment.state.review',
  captured: 'payment.state.captured',
  voided: 'payment.state.voided',
  reversed: 'payment.state.reversed',
} as const

/** Words stand in facts of these names alone: a login or a title may be spelled like one. */
const WORDS: Readonly<Record<string, (value: string, t: Translate) => string | undefined>> = {
  role: (value, t) => (isStaffRole(value) ? t(`role.${value}`) : undefined),
  state: (value, t) => (isPaymentState(value) ? t(PAYMENT_WORDS[value]) : undefined),
  do: (value, t) => (isRuleAction(value) ? t(`autopay.action.${value}`) : undefined),
  type: (value, t) => (value === 'points' || value === 'voucher' ? t(`catalogue.type.${value}`) : undefined),
  vatCode: vatText,
  // What was asked for or agreed to, and of which kind a difference or an alert was.
  deed: (value, t) => knownText(t, `deed.${value}`, `audited.${value}`),
  kind: (value, t) => knownText(t, `difference.kind.${value}`, `alert.${value}`),
}

/** A code of VAT in words; undefined where it is none. */
export function vatText(code: string, t: Translate): string | undefined {
  if (code === 'VATNONE') return t('catalogue.vat_none')
  const [, rate, added] = /^RUS_VAT(\d+)(_ADDED)?$/.exec(code) ?? []
  if (rate === undefined) return undefined
  return added === undefined ? t('catalogue.vat_inside', { rate }) : t('catalogue.vat_on_top', { rate })
}

/**
 * A fact as a person reads it: amounts written `12.00 PTS` become `12 points`, switches become words; what is absent or empty is a dash.
 * @param name of the fact: roles, states, codes and amounts without a unit are told as such only where it says that they are
 */
export function factText(value: string | boolean | null | undefined, { language, t, logins }: Reader, name?: string): string {
  if (value === undefined || value === null || value === '') return '—'
  if (typeof value === 'boolean') return t(value ? 'admin.yes' : 'admin.no')
  if (value === 'unlimited') return t('admin.unlimited')
  const word = name !== undefined && Object.hasOwn(WORDS, name) ? WORDS[name]?.(value, t) : undefined
  if (word !== undefined) return word
  if (name === 'assigned' || name === 'staff') return peopleText(value, logins)
  if (name === 'request') return value.replace(WHOLE_ID, '…$1')
  if (name === 'approval_steps' || name === 'steps') return stepsText(value, language, logins)
  return amountsText(value, language, name)
}

type Logins = Reader['logins']

const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/

/** Ids between blanks as logins with commas; what holds no ids stays as it is. */
function peopleText(value: string, logins: Logins): string {
  if (!ID.test(value)) return value
  return value
    .split(' ')
    .map((id) => logins?.get(`staff:${id}`) ?? `…${id.slice(-8)}`)
    .join(', ')
}

/** Of an id its end is told, as everywhere. */
const WHOLE_ID = /^[0-9a-f-]{28}([0-9a-f]{8})$/

const STEP = /^(\d+\.\d\d)(?: ₽:)? (.+)$/

/** From which sum on who signs: `5000.00 id id; 100000.00 id`, or the same with logins as previews tell it. */
const stepsText = (value: string, language: Language, logins: Logins): string =>
  value
    .split('; ')
    .map((step) => {
      const [, from, people] = STEP.exec(step) ?? []
      if (from === undefined || people === undefined) return step
      return `${formatMoney(parseMoney(from, 'RUB'), language)}: ${peopleText(people, logins)}`
    })
    .join('; ')

function amountsText(value: string, language: Language, name = ''): string {
  const unit = Object.hasOwn(UNITS, name) ? UNITS[name] : undefined
  const parts =
    unit === undefined || AMOUNT.test(value) ? [value] : value.split(' ').map((part) => (BARE.test(part) ? `${part} ${unit}` : part))
  if (!parts.every((part) => AMOUNT.test(part))) return value
  return parts.map((part) => formatMoney(parseMoney(part.slice(0, -4), part.endsWith('PTS') ? 'PTS' : 'RUB'), language)).join(', ')
}

/** The name of a fact in the reader's language; one without a text keeps its own name. */
export const factLabel = (name: string, t: Translate): string => knownText(t, `fact.${name}`) ?? name

/** Everything that is named before or after, in that order. */
export function factRows({ before, after }: { before: AuditFacts; after: AuditFacts }, reader: Reader): FactRow[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].map((name) => {
    const [was, is] = [factText(before[name], reader, name), factText(after[name], reader, name)]
    return { label: factLabel(name, reader.t), before: was, after: is, isChanged: was !== is }
  })
}
