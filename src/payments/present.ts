import { MINUTE } from '../shared/clock'
import { newId } from '../shared/ids'
import { money, pointsPrice, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { readReason } from '../shared/reasons'
import type { Language, Translate } from '../shared/texts'
import { formatMoment, formatMoney, formatWhole } from '../shared/texts/format'
import type { CheckoutState } from './checkout-state'
import type { Checkout, Snapshot } from './checkouts'
import { memberOf } from './payment'
import type { Payment } from './payment'
import { presentOverLimit } from './present-limit'
import { isOpen } from './states'
import type { CheckoutView } from './view-checkout'

interface Speaker {
  readonly t: Translate
  readonly language: Language
}

/** What the checkout page prints: ready texts, in the reader's language. */
export interface CheckoutPage {
  readonly state: CheckoutState
  readonly heading: string
  readonly note?: string
  readonly alert?: { role: 'alert' | 'status'; text: string }
  readonly invoice?: { number: string; amount: string; description: string; deadline?: string; deadlineSoon: boolean }
  readonly numbers?: { now: string; charge: string; left: string }
  readonly signIn?: { action: string; next: string }
  readonly confirm?: { action: string; consent: string; label: string }
  readonly decline?: { action: string; label: string; primary: boolean }
  /** Buys the points that are missing and comes back here. */
  readonly topUp?: { action: string; amount: string; checkout: string; key: string; label: string }
  readonly leave?: { href: string; label: string; primary: boolean }
  /** The page asks again after so many seconds. */
  readonly refreshSeconds?: number
  /** The page follows its `leave` link after so many seconds. */
  readonly onwardSeconds?: number
  readonly receipt?: { rows: { label: string; value: string }[]; href?: string }
  readonly reference?: string
  readonly countdownTo?: string
}

/** Why a page is shown again after a form did not do what it should. */
export type Notice = 'consent'

const CHECK_EVERY_SECONDS = 3
/** Only the way straight out of a payment goes on by itself; whoever comes back later stays on the receipt. */
const ONWARD_WITHIN_MS = MINUTE
const ONWARD_SECONDS = 3

/** Builds the page of a checkout. @param consent the token for the confirm form, for the states that have one */
export function presentCheckout(
  view: CheckoutView,
  speaker: Speaker,
  extra: {
    consent: (invoice: Snapshot, points: Money) => string
    notice?: Notice | undefined
    /** Roubles for so many points; undefined where none can be bought. */
    priceOf?: ((missing: Money) => Money | undefined) | undefined
  },
): CheckoutPage {
  const { state, checkout } = view
  return {
    state,
    ...wordsOf(view, speaker),
    ...alertOf(view, speaker, extra.notice),
    ...(checkout.snapshot && state !== 'paid' ? invoiceOf(checkout.snapshot, view, speaker) : {}), // The receipt says it all once more.
    ...numbersOf(view, speaker),
    ...actionsOf(view, speaker, extra.consent),
    ...topUpOf(view, speaker, extra.priceOf),
    reference: (view.payment?.operationId ?? checkout.id).slice(0, 8).toUpperCase(),
  }
}

const missingOf = ({ checkout, account, rate }: CheckoutView): Money =>
  money(pointsPrice(checkout.snapshot?.amount ?? money(0n, 'RUB'), rate).minor - (account?.available ?? 0n), 'PTS')

/** Where points can be bought, that is the one thing to do; any other way to pay comes second. */
function topUpOf(
  view: CheckoutView,
  { t, language }: Speaker,
  priceOf?: (missing: Money) => Money | undefined,
): Pick<CheckoutPage, 'topUp' | 'decline' | 'note'> {
  const price = view.state === 'not-enough' ? priceOf?.(missingOf(view)) : undefined
  if (!price) return {}
  const checkout = view.checkout.id
  return {
    note: t('pay.not_enough.note_top_up'),
    topUp: {
      action: '/account/top-ups',
      amount: toDecimal(price.minor),
      checkout,
      key: newId(),
      label: t('pay.not_enough.top_up', { amount: formatWhole(price, language) }),
    },
    decline: { action: `/pay/${checkout}/decline`, label: t('pay.decline'), primary: false },
  }
}

function wordsOf(view: CheckoutView, { t, language }: Speaker): { heading: string; note: string } {
  const { state, checkout, payment, account, lockedReason, overLimit, zone } = view
  const number = checkout.snapshot?.number ?? ''
  const amount = checkout.snapshot?.amount ?? money(0n, 'RUB')
  switch (state) {
    case 'sign-in':
      if (!checkout.snapshot) return { heading: t('pay.sign_in.heading_plain'), note: t('pay.sign_in.note_plain') }
      return { heading: t('pay.sign_in.heading', { amount: formatMoney(amount, language) }), note: t('pay.sign_in.note', { number }) }
    case 'ready':
      return { heading: t('pay.ready.heading', { number }), note: t('pay.ready.note') }
    case 'not-enough':
      return {
        heading: t('pay.not_enough.heading', { points: formatMoney(missingOf(view), language, 'points_genitive') }),
        note: t('pay.not_enough.note'),
      }
    case 'amount-changed': {
      const before = formatMoney(checkout.shownAmount ?? amount, language)
      return {
        heading: t('pay.amount_changed.heading', { before, after: formatMoney(amount, language) }),
        note: t('pay.amount_changed.note'),
      }
    }
    case 'paid': {
      const points = formatMoney(payment?.points ?? money(0n, 'PTS'), language)
      return { heading: t('pay.paid.heading'), note: t('pay.paid.note', { points, number: payment?.invoiceNumber ?? number }) }
    }
    case 'blocked':
      if (overLimit && !account?.locked) return presentOverLimit(overLimit, zone, { t, language })
      return {
        heading: t('pay.blocked.heading'),
        note: lockedReason ? t('pay.blocked.reason', { reason: readReason(lockedReason, t) }) : t('pay.blocked.note'),
      }
    default:
      if (checkout.problem === 'own-top-up') return { heading: t('pay.own_top_up.heading'), note: t('pay.own_top_up.note') }
      if (checkout.problem === 'own-voucher') return { heading: t('pay.own_voucher.heading'), note: t('pay.own_voucher.note') }
      return fixedWords(state, t)
  }
}

/** The states whose words depend on nothing. */
function fixedWords(
  state: Exclude<CheckoutState, 'sign-in' | 'ready' | 'not-enough' | 'amount-changed' | 'paid' | 'blocked'>,
  t: Translate,
): { heading: string; note: string } {
  switch (state) {
    case 'checking':
      return { heading: t('pay.checking.heading'), note: t('pay.checking.note') }
    case 'already-paid':
      return { heading: t('pay.already_paid.heading'), note: t('pay.already_paid.note') }
    case 'expired':
      return { heading: t('pay.expired.heading'), note: t('pay.expired.note') }
    case 'cancelled':
      return { heading: t('pay.cancelled.heading'), note: t('pay.cancelled.note') }
    case 'partly-paid':
      return { heading: t('pay.partly_paid.heading'), note: t('pay.partly_paid.note') }
    case 'not-found':
      return { heading: t('pay.not_found.heading'), note: t('pay.not_found.note') }
    case 'unsupported':
      return { heading: t('pay.unsupported.heading'), note: t('pay.unsupported.note') }
    case 'unavailable':
      return { heading: t('pay.unavailable.heading'), note: t('pay.unavailable.note') }
  }
}

function alertOf({ state, payment, memberId, checkout }: CheckoutView, { t }: Speaker, notice?: Notice): Pick<CheckoutPage, 'alert'> {
  const alert = (text: string): Pick<CheckoutPage, 'alert'> => ({ alert: { role: 'alert', text } })
  if (notice === 'consent' && (state === 'ready' || state === 'amount-changed')) return alert(t('pay.alert.consent'))
  if (payment?.state === 'voided' && memberOf(payment) === memberId && payment.checkoutId === checkout.id)
    return alert(t('pay.alert.voided'))
  return payment && isOpen(payment.state) && memberOf(payment) !== memberId ? alert(t('pay.alert.being_paid')) : {}
}

/** "Pay by …" on a page that says that there is nothing to pay would mislead. */
const WITHOUT_DEADLINE: readonly CheckoutState[] = ['checking', 'paid', 'already-paid', 'cancelled']

function invoiceOf(invoice: Snapshot, { state, now }: CheckoutView, { t, language }: Speaker): Pick<CheckoutPage, 'invoice'> {
  const left = invoice.expiresAt.getTime() - now.getTime()
  const deadline = t('pay.deadline', { moment: formatMoment(invoice.expiresAt, language) })
  return {
    invoice: {
      number: t('pay.invoice', { number: invoice.number }),
      amount: formatMoney(invoice.amount, language),
      description: invoice.description,
      ...(WITHOUT_DEADLINE.includes(state) ? {} : { deadline }),
      deadlineSoon: left > 0 && left <= 10 * MINUTE,
    },
  }
}

function numbersOf({ state, checkout, account, rate }: CheckoutView, { language }: Speaker): Pick<CheckoutPage, 'numbers'> {
  if (!account || !checkout.snapshot || !(['ready', 'amount-changed', 'not-enough'] as CheckoutState[]).includes(state)) return {}
  const charge = pointsPrice(checkout.snapshot.amount, rate).minor
  const show = (minor: bigint): string => formatMoney(money(minor, 'PTS'), language)
  return {
    numbers: { now: show(account.available), charge: show(charge), left: state === 'not-enough' ? '—' : show(account.available - charge) },
  }
}

type Actions = Pick<
  CheckoutPage,
  'signIn' | 'confirm' | 'decline' | 'leave' | 'refreshSeconds' | 'onwardSeconds' | 'receipt' | 'countdownTo'
>

function actionsOf(view: CheckoutView, speaker: Speaker, consent: (invoice: Snapshot, points: Money) => string): Actions {
  const { state, checkout, now } = view
  const { t, language } = speaker
  const path = `/pay/${checkout.id}`
  const leave = (primary: boolean, label = t('pay.return')): Actions => ({ leave: { href: failExit(checkout), label, primary } })
  const decline = (primary: boolean): Actions => ({ decline: { action: `${path}/decline`, label: t('pay.decline'), primary } })
  switch (state) {
    case 'sign-in':
      return { signIn: { action: '/sign-in', next: path }, ...leave(false, t('pay.decline')) }
    case 'ready':
    case 'amount-changed': {
      const invoice = checkout.snapshot as Snapshot
      const price = pointsPrice(invoice.amount, view.rate)
      const points = formatMoney(price, language)
      const label = state === 'ready' ? t('pay.ready.confirm', { points }) : t('pay.amount_changed.confirm', { points })
      return {
        confirm: { action: `${path}/confirm`, consent: consent(invoice, price), label },
        ...decline(false),
        ...countdown(invoice, now),
      }
    }
    case 'checking':
      return { refreshSeconds: CHECK_EVERY_SECONDS }
    case 'paid':
      return paidActions(view, speaker)
    case 'not-enough':
    case 'blocked':
      return decline(true)
    case 'unavailable':
      return view.memberId === null ? leave(true, t('pay.decline')) : decline(true)
    case 'already-paid':
      return { leave: { href: checkout.paymentUrl ?? failExit(checkout), label: t('pay.return'), primary: true } }
    default:
      return leave(true)
  }
}

function paidActions({ checkout, payment, now }: CheckoutView, speaker: Speaker): Actions {
  const { t } = speaker
  const href = checkout.paymentUrl ?? '/account'
  const isFresh = payment?.settledAt && now.getTime() - payment.settledAt.getTime() < ONWARD_WITHIN_MS
  return {
    leave: { href, label: t('pay.return_to_invoice'), primary: true },
    ...(isFresh ? { onwardSeconds: ONWARD_SECONDS } : {}),
    ...(payment ? { receipt: { rows: receiptRows(payment, checkout, speaker), href: `/pay/${checkout.id}/receipt` } } : {}),
  }
}

/** A countdown only when time is really short: an invoice that is open for weeks must not tick. */
function countdown({ expiresAt }: Snapshot, now: Date): Pick<CheckoutPage, 'countdownTo'> {
  return expiresAt.getTime() - now.getTime() <= 10 * MINUTE ? { countdownTo: expiresAt.toISOString() } : {}
}

/** Where a buyer goes who did not pay here: the stored links first, then the invoice's own page. */
export const failExit = ({ links, paymentUrl }: Checkout): string => links.failUrl ?? links.returnUrl ?? paymentUrl ?? '/'

/** Where a buyer goes who chose not to pay here. */
export const declineExit = ({ links, paymentUrl }: Checkout): string => links.returnUrl ?? links.failUrl ?? paymentUrl ?? '/'

function receiptRows(payment: Payment, checkout: Checkout, { t, language }: Speaker): { label: string; value: string }[] {
  return [
    { label: t('receipt.invoice'), value: payment.invoiceNumber },
    { label: t('receipt.description'), value: checkout.snapshot?.description ?? '' },
    { label: t('receipt.amount'), value: formatMoney(payment.amount, language) },
    { label: t('receipt.points'), value: formatMoney(payment.points, language) },
    { label: t('receipt.paid_at'), value: payment.settledAt ? formatMoment(payment.settledAt, language) : '' },
    { label: t('receipt.operation'), value: payment.operationId },
    { label: t('receipt.transaction'), value: payment.transactionId ?? '' },
  ].filter((row) => row.value !== '')
}

/** The receipt: what was paid, for the printer. */
export function presentReceipt(payment: Payment, checkout: Checkout, speaker: Speaker): object {
  return {
    heading: speaker.t('receipt.heading'),
    amount: formatMoney(payment.amount, speaker.language),
    rows: receiptRows(payment, checkout, speaker),
    backHref: `/pay/${checkout.id}`,
    reference: payment.operationId.slice(0, 8).toUpperCase(),
  }
}
