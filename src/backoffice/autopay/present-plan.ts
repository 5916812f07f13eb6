import { DECISIONS, GATES, whyText } from '../../autopay'
import type { DecisionKind, Organisation, Plan, WhyReader } from '../../autopay'
import { toDecimal } from '../../shared/money'
import { formatMoney } from '../../shared/texts/format'
import { asChoice, chipsOf, listHref } from '../filters'
import type { Chip } from '../filters'
import { portionOf } from '../portion'
import { momentCell, momentText, toldAt } from '../reader'
import type { Reader, Sentence } from '../reader'
import { numberCell } from '../table'
import type { Column, Mark, Table, TableRow } from '../table'
import { INVOICES, PLAN } from './desk'
import { filteredLines, shutGate } from './plan-lines'
import type { PlanLine, PlanQuery, WholePlan } from './plan-lines'
import { amountText, numberText } from './present-queue'
import { utcOf } from './why-cell'

const MARKS = { pay: 'good', ask: 'wait', wait: 'wait', hold: 'bad', refuse: 'bad' } as const satisfies Record<DecisionKind, Mark>

/** The whole plan as a file. */
export const PLAN_FILE = `${PLAN}.csv`

export interface PlanView {
  readonly organisations: readonly Organisation[]
  readonly query: PlanQuery
  /** The id of the last one that was shown. */
  readonly after: string | undefined
  readonly seesAll: boolean
  readonly seesFund: boolean
  readonly mayExport: boolean
}

interface Choice {
  readonly value: string
  readonly text: string
}

/** A filter with its choices. */
interface Field {
  readonly name: keyof PlanQuery
  readonly label: string
  readonly value: string
  readonly choices: readonly Choice[]
}

export interface PlanPage {
  readonly note: Sentence
  /** What others may take out of the fund first, told to whoever does not see them. */
  readonly alone: string | null
  /** Sums are of the whole plan, whatever is shown of it. */
  readonly sum: string
  readonly fund: string | null
  readonly fields: readonly Field[]
  readonly chips: readonly Chip[]
  /** How many the filters leave; null without filters. */
  readonly found: string | null
  readonly path: string
  readonly exportHref: string | null
  readonly table: Table
}

export function presentPlan({ plan, lines }: WholePlan, view: PlanView, reader: Reader): PlanPage {
  const { t, language } = reader
  const roubles = (minor: bigint): string => formatMoney({ minor, unit: 'RUB' }, language)
  const paying = plan.items.filter(({ decision }) => decision.decision === 'pay')
  const sum = paying.reduce((total, { invoice }) => total + invoice.amount.minor, 0n)
  const readAt = lastRead(plan)
  const found = filteredLines(lines, view.query)
  const fields = fieldsOf(view, reader)
  return {
    note: readAt ? toldAt(t('autopay.plan.note', { at: momentText(readAt, reader) }), readAt) : { text: t('autopay.plan.never') },
    alone: view.seesAll ? null : t('autopay.plan.alone'),
    sum: t('autopay.plan.sum', { count: String(paying.length), amount: roubles(sum) }),
    fund: view.seesFund ? t('autopay.plan.fund', { before: roubles(plan.fund), after: roubles(plan.fundAfter) }) : null,
    fields: fields.map((field) => ({ ...field, choices: field.choices.map(({ value, text }) => ({ value, text: asChoice(text) })) })),
    chips: chipsOf(PLAN, view.query, Object.fromEntries(fields.map((field) => [field.name, (value: string) => chipText(field, value)]))),
    found: found.length === lines.length ? null : t('autopay.plan.found', { count: String(found.length), all: String(lines.length) }),
    path: PLAN,
    exportHref: view.mayExport ? listHref(PLAN_FILE, view.query) : null,
    table: planTable(found, view, reader),
  }
}

const lastRead = ({ items }: Plan): Date | null =>
  items.reduce<Date | null>((latest, { invoice }) => (latest && latest > invoice.lastSeenAt ? latest : invoice.lastSeenAt), null)

/** What is chosen, in words; what is no choice stays as it stands in the address. */
const chipText = ({ label, choices }: Field, value: string): string =>
  `${label}: ${choices.find((choice) => choice.value === value)?.text ?? value}`

function fieldsOf({ organisations, query }: PlanView, { t }: Reader): Field[] {
  const any = { value: '', text: t('autopay.plan.any') }
  return [
    {
      name: 'decision',
      label: t('autopay.plan.decision'),
      value: query.decision ?? '',
      choices: [any, ...DECISIONS.map((value) => ({ value, text: t(`autopay.decision.${value}`) }))],
    },
    {
      name: 'gate',
      label: t('autopay.plan.gate'),
      value: query.gate ?? '',
      choices: [any, ...GATES.map((value) => ({ value, text: t(`autopay.gate.${value}`) }))],
    },
    {
      name: 'organisation',
      label: t('autopay.queue.organisation'),
      value: query.organisation ?? '',
      choices: [
        { value: '', text: t('autopay.queue.all_organisations') },
        ...organisations.map(({ id, name }) => ({ value: id, text: name })),
      ],
    },
  ]
}

const columnsOf = ({ t }: Reader): Column[] => [
  { label: t('autopay.plan.place'), align: 'right' },
  { label: t('autopay.queue.number') },
  { label: t('autopay.queue.organisation') },
  { label: t('autopay.queue.amount'), align: 'right' },
  { label: t('autopay.queue.due') },
  { label: t('autopay.plan.decision') },
  { label: t('autopay.plan.why'), long: true },
]

function planTable(found: readonly PlanLine[], { organisations, query, after }: PlanView, reader: Reader): Table {
  const { t } = reader
  const { shown, links } = portionOf(found, { path: PLAN, query, after })
  const names = namesOf(organisations)
  const isFiltered = Object.values(query).some((value) => value !== undefined && value !== '')
  return {
    caption: t('autopay.plan.heading'),
    columns: columnsOf(reader),
    rows: shown.map((line) => rowOf(line, names, reader)),
    empty: t(isFiltered ? 'autopay.plan.none' : 'autopay.plan.empty'),
    isForward: true,
    ...links,
  }
}

const namesOf = (organisations: readonly Organisation[]): Map<string, string> => new Map(organisations.map(({ id, name }) => [id, name]))

const rowOf = ({ turn, invoice, decision }: PlanLine, names: ReadonlyMap<string, string>, reader: Reader): TableRow => ({
  cells: [
    { text: String(turn) },
    { ...numberCell(numberText(invoice)), href: `${INVOICES}/${invoice.id}` },
    { text: names.get(invoice.organisationId) ?? '—' },
    { text: amountText(invoice.amount, reader) },
    invoice.dueAt === null ? { text: '—' } : momentCell(invoice.dueAt, reader),
    { text: reader.t(`autopay.decision.${decision.decision}`), mark: MARKS[decision.decision] },
    { text: whyOf(decision, reader), title: utcOf(decision.why) },
  ],
})

const whyOf = ({ why }: PlanLine['decision'], reader: WhyReader): string => why.map((line) => whyText(line, reader)).join('. ')

export const PLAN_HEADER = ['turn', 'invoice', 'number', 'organisation', 'amount', 'currency', 'due', 'decision', 'gate', 'why']

/** The rows of the file: times in UTC, amounts as decimals, the gate that stayed shut, the reasons in the reader's language. */
export function* planRows(lines: readonly PlanLine[], organisations: readonly Organisation[], reader: WhyReader): Generator<string[][]> {
  const names = namesOf(organisations)
  for (let from = 0; from < lines.length; from += ROWS_AT_ONCE)
    yield lines.slice(from, from + ROWS_AT_ONCE).map((line) => planCells(line, names, reader))
}

const ROWS_AT_ONCE = 200

const planCells = ({ turn, invoice, decision }: PlanLine, names: ReadonlyMap<string, string>, reader: WhyReader): string[] => [
  String(turn),
  invoice.id,
  invoice.number,
  names.get(invoice.organisationId) ?? invoice.organisationId,
  invoice.amount === null ? '' : toDecimal(invoice.amount.minor),
  invoice.amount?.unit ?? '',
  invoice.dueAt?.toISOString() ?? '',
  decision.decision,
  shutGate(decision) ?? '',
  whyOf(decision, reader),
]
