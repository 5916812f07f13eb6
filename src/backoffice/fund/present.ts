import { COVERED_DAYS, MOVEMENT_KINDS } from '../../fund'
import type { FundMovement, FundPicture, Threshold } from '../../fund'
import { csvMoment } from '../../shared/csv'
import { newId } from '../../shared/ids'
import { toDecimal } from '../../shared/money'
import type { Money } from '../../shared/money'
import { readReason } from '../../shared/reasons'
import { formatCount, formatMoney } from '../../shared/texts/format'
import { listHref } from '../filters'
import type { Query } from '../filters'
import { amountHead, momentCell, momentText, timeHead, toldAt } from '../reader'
import type { Reader, Sentence } from '../reader'
import type { Column, Table } from '../table'
import { drawCharts, legendOf } from './chart'
import type { Chart, ChartMark } from './chart'
import { adviceText, dayText, runwayText, wholeRoubles } from './words'

interface Fact {
  readonly label: string
  readonly value: string
}

/** What `views/backoffice/fund.ejs` prints besides the tables. Every text is ready. */
export interface FundView {
  readonly available: string
  readonly numbers: readonly Fact[]
  readonly runway: string
  readonly advice: string | null
  readonly advised: string | null
  readonly coverage: string
  readonly charts: readonly Chart[]
  /** The lines and marks that the chart has. */
  readonly legend: readonly { readonly mark: ChartMark; readonly text: string }[]
  readonly days: Table
  readonly usual: readonly Fact[]
}

export function presentFund(picture: FundPicture, reader: Reader): FundView {
  const { fund, burn, advice, days } = picture
  const { language, t } = reader
  const today = days.at(-1)?.day ?? ''
  const amount = (money: Money): string => formatMoney(money, language)
  const charts = drawCharts(picture, reader)
  return {
    available: amount(fund.available),
    numbers: [
      { label: t('fund.balance'), value: amount(fund.balance) },
      { label: t('fund.held'), value: amount(fund.held) },
      { label: t('fund.floor'), value: amount(fund.floor) },
      { label: t('fund.overdraft'), value: amount(fund.overdraft) },
    ],
    runway: runwayText(picture, burn !== undefined, reader),
    advice: advice && adviceText(advice, today, reader),
    advised: advice && t('fund.advised', { count: COVERED_DAYS, days: String(COVERED_DAYS) }),
    coverage: coverageText(picture, reader),
    charts,
    legend: legendOf(charts).map((mark) => ({ mark, text: t(`fund.legend.${mark}`) })),
    days: presentDays(picture, reader),
    usual: (burn ?? []).map((kopecks, weekday) => ({
      label: t(`fund.weekday.${weekday}` as 'fund.weekday.0'),
      value: wholeRoubles({ minor: kopecks, unit: 'RUB' }, language),
    })),
  }
}

function coverageText({ coverage }: FundPicture, { language, t }: Reader): string {
  const { outstanding, worth, balance, percent } = coverage
  if (percent === null) return t('fund.coverage_none')
  return t('fund.coverage', {
    points: formatMoney(outstanding, language),
    worth: formatMoney(worth, language),
    balance: formatMoney(balance, language),
    percent: formatCount(percent, language),
  })
}

const right = (label: string): Column => ({ label, align: 'right' })

/** The numbers of the chart, newest first. */
function presentDays({ days }: FundPicture, { language, t }: Reader): Table {
  const amount = (minor: bigint): { text: string } => ({ text: formatMoney({ minor, unit: 'RUB' }, language) })
  return {
    caption: t('fund.days'),
    columns: [
      { label: t('fund.day') },
      right(t('fund.opening')),
      right(t('fund.deposited')),
      right(t('fund.returned')),
      right(t('fund.spent')),
      right(t('fund.closing')),
    ],
    rows: [...days].reverse().map(({ day, opening, deposited, returned, spent, closing }) => ({
      cells: [{ text: dayText(day, language) }, ...[opening, deposited, returned, spent, closing].map(amount)],
    })),
    empty: t('admin.none'),
  }
}

export interface ThresholdLine {
  readonly id: string
  /** Of the form that removes it. */
  readonly key: string
  readonly amount: string
  readonly isCrossed: boolean
  readonly state: Sentence
}

export const presentThresholds = (thresholds: readonly Threshold[], reader: Reader): ThresholdLine[] =>
  thresholds.map(({ id, amount, crossedAt }) => ({
    id,
    key: newId(),
    amount: formatMoney(amount, reader.language),
    isCrossed: crossedAt !== null,
    state:
      crossedAt === null
        ? { text: reader.t('fund.threshold_above') }
        : toldAt(reader.t('fund.threshold_below', { at: momentText(crossedAt, reader) }), crossedAt),
  }))

export interface MovementsView {
  readonly movements: readonly FundMovement[]
  readonly hasMore: boolean
  readonly query: Query
  /** Whether payments may be opened. */
  readonly links: boolean
}

export const MOVEMENTS = '/admin/fund/movements'

export function presentMovements({ movements, hasMore, query, links }: MovementsView, reader: Reader): Table {
  const { t, language } = reader
  const last = movements.at(-1)
  return {
    caption: t('fund.movements'),
    columns: [
      { label: t('fund.at') },
      { label: t('fund.kind') },
      right(t('fund.amount')),
      right(t('fund.balance_after')),
      { label: t('fund.why') },
    ],
    rows: movements.map((movement) => ({
      cells: [
        momentCell(movement.at, reader),
        {
          text: kindText(movement.kind, reader),
          href: links && movement.reference !== null ? `/admin/payments/${movement.reference}` : undefined,
        },
        { text: `${movement.amount.minor > 0n ? '+' : ''}${formatMoney(movement.amount, language)}` },
        { text: formatMoney(movement.balanceAfter, language) },
        { text: movement.reason === null ? '—' : readReason(movement.reason, t) },
      ],
    })),
    empty: t('fund.no_movements'),
    ...(hasMore && last && { olderHref: listHref(MOVEMENTS, { ...query, before: String(last.cursor) }) }),
    ...(query.before !== undefined && { newestHref: listHref(MOVEMENTS, { ...query, before: undefined }) }),
  }
}

export const kindText = (kind: FundMovement['kind'], { t }: Pick<Reader, 't'>): string => t(`fund.kind.${kind ?? 'other'}`)

export const kindChoices = (reader: Reader): { value: string; text: string }[] => [
  { value: '', text: reader.t('fund.kind.all') },
  ...MOVEMENT_KINDS.map((kind) => ({ value: kind, text: kindText(kind, reader) })),
]

export const movementHeader = (reader: Reader): string[] => [
  timeHead(reader.t('fund.at'), reader),
  reader.t('fund.kind'),
  amountHead(reader.t('fund.amount'), 'RUB', reader),
  amountHead(reader.t('fund.balance_after'), 'RUB', reader),
  reader.t('payment.id'),
  reader.t('fund.why'),
]

/** One row of the export: what the page shows, but amounts as decimals. */
export const movementCells = ({ at, kind, amount, balanceAfter, reference, reason }: FundMovement, reader: Reader): string[] => [
  csvMoment(at, reader.zone),
  kindText(kind, reader),
  toDecimal(amount.minor),
  toDecimal(balanceAfter.minor),
  reference ?? '',
  reason === null ? '' : readReason(reason, reader.t),
]
