import type { StaffActor } from '../../shared/actor'
import { SECOND } from '../../shared/clock'
import { may } from '../../shared/permissions'
import { formatMoney } from '../../shared/texts/format'
import { adviceText, runwayText } from '../fund/words'
import { momentText, toldAt } from '../reader'
import type { Reader } from '../reader'
import type { Mark, Table } from '../table'
import { presentAlerts, presentCloses } from './present-alerts'
import type { AlertClose } from './present-alerts'
import { MOST_ALERTS, MOST_COUNTED } from './read-home'
import type { Home } from './read-home'
import type { Day } from '../../shared/days'

/** One of the four answers: an icon and a word, then what it rests on. */
export interface Answer {
  readonly name: 'money' | 'fund' | 'needs' | 'invoicebox'
  readonly heading: string
  readonly answer: string
  readonly mark: Mark
  readonly lines: readonly { readonly text: string; readonly title?: string | undefined; readonly href?: string }[]
}

/** What `views/backoffice/home.ejs` prints. */
export interface HomePage {
  readonly answers: readonly Answer[]
  /** Shown as a bar while a proof runs. */
  readonly progress: { readonly done: number; readonly of: number; readonly text: string } | null
  readonly mayProve: boolean
  readonly alerts: Table
  readonly moreAlerts: string | null
  readonly close: readonly AlertClose[]
}

export function presentHome(home: Home, staff: StaffActor, today: Day, reader: Reader): HomePage {
  const { t } = reader
  const { running } = home.money
  const shown = { alerts: home.alerts.slice(0, MOST_ALERTS), names: home.names }
  return {
    answers: [moneyAnswer(home, reader), fundAnswer(home, today, reader), needsAnswer(home, reader), invoiceboxAnswer(home, reader)],
    progress: running && {
      done: running.stepsDone,
      of: running.steps,
      text: t('home.proving', { done: String(running.stepsDone), of: String(running.steps) }),
    },
    mayProve: may(staff, 'ledger.verify'),
    alerts: presentAlerts(shown, staff, reader),
    moreAlerts: home.alerts.length > MOST_ALERTS ? t('home.more_alerts', { amount: String(MOST_ALERTS) }) : null,
    close: presentCloses(shown, staff, reader),
  }
}

function moneyAnswer({ money: { last, running } }: Home, reader: Reader): Answer {
  const { t } = reader
  const about = { name: 'money', heading: t('home.money') } as const
  if (!last?.endedAt) return { ...about, answer: t(running ? 'home.money.first' : 'home.money.never'), mark: 'wait', lines: [] }
  const time = toldAt(t('home.money.at', { at: momentText(last.endedAt, reader) }), last.endedAt)
  if (last.findings.length === 0) return { ...about, answer: t('home.money.right'), mark: 'good', lines: [time] }
  const told = last.findings.slice(0, 3).map((text) => ({ text }))
  return {
    ...about,
    answer: t('home.money.wrong', { count: last.findings.length, amount: String(last.findings.length) }),
    mark: 'bad',
    lines: [...told, time],
  }
}

function fundAnswer({ fund }: Home, today: Day, reader: Reader): Answer {
  const { t, language } = reader
  const about = { name: 'fund', heading: t('home.fund') } as const
  if (!fund) return { ...about, answer: t('home.no_right'), mark: 'off', lines: [] }
  const amounts = { available: formatMoney(fund.available, language), floor: formatMoney(fund.floor, language) }
  const level = { text: t('home.fund.level', amounts), href: '/admin/fund' }
  const advice = fund.advice ? [{ text: adviceText(fund.advice, today, reader) }] : []
  if (fund.available.minor <= fund.floor.minor) return { ...about, answer: t('home.fund.short'), mark: 'bad', lines: [level, ...advice] }
  const isKnown = fund.burn !== undefined
  const forecast = runwayText(fund, isKnown, reader)
  if (!isKnown) return { ...about, answer: t('home.fund.unknown'), mark: 'wait', lines: [{ text: forecast }, level, ...advice] }
  return { ...about, answer: forecast, mark: fund.advice ? 'wait' : 'good', lines: [level, ...advice] }
}

/** `12`, or `> 1000` where counting stopped. */
const counted = (number: number): string => (number > MOST_COUNTED ? `> ${String(MOST_COUNTED)}` : String(number))

function needsAnswer({ alerts, reviews, approvals, signatures, exceptions, differences }: Home, { t }: Reader): Answer {
  const alertCount = alerts.length > MOST_ALERTS ? `> ${String(MOST_ALERTS)}` : String(alerts.length)
  const total = alerts.length + reviews + (approvals ?? 0) + (signatures ?? 0) + (exceptions ?? 0) + differences
  return {
    name: 'needs',
    heading: t('home.needs'),
    answer: total === 0 ? t('home.needs.nothing') : t('home.needs.something'),
    mark: total === 0 ? 'good' : 'wait',
    lines: [
      { text: t('home.needs.alerts', { amount: alertCount }), href: '#alerts' },
      { text: t('home.needs.reviews', { amount: counted(reviews) }), href: '/admin/payments?state=review' },
      { text: t('home.needs.differences', { amount: counted(differences) }), href: '/admin/reconciliation' },
      ...(approvals === null ? [] : [{ text: t('home.needs.approvals', { amount: counted(approvals) }), href: '/admin/approvals' }]),
      ...(signatures === null
        ? []
        : [{ text: t('home.needs.signatures', { amount: counted(signatures) }), href: '/admin/autopay/queue/mine' }]),
      ...(exceptions === null
        ? []
        : [{ text: t('home.needs.exceptions', { amount: counted(exceptions) }), href: '/admin/autopay/queue/exceptions' }]),
    ],
  }
}

/** How many requests are in use; the limit is told apart only while it is lowered. */
function budgetText(budget: Home['budget'], { t }: Reader): string {
  if (!budget) return t('home.invoicebox.unlimited')
  const used = String(Object.values(budget.used).reduce((total, one) => total + one, 0))
  const limit = String(budget.limit)
  if (budget.allowed >= budget.limit) return t('home.invoicebox.budget', { used, limit })
  return t('home.invoicebox.budget_lowered', { used, allowed: String(budget.allowed), limit })
}

function invoiceboxAnswer({ circuit, budget }: Home, reader: Reader): Answer {
  const { t } = reader
  const budgetLine = { text: budgetText(budget, reader) }
  const closed =
    budget && budget.closedForMs > 0
      ? [{ text: t('home.invoicebox.closed', { seconds: String(Math.ceil(budget.closedForMs / SECOND)) }) }]
      : []
  const about = { name: 'invoicebox', heading: t('home.invoicebox') } as const
  if (!circuit.open)
    return { ...about, answer: t('home.invoicebox.ok'), mark: closed.length > 0 ? 'wait' : 'good', lines: [...closed, budgetLine] }
  const until = toldAt(t('home.invoicebox.until', { at: momentText(circuit.until, reader) }), circuit.until)
  return {
    ...about,
    answer: t(circuit.reason === 'unauthorized' ? 'home.invoicebox.refuses' : 'home.invoicebox.out'),
    mark: 'bad',
    lines: [until, ...closed, budgetLine],
  }
}
