import type { FundPicture } from '../../fund'
import type { Day } from '../../shared/days'
import type { Reader } from '../reader'
import { axisText, dayText, shortDay, wholeRoubles } from './words'

/** What the view prints as SVG. Places are in the units of the view box; every text is ready. */
export interface Chart {
  readonly id: string
  readonly className: string
  readonly width: number
  readonly height: number
  readonly plot: { readonly left: number; readonly right: number; readonly top: number; readonly bottom: number }
  readonly title: string
  readonly description: string
  readonly yTicks: readonly { readonly y: string; readonly text: string }[]
  readonly xTicks: readonly { readonly x: string; readonly text: string; readonly anchor: 'start' | 'middle' | 'end' }[]
  readonly level: string
  readonly forecast: string | null
  readonly floor: string | null
  readonly today: { readonly x: string; readonly text: string; readonly anchor: 'middle' | 'end' }
  readonly deposits: readonly { readonly x: string; readonly y: string; readonly text: string }[]
}

interface Size {
  readonly id: string
  readonly className: string
  readonly width: number
  readonly height: number
  /** Room for the labels of the amounts. */
  readonly left: number
  /** So many days from one label to the next. */
  readonly everyDays: number
}

/** A chart that shrinks becomes unreadable, so a narrow screen gets one of its own. */
const SIZES: readonly Size[] = [
  { id: 'chart-wide', className: 'chart chart-wide', width: 880, height: 320, left: 76, everyDays: 7 },
  { id: 'chart-narrow', className: 'chart chart-narrow', width: 320, height: 260, left: 62, everyDays: 21 },
]

/** Above the plot stands the word for today. */
const TOP = 26
const RIGHT = 14
const BOTTOM = 28

type Scale = (value: number) => string

/** The level of the fund day by day, the deposits, and what is expected for the next two weeks. Empty before the first day is over. */
export function drawCharts(picture: FundPicture, reader: Reader): Chart[] {
  return picture.days.length < 2 ? [] : SIZES.map((size) => drawChart(picture, size, reader))
}

export type ChartMark = 'level' | 'forecast' | 'deposit' | 'floor'

/** What a legend explains: what is not drawn needs no word. */
export const legendOf = ([chart]: readonly Chart[]): ChartMark[] =>
  chart === undefined
    ? []
    : [
        'level',
        ...(chart.forecast === null ? [] : (['forecast'] as const)),
        ...(chart.deposits.length === 0 ? [] : (['deposit'] as const)),
        ...(chart.floor === null ? [] : (['floor'] as const)),
      ]

const roubles = (kopecks: bigint): number => Number(kopecks) / 100

function drawChart(picture: FundPicture, size: Size, reader: Reader): Chart {
  const { days, expected } = picture
  const past = days.map(({ closing }) => roubles(closing))
  const future = expected.slice(1).map(({ level }) => roubles(level))
  const ticks = niceTicks([...past, ...future, roubles(picture.floor.minor), 0])
  const plot = { left: size.left, right: size.width - RIGHT, top: TOP, bottom: size.height - BOTTOM }
  const x = scale([0, past.length + future.length - 1], [plot.left, plot.right])
  const y = scale([ticks[0] ?? 0, ticks.at(-1) ?? 1], [plot.bottom, plot.top])
  const path = (values: readonly number[], from: number): string => values.map((value, index) => `${x(from + index)},${y(value)}`).join(' ')
  return {
    ...size,
    plot,
    title: reader.t('fund.chart'),
    description: describe(picture, reader),
    yTicks: ticks.map((value) => ({ y: y(value), text: axisText(value, reader) })),
    xTicks: dayTicks(
      [...days, ...expected.slice(1)].map(({ day }) => day),
      days.length - 1,
      size.everyDays,
      x,
    ),
    level: path(past, 0),
    forecast: future.length === 0 ? null : path([past.at(-1) ?? 0, ...future], past.length - 1),
    floor: picture.floor.minor > 0n ? y(roubles(picture.floor.minor)) : null,
    today: { x: x(past.length - 1), text: reader.t('fund.chart_today'), anchor: future.length > 4 ? 'middle' : 'end' },
    deposits: depositMarks(picture, reader, x, y),
  }
}

const scale =
  ([from, to]: readonly [number, number], [start, end]: readonly [number, number]): Scale =>
  (value) =>
    (start + ((value - from) / (to - from || 1)) * (end - start)).toFixed(1)

/** Round amounts that hold all values between the first and the last, six at most. */
function niceTicks(values: readonly number[]): number[] {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const rough = (high - low) / 4 || 1
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough) ?? 10 * power
  const first = Math.floor(low / step)
  return Array.from({ length: Math.max(1, Math.ceil(high / step) - first) + 1 }, (_, index) => (first + index) * step)
}

/** Labels count from today in both directions, so that today always has one. */
function dayTicks(days: readonly Day[], today: number, every: number, x: Scale): Chart['xTicks'] {
  const last = days.length - 1
  return days.flatMap((day, index) => {
    if ((index - today) % every !== 0) return []
    const anchor = index < every / 4 ? 'start' : index > last - every / 4 ? 'end' : 'middle'
    return [{ x: x(index), text: shortDay(day), anchor } as const]
  })
}

const depositMarks = ({ days }: FundPicture, { language, t }: Reader, x: Scale, y: Scale): Chart['deposits'] =>
  days.flatMap(({ day, deposited, closing }, index) =>
    deposited === 0n
      ? []
      : [
          {
            x: x(index),
            y: y(roubles(closing)),
            text: t('fund.chart_deposit', {
              day: dayText(day, language),
              amount: wholeRoubles({ minor: deposited, unit: 'RUB' }, language),
            }),
          },
        ],
  )

function describe({ days, expected }: FundPicture, { language, t }: Reader): string {
  const [first, last, end] = [days[0], days.at(-1), expected.at(-1)]
  if (!first || !last) return ''
  const told = t('fund.chart_description', {
    from: dayText(first.day, language),
    to: dayText(last.day, language),
    first: wholeRoubles({ minor: first.opening, unit: 'RUB' }, language),
    last: wholeRoubles({ minor: last.closing, unit: 'RUB' }, language),
  })
  if (!end) return told
  const level = wholeRoubles({ minor: end.level, unit: 'RUB' }, language)
  return `${told} ${t('fund.chart_expected', { day: dayText(end.day, language), level })}`
}
