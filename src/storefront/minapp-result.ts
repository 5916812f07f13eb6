import type { CodeFacts, Order, OrderDeps, TopUpState } from '../orders'
import { isDisputed, lookAtOrder, shownStateOf, showCode } from '../orders'
import { Refusal } from '../shared/refusals'
import { formatMoney } from '../shared/texts/format'
import type { Speaker } from './minapp-present'
import type { StorefrontDeps } from './deps'
import { orderOfPass, orderOfStatePass } from './passes'

/** What became of an order, for whoever holds its pass. */
export interface MinappResult {
  readonly order: Order
  readonly state: TopUpState
  /** The code that was bought, once it is paid. */
  readonly code: string | null
  /** The pass tells the state alone. */
  readonly isCodeHidden: boolean
  /** What became of the code; null while none was handed out. */
  readonly facts: CodeFacts | null
}

/** Looking at an order that waits asks Invoicebox, at most once in five seconds. @throws Refusal not_found, for a pass that is over as for one that was made up */
export async function readResult(deps: StorefrontDeps & OrderDeps, pass: string | undefined): Promise<MinappResult> {
  const opened = await orderOfPass(deps, pass)
  const found = opened ?? (await orderOfStatePass(deps, pass))
  if (!found) throw new Refusal('not_found', 'order')
  const order = await lookAtOrder(deps, found)
  const now = deps.clock.now()
  const { code, isUnreadable } = opened ? await showCode(deps, order, now) : { code: null, isUnreadable: false }
  const state = isUnreadable || (await isDisputed(deps.db, order)) ? 'unavailable' : shownStateOf(order, now)
  return { order, state, code, isCodeHidden: !opened, facts: await deps.fulfilment.look(deps.db, order) }
}

/** What `views/storefront/minapp-order.ejs` prints. */
export interface ResultPage {
  readonly state: 'success' | 'waiting' | 'failed' | 'unavailable'
  readonly mark: TopUpState
  readonly heading: string
  readonly note: string
  readonly parents: string
  readonly rows: readonly { readonly label: string; readonly value: string }[]
  readonly code: { readonly label: string; readonly value: string } | null
  /** Where a member turns a code into points. */
  readonly redeem: { readonly href: string; readonly label: string } | null
  /** Said when the news takes long. */
  readonly late: string | null
  readonly refreshSeconds?: number
  readonly pay: { readonly href: string; readonly label: string } | null
  readonly again: { readonly href: string; readonly label: string } | null
  readonly reference: string
}

interface Came {
  /** By which way the buyer came back. */
  readonly way: 'success' | 'fail'
  readonly id: string
  readonly parents: readonly string[]
  /** Whether letters go. */
  readonly hasLetters: boolean
}

/** Between two looks of whoever waits. */
const REFRESH_SECONDS = 3
const FAILED_REFRESH_SECONDS = 10

export function presentResult(result: MinappResult, came: Came, speaker: Speaker): ResultPage {
  const { order, state: mark } = result
  const { t } = speaker
  const state = stateOf(result, came.way)
  const canPay = order.state === 'created' && order.paymentUrl !== null && state !== 'unavailable'
  const again = came.id === '' ? '/minapp' : `/minapp?${new URLSearchParams({ id: came.id }).toString()}`
  return {
    state,
    mark: state === 'failed' && mark === 'waiting' ? 'cancelled' : mark,
    ...wordsOf(result, state, { ...speaker, hasLetters: came.hasLetters }),
    parents: came.parents.join(' '),
    rows: rowsOf(order, speaker),
    code: result.code === null ? null : { label: t('minapp.code_bought'), value: result.code },
    redeem: order.goods === 'code' && result.code !== null ? { href: '/account/redeem', label: t('redeem.heading') } : null,
    late: state === 'waiting' ? t('minapp.waiting.late') : null,
    ...(state === 'waiting' && { refreshSeconds: REFRESH_SECONDS }),
    // Somebody else may be paying: where that can still happen, the page finds out.
    ...(state === 'failed' && canPay && { refreshSeconds: FAILED_REFRESH_SECONDS }),
    pay:
      canPay && state !== 'success' ? { href: order.paymentUrl, label: t(state === 'failed' ? 'minapp.pay_again' : 'minapp.pay') } : null,
    again: state === 'waiting' ? null : { href: again, label: t(state === 'failed' ? 'minapp.again' : 'minapp.more') },
    reference: order.number,
  }
}

/** Whoever comes by the link of a failure is told of it, unless the money has come all the same. */
function stateOf({ state }: MinappResult, way: Came['way']): ResultPage['state'] {
  if (state === 'credited') return 'success'
  if (state === 'unavailable') return 'unavailable'
  return state === 'waiting' && way === 'success' ? 'waiting' : 'failed'
}

function wordsOf(
  { order, code, isCodeHidden, facts }: MinappResult,
  state: ResultPage['state'],
  { t, language, hasLetters }: Speaker & Pick<Came, 'hasLetters'>,
): { heading: string; note: string } {
  const { number } = order
  if (state === 'waiting') return { heading: t('minapp.waiting.heading'), note: t('minapp.waiting.note') }
  if (state === 'failed') return { heading: t('minapp.failed.heading'), note: t('minapp.failed.note') }
  if (state === 'unavailable') return { heading: t('minapp.unclear.heading'), note: t('minapp.unclear.note', { number }) }
  const points = formatMoney(order.points, language)
  if (order.goods === 'points') return { heading: t('top_up.credited.heading', { points }), note: t('minapp.success.points') }
  const heading = order.goods === 'code' ? t('minapp.success.code_heading', { points }) : (order.title ?? '')
  if (facts?.use === 'withdrawn' || (code === null && !isCodeHidden)) return { heading, note: t('minapp.success.withdrawn') }
  const isMailed = facts !== null && facts.mailedAt !== null
  if (isCodeHidden) {
    if (isMailed) return { heading, note: t('minapp.success.in_letter') }
    return { heading, note: hasLetters ? t('minapp.success.in_letter_soon') : t('minapp.success.elsewhere', { number }) }
  }
  const note = t(order.goods === 'code' ? 'minapp.success.code' : 'minapp.success.voucher')
  const ofLetter = isMailed ? t('minapp.success.mailed') : hasLetters ? t('minapp.success.mailed_soon') : ''
  return { heading, note: `${note} ${ofLetter}`.trim() }
}

const rowsOf = ({ number, amount }: Order, { t, language }: Speaker) => [
  { label: t('top_up.number'), value: number },
  { label: t('minapp.amount_row'), value: formatMoney(amount, language) },
]
