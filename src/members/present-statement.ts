import type { Day } from '../shared/days'
import { money } from '../shared/money'
import type { Language, Translate } from '../shared/texts'
import { formatMoment, formatMoney } from '../shared/texts/format'
import type { Movement, PeriodStatement } from './period-statement'
import { movementName } from './present'

/** Whoever reads a statement: in their language, in the operator's time zone. */
export interface StatementReader {
  readonly t: Translate
  readonly language: Language
  readonly zone: string
}

/** What a page of a statement prints. Every text is ready. */
export interface StatementPage {
  readonly from: Day
  readonly to: Day
  readonly period: string
  readonly opening: string
  readonly closing: string
  readonly lines: readonly StatementLine[]
  readonly olderHref?: string
  readonly newestHref?: string
  readonly csvHref: string
  readonly pdfHref: string
}

export interface StatementLine {
  readonly at: string
  readonly atUtc: string
  readonly what: string
  readonly amount: string
  readonly sign: 'plus' | 'minus'
  readonly balanceAfter: string
  readonly reference: string | null
  readonly link?: string
}

export const STATEMENT_PAGE = 50

/** @param path the address of the statement without its query */
export function presentStatement(
  statement: PeriodStatement,
  movements: readonly Movement[],
  at: { readonly path: string; readonly before: bigint | undefined },
  reader: StatementReader,
): StatementPage {
  const { from, to } = statement.period
  const shown = movements.slice(0, STATEMENT_PAGE)
  const last = movements.length > STATEMENT_PAGE ? shown.at(-1) : undefined
  const query = `from=${from}&to=${to}`
  return {
    from,
    to,
    period: periodText(statement, reader),
    opening: points(statement.opening, reader),
    closing: points(statement.closing, reader),
    lines: shown.map((movement) => presentMovement(movement, reader)),
    csvHref: `${at.path}.csv?${query}`,
    pdfHref: `${at.path}.pdf?${query}`,
    ...(last && { olderHref: `${at.path}?${query}&before=${String(last.number)}` }),
    ...(at.before !== undefined && { newestHref: `${at.path}?${query}` }),
  }
}

const points = (minor: bigint, { language }: StatementReader): string => formatMoney(money(minor, 'PTS'), language)

export const movementText = ({ kind, receipt }: Movement, { t }: StatementReader): string => movementName(kind, receipt?.number, t)

function presentMovement(movement: Movement, reader: StatementReader): StatementLine {
  const { amount, balanceAfter, writtenAt, receipt, reference } = movement
  return {
    at: formatMoment(writtenAt, reader.language, reader.zone),
    atUtc: writtenAt.toISOString(),
    what: movementText(movement, reader),
    amount: `${amount > 0n ? '+' : ''}${points(amount, reader)}`,
    sign: amount > 0n ? 'plus' : 'minus',
    balanceAfter: points(balanceAfter, reader),
    reference: receipt ? reference : null,
    ...(receipt && { link: receipt.href }),
  }
}

/** `22.11.2026` or `22 Nov 2026`. */
export function dayText(day: Day, language: Language): string {
  const [year = '', month = '', date = ''] = day.split('-')
  if (language === 'ru') return `${date}.${month}.${year}`
  const name = new Intl.DateTimeFormat('en-US', { month: 'short', timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`))
  return `${Number(date)} ${name} ${year}`
}

export const periodText = ({ period }: Pick<PeriodStatement, 'period'>, { t, language }: StatementReader): string =>
  t('statement.period', { from: dayText(period.from, language), to: dayText(period.to, language) })
