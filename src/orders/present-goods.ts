import type { Language, Translate } from '../shared/texts'
import { formatMoney } from '../shared/texts/format'
import { ORDER_STATES } from './states'
import type { Order } from './order'
import type { OrderView } from './view-order'

interface Speaker {
  readonly t: Translate
  readonly language: Language
}

/** An order by what is bought with it: a voucher by its title, points for somebody else as the code that they are. */
export function nameOfGoods({ goods, title, points, number }: Order, { t, language }: Speaker): string {
  if (goods === 'voucher') return title ?? t('goods.voucher')
  return goods === 'code' ? t('goods.code', { points: formatMoney(points, language) }) : t('top_up.line', { number })
}

export function stateOfOrder({ goods, state }: Order, t: Translate): string {
  if (!ORDER_STATES.includes(state)) return state
  return goods !== 'points' && (state === 'credited' || state === 'paid') ? t(`goods.state.${state}`) : t(`top_up.state.${state}`)
}

/** What the page of an order says that is not about points on the own account; undefined where the words of a top-up fit. */
export function wordsOfGoods(
  { order, state, code, isDisputed }: OrderView,
  speaker: Speaker,
): { heading: string; note: string } | undefined {
  const { t } = speaker
  if (order.goods === 'points') return undefined
  if (state === 'credited') return { heading: nameOfGoods(order, speaker), note: creditedNote(order, code, t) }
  if (state === 'waiting' && order.state !== 'creating') return { heading: t('goods.waiting.heading'), note: t('top_up.waiting.note') }
  if (state === 'expired' || state === 'cancelled') return { heading: t(`top_up.${state}.heading`), note: t('goods.ended.note') }
  if (state !== 'unavailable') return undefined
  if (isDisputed) return { heading: t('top_up.disputed.heading'), note: t('goods.disputed.note') }
  if (order.state === 'credited')
    return { heading: t('goods.unreadable.heading'), note: t('goods.unreadable.note', { number: order.number }) }
  if (order.state === 'paid') return { heading: t('goods.undelivered.heading'), note: t('goods.undelivered.note') }
  return { heading: t('goods.unavailable.heading'), note: t('top_up.unavailable.note') }
}

function creditedNote({ goods, number }: Order, code: string | null, t: Translate): string {
  if (code === null) return t('goods.withdrawn.note', { number })
  return t(goods === 'voucher' ? 'goods.voucher.note' : 'goods.code.note', { number })
}

/** The rows of an order that tell what was bought: no points for a voucher, and its code to its buyer alone. */
export const rowsOfGoods = ({ order, code }: OrderView, { t, language }: Speaker): { label: string; value: string }[] => [
  ...(order.goods === 'voucher' ? [] : [{ label: t('top_up.points'), value: formatMoney(order.points, language) }]),
  ...(order.goods === 'voucher' ? [{ label: t('goods.voucher'), value: order.title ?? t('goods.voucher') }] : []),
  ...(code === null ? [] : [{ label: t('goods.the_code'), value: code }]),
]
