import type { EntryView } from '../ledger'
import { money } from '../shared/money'
import { readReason } from '../shared/reasons'
import type { Refusal } from '../shared/refusals'
import type { Translate, Language } from '../shared/texts'
import { formatMoment, formatMoney } from '../shared/texts/format'
import type { Receipt, Statement } from './read-statement'

/** What `views/members/sign-in.ejs` prints. */
export interface SignInPage {
  readonly alert?: { readonly role: 'alert'; readonly text: string }
  /** True when the alert speaks of the two fields. */
  readonly invalid: boolean
  /** What was typed, so that it need not be typed again. */
  readonly login: string
  /** A path of ours to go on to, for the hidden field; empty when there is none. */
  readonly next: string
}

export function presentSignIn(form: { next: string | undefined; login?: string; refusal?: Refusal }, t: Translate): SignInPage {
  const { next = '', login = '', refusal } = form
  return {
    ...(refusal && { alert: { role: 'alert', text: t(`refusal.${refusal.code}`) } }),
    invalid: refusal?.code === 'wrong_login_or_password',
    login,
    next,
  }
}

/** What `views/members/account.ejs` prints. Every text is ready. */
export interface AccountPage {
  readonly login: string
  readonly available: string
  readonly held: string
  readonly balance: string
  readonly lockedText?: string
  readonly entries: readonly StatementLine[]
  readonly olderHref?: string
  readonly newestHref?: string
}

export interface StatementLine {
  readonly at: string
  readonly what: string
  readonly amount: string
  readonly sign: 'plus' | 'minus'
  readonly balanceAfter: string
  readonly link?: string
}

export function presentAccount({ member, points, history, receipts, older }: Statement, language: Language, t: Translate): AccountPage {
  const { lockedAt, lockedReason } = member
  const lockedText = lockedReason === null ? t('account.locked') : t('account.locked_reason', { reason: readReason(lockedReason, t) })
  return {
    login: member.login,
    available: formatMoney(points.available, language),
    held: formatMoney(points.held, language),
    balance: formatMoney(points.balance, language),
    entries: history.entries.map((entry) => presentEntry(entry, receipts.get(entry.reference ?? ''), language, t)),
    ...(lockedAt && { lockedText }),
    ...(history.olderBefore !== null && { olderHref: `/account?before=${String(history.olderBefore)}` }),
    ...(older && { newestHref: '/account' }),
  }
}

function presentEntry(entry: EntryView, receipt: Receipt | undefined, language: Language, t: Translate): StatementLine {
  const arrives = entry.amount > 0n
  return {
    at: formatMoment(entry.at, language),
    what: movementName(entry.kind, receipt?.number, t),
    amount: `${arrives ? '+' : ''}${formatMoney(money(entry.amount, 'PTS'), language)}`,
    sign: arrives ? 'plus' : 'minus',
    balanceAfter: formatMoney(money(entry.balanceAfter, 'PTS'), language),
    ...(receipt && { link: receipt.href }),
  }
}

const NAMED = ['accrual', 'adjustment', 'redemption', 'reversal', 'top_up', 'refund'] as const

/** What a movement is called on a statement. @param number of the invoice, where the movement belongs to a payment */
export function movementName(kind: string, number: string | undefined, t: Translate): string {
  if (kind === 'redemption' && number !== undefined) return t('entry.redemption_of', { number })
  const named = NAMED.find((name) => name === kind)
  return named ? t(`entry.${named}`) : t('entry.other')
}
