import type { FaultWish } from './faults'

/** One magic amount: an invoice created with exactly this amount brings its own fault. */
export interface MagicAmount {
  readonly amount: bigint
  readonly fault: Omit<FaultWish, 'invoiceId'>
  readonly ru: string
  readonly en: string
}

const once = { on: 'business.confirm', times: 1 } as const

/**
 * The table of magic amounts: behaviour, start page and README all follow it. Exact amounts, not endings: an ordinary test or a random
 * amount must not meet a fault by chance.
 */
export const MAGIC_AMOUNTS: readonly MagicAmount[] = [
  {
    amount: 77_701n,
    fault: { ...once, kind: 'lose-answer' },
    ru: 'Оплата проходит, но ответ один раз теряется',
    en: 'The payment goes through, its answer is lost once',
  },
  {
    amount: 77_702n,
    fault: { ...once, kind: 'lose-request' },
    ru: 'Запрос на оплату один раз теряется',
    en: 'The confirm request is lost once',
  },
  {
    amount: 77_703n,
    fault: { ...once, kind: 'status', status: 503 },
    ru: 'Один раз ответ 503 out_of_service',
    en: 'Answered 503 out_of_service once',
  },
  {
    amount: 77_704n,
    fault: { ...once, kind: 'status', status: 429, retryAfter: '3' },
    ru: 'Один раз ответ 429 и Retry-After: 3',
    en: 'Answered 429 with Retry-After: 3 once',
  },
  {
    amount: 77_705n,
    fault: { on: 'business.confirm', kind: 'status', status: 422, code: 'not_enough_money' },
    ru: 'В гарантийном фонде не хватает денег (not_enough_money)',
    en: 'The guarantee fund is short (not_enough_money)',
  },
  {
    amount: 77_706n,
    fault: { on: 'business.get', times: 1, kind: 'change-amount', amount: 88_800n },
    ru: 'После первого чтения сумма станет 888,00 ₽',
    en: 'After the first read the amount becomes 888.00 ₽',
  },
  {
    amount: 77_707n,
    fault: { ...once, kind: 'cancel-invoice' },
    ru: 'Магазин отменит счёт прямо перед оплатой',
    en: 'The merchant cancels it right before the confirm',
  },
  {
    amount: 77_708n,
    fault: { ...once, kind: 'garbage' },
    ru: 'Оплата проходит, вместо ответа один раз HTML с кодом 200',
    en: 'Paid, but answered with HTML and status 200 once',
  },
  {
    amount: 77_709n,
    fault: { ...once, kind: 'echo-html-error', after: true },
    ru: 'Оплата проходит, но ответ один раз 500',
    en: 'Paid, but answered 500 once',
  },
  {
    amount: 77_710n,
    fault: { ...once, kind: 'truncate' },
    ru: 'Оплата проходит, ответ один раз обрезан',
    en: 'Paid, but the answer is cut in half once',
  },
  {
    amount: 77_711n,
    fault: { ...once, kind: 'wrong-operation' },
    ru: 'В ответе чужой partnerOperationId',
    en: 'The answer names another partnerOperationId',
  },
  {
    amount: 77_712n,
    fault: { ...once, kind: 'pay-otherwise' },
    ru: 'Счёт оплатят другим способом прямо перед оплатой',
    en: 'Paid by another instrument right before the confirm',
  },
  {
    amount: 77_713n,
    fault: { ...once, kind: 'delay', ms: 10_000 },
    ru: 'Оплата проходит, ответ приходит через 10 секунд',
    en: 'Paid, but answered after 10 seconds',
  },
  {
    amount: 77_714n,
    fault: { ...once, kind: 'reset' },
    ru: 'Соединение один раз сбрасывается до оплаты',
    en: 'The connection is reset once, before processing',
  },
]

export const magicFor = (amount: bigint): MagicAmount | undefined => MAGIC_AMOUNTS.find((magic) => magic.amount === amount)
