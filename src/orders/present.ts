import { MINUTE } from '../shared/clock'
import { money } from '../shared/money'
import { qrPath } from '../shared/qr'
import type { QrPath } from '../shared/qr'
import { Refusal } from '../shared/refusals'
import type { Language, Translate } from '../shared/texts'
import { formatMoment, formatMoney, formatWhole } from '../shared/texts/format'
import { orderPath } from './draft'
import type { Order, OrderSettings } from './order'
import { pointsFor } from './points'
import { nameOfGoods, rowsOfGoods, stateOfOrder, wordsOfGoods } from './present-goods'
import type { OrderView, TopUpState } from './view-order'

interface Speaker {
  readonly t: Translate
  readonly language: Language
}

interface Link {
  readonly href: string
  readonly label: string
}

/** What `views/orders/top-up.ejs` prints. */
export interface OrderPage {
  readonly state: TopUpState
  readonly heading: string
  readonly note: string
  readonly rows: readonly { readonly label: string; readonly value: string }[]
  readonly deadline?: string
  readonly deadlineSoon: boolean
  /** The link to Invoicebox, and its code for another device. */
  readonly pay?: Link
  readonly qr?: QrPath
  /** Where to go on; the main button of a page without a payment link. */
  readonly onward: Link & { readonly primary: boolean }
  readonly account: Link | null
  readonly refreshSeconds?: number
  readonly reference: string
}

/** Somebody who has just bought waits in front of the page; later it need not hurry. */
const SOON_MS = 15 * MINUTE

export function presentOrder(view: OrderView, { t, language }: Speaker): OrderPage {
  const { order, state, now } = view
  const waits = state === 'waiting' && order.paymentUrl !== null
  const left = order.expiresAt.getTime() - now.getTime()
  const isRecent = now.getTime() - order.createdAt.getTime() < SOON_MS
  const refreshes = state === 'waiting' || (state === 'unavailable' && order.state === 'creating')
  const onward = onwardOf(order, state, t)
  return {
    state,
    ...(wordsOfGoods(view, { t, language }) ?? wordsOf(view, { t, language })),
    rows: rowsOf(view, { t, language }),
    ...(waits && { deadline: t('top_up.deadline', { moment: formatMoment(order.expiresAt, language) }), ...payOf(order, { t, language }) }),
    deadlineSoon: waits && left > 0 && left <= 10 * MINUTE,
    onward: { ...onward, primary: !waits },
    account: onward.href === '/account' ? null : { href: '/account', label: t('top_up.to_account') },
    ...(refreshes && { refreshSeconds: isRecent ? 3 : 15 }),
    reference: order.number,
  }
}

function payOf({ paymentUrl, amount }: Order, { t, language }: Speaker): Pick<OrderPage, 'pay' | 'qr'> {
  if (paymentUrl === null) return {}
  return { pay: { href: paymentUrl, label: t('top_up.pay_amount', { amount: formatWhole(amount, language) }) }, qr: qrPath(paymentUrl) }
}

function wordsOf({ order, state, isDisputed }: OrderView, { t, language }: Speaker): { heading: string; note: string } {
  const { number } = order
  switch (state) {
    case 'waiting':
      if (order.state === 'creating') return { heading: t('top_up.making.heading'), note: t('top_up.making.note') }
      return { heading: t('top_up.waiting.heading'), note: t('top_up.waiting.note') }
    case 'credited': {
      const heading = t('top_up.credited.heading', { points: formatMoney(order.points, language) })
      return {
        heading,
        note: order.checkoutId === null ? t('top_up.credited.note', { number }) : t('top_up.credited.note_invoice', { number }),
      }
    }
    case 'expired':
      return { heading: t('top_up.expired.heading'), note: t('top_up.expired.note') }
    case 'cancelled':
      return { heading: t('top_up.cancelled.heading'), note: t('top_up.cancelled.note') }
    case 'failed':
      return { heading: t('top_up.failed.heading'), note: t('top_up.failed.note') }
    case 'unavailable':
      if (isDisputed) return { heading: t('top_up.disputed.heading'), note: t('top_up.disputed.note') }
      if (order.state === 'paid') return { heading: t('top_up.undelivered.heading'), note: t('top_up.undelivered.note') }
      return { heading: t('top_up.unavailable.heading'), note: t('top_up.unavailable.note') }
  }
}

function onwardOf({ checkoutId }: Order, state: TopUpState, t: Translate): Link {
  if (checkoutId !== null)
    return { href: `/pay/${checkoutId}`, label: t(state === 'credited' ? 'top_up.back_to_invoice' : 'top_up.back_to_checkout') }
  if (state === 'expired' || state === 'cancelled' || state === 'failed') return { href: '/account/top-ups', label: t('top_up.again') }
  return { href: '/account', label: t('top_up.to_account') }
}

function rowsOf(view: OrderView, { t, language }: Speaker): { label: string; value: string }[] {
  const { order, refunded } = view
  const { settledAt, goods } = order
  return [
    { label: t('top_up.number'), value: order.number },
    { label: t('top_up.price'), value: formatMoney(order.amount, language) },
    ...rowsOfGoods(view, { t, language }),
    ...(order.state === 'credited' && settledAt
      ? [{ label: t(goods === 'points' ? 'top_up.credited_at' : 'goods.handed_out_at'), value: formatMoment(settledAt, language) }]
      : []),
    ...(refunded.minor > 0n ? [{ label: t('top_up.refunded'), value: formatMoney(refunded, language) }] : []),
  ]
}

/** The form that asks for points, wherever it stands. */
export interface TopUpForm {
  readonly action: string
  /** Names this form, so that it sent twice is one order. */
  readonly key: string
  readonly amount: string
  readonly hint: string
  readonly alert: string | null
}

export interface TopUpLine {
  readonly href: string
  readonly what: string
  readonly at: string
  readonly amount: string
  readonly state: string
}

/** What `views/orders/top-ups.ejs` prints, and a part of the account page. */
export interface TopUpsPage {
  /** null where nothing can be bought now. */
  readonly form: TopUpForm | null
  readonly lines: readonly TopUpLine[]
  readonly olderHref?: string
  readonly newestHref?: string
}

/** @param typed what was asked for and refused */
export function presentForm(
  settings: OrderSettings,
  key: string,
  { t, language }: Speaker,
  typed?: { amount: string; refusal: Refusal },
): TopUpForm {
  const perRouble = pointsFor(money(100n, 'RUB'), settings.rate)
  return {
    action: '/account/top-ups',
    key,
    amount: typed?.amount ?? '',
    hint: t('top_up.hint', {
      least: formatWhole(settings.least, language),
      most: formatWhole(settings.most, language),
      points: formatMoney(perRouble, language),
    }),
    alert: typed ? t(typed.refusal.code === 'key_reused' ? 'top_up.key_reused' : `refusal.${typed.refusal.code}`) : null,
  }
}

export const presentLines = (orders: readonly Order[], { t, language }: Speaker): TopUpLine[] =>
  orders.map((order) => ({
    href: orderPath(order.number),
    what: nameOfGoods(order, { t, language }),
    at: formatMoment(order.createdAt, language),
    amount: formatMoney(order.amount, language),
    state: stateOfOrder(order, t),
  }))
