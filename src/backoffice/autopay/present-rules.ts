import { isInForce, flatten, RULE_FIELDS } from '../../autopay'
import type { Organisation, Rule, RuleBody, RuleField, RuleVersion } from '../../autopay'
import { dayOf } from '../../shared/days'
import { parseMoney } from '../../shared/money'
import { formatMoney } from '../../shared/texts/format'
import { momentCell } from '../reader'
import type { Reader } from '../reader'
import type { Cell, Mark, Table } from '../table'
import { organisationPath, rulePath } from './paths'

interface RulesView {
  readonly rules: readonly Rule[]
  /** null where the page is about one organisation, so that its name is not told in every row. */
  readonly organisations: readonly Organisation[] | null
  readonly now: Date
}

export function presentRules({ rules, organisations, now }: RulesView, reader: Reader): Table {
  const { t } = reader
  const names = organisations && new Map(organisations.map(({ id, name }) => [id, name]))
  return {
    caption: t('autopay.rules.heading'),
    columns: [
      { label: t('autopay.rules.name') },
      ...(names ? [{ label: t('autopay.rules.organisation') }] : []),
      { label: t('autopay.rules.do') },
      { label: t('autopay.rules.caps') },
      { label: t('autopay.rules.priority'), align: 'right' },
      { label: t('autopay.rules.state') },
    ],
    rows: rules.map((rule) => ({
      href: rulePath(rule.id),
      cells: [
        { text: rule.body.name },
        ...(names ? [{ text: names.get(rule.organisationId) ?? '', href: organisationPath(rule.organisationId) }] : []),
        { text: t(`autopay.action.${rule.body.do}`) },
        { text: capsText(rule.body, reader) },
        { text: String(rule.body.priority) },
        stateCell(rule, now, reader),
      ],
    })),
    empty: t('autopay.rules.empty'),
  }
}

/** Whether a rule is on, and whether its dates let it act today. */
export function stateCell(rule: Rule, now: Date, { t, zone }: Reader): Cell {
  const [state, mark]: ['on' | 'off' | 'expired', Mark] = !rule.isOn
    ? ['off', 'off']
    : isInForce(rule, dayOf(now, zone))
      ? ['on', 'good']
      : ['expired', 'wait']
  return { text: t(`autopay.rules.state.${state}`), mark }
}

const CAPS: readonly RuleField[] = ['amountUpTo', 'perInvoice', 'perPayee', 'perDay', 'perMonth']

function capsText(body: RuleBody, reader: Reader): string {
  const caps = factsOf(body, reader).filter(({ field }) => CAPS.includes(field))
  return caps.length === 0 ? reader.t('autopay.rules.no_caps') : caps.map(({ label, value }) => `${label}: ${value}`).join('; ')
}

interface RuleFact {
  readonly field: RuleField
  readonly label: string
  readonly value: string
}

const AMOUNTS: readonly RuleField[] = ['amountFrom', 'amountUpTo', 'perInvoice', 'perPayee', 'perDay', 'perMonth']

/** What a rule says, field by field. */
function factsOf(body: RuleBody, { t, language }: Reader): RuleFact[] {
  const flat = flatten(body)
  return RULE_FIELDS.flatMap((field) => {
    const value = flat[field]
    if (value === null) return []
    const text =
      field === 'do' ? t(`autopay.action.${body.do}`) : AMOUNTS.includes(field) ? formatMoney(parseMoney(value, 'RUB'), language) : value
    return [{ field, label: t(`fact.${field}`), value: text }]
  })
}

/** The versions of a rule, the newest first. @param logins of staff, by how the audit log names them */
export const presentVersions = (versions: readonly RuleVersion[], logins: ReadonlyMap<string, string>, reader: Reader): Table => ({
  caption: reader.t('autopay.rule.versions'),
  columns: [
    { label: reader.t('autopay.rules.version'), align: 'right' },
    { label: reader.t('autopay.rule.version_at') },
    { label: reader.t('autopay.rule.version_by') },
    { label: reader.t('autopay.rule.version_text') },
  ],
  rows: versions.map(({ version, at, by, body }) => ({
    cells: [
      { text: String(version) },
      momentCell(at, reader),
      { text: logins.get(by) ?? by },
      {
        text: factsOf(body, reader)
          .map(({ label, value }) => `${label}: ${value}`)
          .join('; '),
      },
    ],
  })),
  empty: reader.t('admin.none'),
})

/** The editor: what stands in each field, and which of them are wrong. */
export interface RuleForm {
  readonly values: Readonly<Record<RuleField, string>>
  readonly bad: Readonly<Partial<Record<RuleField, string>>>
}

const EMPTY: Readonly<Partial<Record<RuleField, string>>> = { do: 'ask', priority: '100', currency: 'RUB' }

export function ruleForm(body: RuleBody | undefined): RuleForm {
  const flat = body && flatten(body)
  const values = Object.fromEntries(RULE_FIELDS.map((field) => [field, flat ? (flat[field] ?? '') : (EMPTY[field] ?? '')]))
  return { values: values as RuleForm['values'], bad: {} }
}
