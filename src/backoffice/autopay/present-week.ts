import type { DueDay, Total } from '../../autopay'
import type { FundPicture } from '../../fund'
import { addDays } from '../../shared/days'
import { formatMoney } from '../../shared/texts/format'
import { drawCharts, legendOf } from '../fund/chart'
import type { Chart, ChartMark } from '../fund/chart'
import { dayText } from '../fund/words'
import type { Reader } from '../reader'
import type { Table } from '../table'

/** What is due this week against the fund: a chart, its numbers, and what is missing. */
export interface WeekView {
  readonly charts: readonly Chart[]
  readonly legend: readonly { readonly mark: ChartMark; readonly text: string }[]
  readonly table: Table
  readonly short: string | null
  /** What the numbers leave out, since somebody must look at it first. */
  readonly held: string | null
}

const PAST_DAYS = 7

/** @param held what is under Exceptions @param picture null for whoever may not see the fund: they see what is due alone */
export function presentWeek(week: readonly DueDay[], held: Total, picture: FundPicture | null, reader: Reader): WeekView {
  const levels = picture && levelsOf(week, picture)
  const last = levels?.at(-1)
  const spendable = picture ? picture.fund.available.minor - picture.fund.floor.minor : 0n
  const total = week.reduce((sum, { amount }) => sum + amount, 0n)
  const missing = total - spendable
  const charts = picture && last ? chartsOf(week, picture, reader) : []
  return {
    charts,
    legend: legendOf(charts).map((mark) => ({
      mark,
      text: mark === 'forecast' ? reader.t('autopay.week.chart') : reader.t(`fund.legend.${mark}`),
    })),
    table: tableOf(week, levels, reader),
    held: held.count === 0 ? null : reader.t('autopay.week.held', { sum: countSum(held, reader) }),
    short: picture && missing > 0n ? reader.t('autopay.week.short', { amount: roubles(missing, reader) }) : null,
  }
}

const roubles = (minor: bigint, { language }: Pick<Reader, 'language'>): string => formatMoney({ minor, unit: 'RUB' }, language)

const countSum = ({ count, amount }: Total, reader: Reader): string =>
  reader.t('autopay.count_sum', { count: String(count), amount: roubles(amount, reader) })

/** What is left at the end of each day when everything is paid that falls due by then. */
function levelsOf(week: readonly DueDay[], { fund }: FundPicture): bigint[] {
  let level = fund.available.minor
  return week.map(({ amount }) => (level -= amount))
}

/** The fund's own chart with the last days behind and what is left at the end of each day before it, as the table says; today stands at what it has now. Where only today is known, yesterday ended with what today began with. */
function chartsOf(week: readonly DueDay[], picture: FundPicture, reader: Reader): Chart[] {
  const levels = levelsOf(week, picture)
  const known = picture.days.slice(-PAST_DAYS)
  const [first] = known
  if (!first) return []
  const before = { ...first, day: addDays(first.day, -1), deposited: 0n, closing: first.opening }
  const days = known.length < 2 ? [before, ...known] : known
  const expected = week.map(({ day }, index) => ({ day, level: levels[index] ?? 0n }))
  return drawCharts({ ...picture, days, expected }, reader).map((chart) => ({ ...chart, title: reader.t('autopay.week.chart') }))
}

const tableOf = (week: readonly DueDay[], levels: readonly bigint[] | null, reader: Reader): Table => ({
  caption: reader.t('autopay.week.heading'),
  columns: [
    { label: reader.t('autopay.week.day') },
    { label: reader.t('autopay.week.due'), align: 'right' },
    ...(levels ? [{ label: reader.t('autopay.week.left'), align: 'right' as const }] : []),
  ],
  rows: week.map(({ day, count, amount }, index) => ({
    cells: [
      { text: dayText(day, reader.language) },
      { text: count === 0 ? '—' : countSum({ count, amount }, reader) },
      ...(levels ? [{ text: roubles(levels[index] ?? 0n, reader) }] : []),
    ],
  })),
  empty: reader.t('admin.none'),
})
