import { randomUUID } from 'node:crypto'
import { arrival, changedAmount, paidByAnother, payment } from './cast'
import type { Cast, Who } from './cast'

/** What became of the points, and the words that say so. */
const MOVED = {
  none: [/баллы не списаны/i, /no points were charged/i],
  notYet: [/ничего не спишется/, /nothing is charged/i],
  about: [/Спишется/, /Charge/],
  held: [/баллы в резерве/, /points are reserved/],
  charged: [/Списано/, /Charged/],
  silent: [/(?:)/, /(?:)/],
} as const satisfies Record<string, readonly [RegExp, RegExp]>

interface Words {
  readonly heading: readonly [string, string]
  /** The one primary action, or null where there is nothing to do but wait. */
  readonly primary: readonly [string, string] | null
}

export interface Scene extends Words {
  readonly name: string
  readonly state: string
  readonly who: Who
  readonly moved: keyof typeof MOVED
  /** Brings the state about and says where it is to be seen. */
  readonly reach: (cast: Cast) => string | Promise<string>
}

export const saysWhatMoved = ({ moved }: Scene): readonly [RegExp, RegExp] => MOVED[moved]

const paid = payment('anna', '1240.50')
const TOP_UP = ['Пополнить', 'Top up'] as const
const OTHER_WAY = ['Другой способ оплаты', 'Pay another way'] as const
const BACK = ['Вернуться', 'Go back'] as const
const SOON = (): string => new Date(Date.now() + 8 * 60_000).toISOString()
const LONG = 'Сертификат на массаж и ещё очень подробное описание заказа, '.repeat(6) + 'https://shop.example.test/' + 'a'.repeat(120)

/** Every state of the payment page (ux.md, section 1), and the ways to it that read differently. */
export const PAYMENT_SCENES: readonly Scene[] = [
  {
    name: 'nobody is signed in',
    state: 'sign-in',
    who: 'nobody',
    moved: 'notYet',
    heading: ['Войдите, чтобы оплатить 10 000,00 ₽', 'Sign in to pay ₽10,000.00'],
    primary: ['Войти', 'Sign in'],
    reach: arrival('nobody'),
  },
  {
    name: 'ready',
    state: 'ready',
    who: 'anna',
    moved: 'about',
    heading: ['Счёт № 324', 'Invoice 324'],
    primary: ['Оплатить 10 000 баллов', 'Pay 10,000 points'],
    reach: arrival('anna'),
  },
  {
    name: 'ready, with minutes left and a long description',
    state: 'ready',
    who: 'anna',
    moved: 'about',
    heading: ['Счёт № 1000-2000-3000-4000-5000-6000-7000-8000', 'Invoice 1000-2000-3000-4000-5000-6000-7000-8000'],
    primary: ['Оплатить 24 999,99 балла', 'Pay 24,999.99 points'],
    reach: (cast) =>
      arrival('anna', {
        amount: '24999.99',
        number: '1000-2000-3000-4000-5000-6000-7000-8000',
        expirationDate: SOON(),
        description: LONG,
      })(cast),
  },
  {
    name: 'the balance is short',
    state: 'not-enough',
    who: 'boris',
    moved: 'none',
    heading: ['Не хватает 1 240 баллов', 'You need 1,240 points more'],
    primary: ['Пополнить на 1 240 ₽', 'Top up ₽1,240'],
    reach: arrival('boris', { amount: '1340.00' }),
  },
  {
    name: 'the amount changed',
    state: 'amount-changed',
    who: 'anna',
    moved: 'none',
    heading: [
      'Сумма счёта изменилась: было 10 000,00 ₽, стало 12 500,00 ₽',
      'The invoice amount has changed from ₽10,000.00 to ₽12,500.00',
    ],
    primary: ['Оплатить новую сумму: 12 500 баллов', 'Pay the new amount: 12,500 points'],
    reach: changedAmount,
  },
  {
    name: 'the answer was lost',
    state: 'checking',
    who: 'anna',
    moved: 'held',
    heading: ['Проверяем оплату. Не платите повторно: баллы в резерве', 'Checking the payment. Do not pay again: your points are reserved'],
    primary: null,
    reach: payment('anna', '777.01'),
  },
  {
    name: 'paid by me',
    state: 'paid',
    who: 'anna',
    moved: 'charged',
    heading: ['Оплачено', 'Paid'],
    primary: ['Вернуться к счёту', 'Back to the invoice'],
    reach: paid,
  },
  {
    name: 'paid by something else',
    state: 'already-paid',
    who: 'anna',
    moved: 'none',
    heading: ['Счёт уже оплачен. Баллы не списаны', 'This invoice is already paid. No points were charged'],
    primary: BACK,
    reach: arrival('anna', {}, { status: 'paid' }),
  },
  {
    name: 'expired',
    state: 'expired',
    who: 'anna',
    moved: 'none',
    heading: ['Срок оплаты счёта истёк. Баллы не списаны', 'This invoice has expired. No points were charged'],
    primary: BACK,
    reach: arrival('anna', { expirationDate: '2024-01-01T20:15:00+00:00' }),
  },
  {
    name: 'cancelled',
    state: 'cancelled',
    who: 'nobody',
    moved: 'none',
    heading: ['Счёт отменён. Баллы не списаны', 'This invoice was cancelled. No points were charged'],
    primary: BACK,
    reach: arrival('nobody', {}, { status: 'canceled' }),
  },
  {
    name: 'cancelled while it was being paid',
    state: 'cancelled',
    who: 'anna',
    moved: 'none',
    heading: ['Счёт отменён. Баллы не списаны', 'This invoice was cancelled. No points were charged'],
    primary: BACK,
    reach: payment('anna', '777.07'),
  },
  {
    name: 'partly paid',
    state: 'partly-paid',
    who: 'anna',
    moved: 'none',
    heading: ['Счёт оплачен частично. Баллы не списаны', 'This invoice is partly paid. No points were charged'],
    primary: BACK,
    reach: arrival('anna', {}, { status: 'partial' }),
  },
  {
    name: 'no such invoice',
    state: 'not-found',
    who: 'nobody',
    moved: 'none',
    heading: ['Счёт не найден. Баллы не списаны', 'Invoice not found. No points were charged'],
    primary: BACK,
    reach: async ({ world }) => (await world.browser().open(`/pay?invoiceId=${randomUUID()}`)).url,
  },
  {
    name: 'dollars',
    state: 'unsupported',
    who: 'anna',
    moved: 'none',
    heading: ['Этот счёт нельзя оплатить баллами. Баллы не списаны', 'This invoice cannot be paid with points. No points were charged'],
    primary: BACK,
    reach: arrival('anna', { currencyId: 'USD' }),
  },
  {
    name: 'the fund does not reach',
    state: 'unavailable',
    who: 'rich',
    moved: 'none',
    heading: ['Сейчас оплата баллами недоступна. Баллы не списаны', 'Paying with points is not available now. No points were charged'],
    primary: OTHER_WAY,
    reach: arrival('rich', { amount: '1500000.00' }),
  },
  {
    name: 'somebody else is paying it',
    state: 'unavailable',
    who: 'rich',
    moved: 'none',
    heading: ['Сейчас оплата баллами недоступна. Баллы не списаны', 'Paying with points is not available now. No points were charged'],
    primary: OTHER_WAY,
    reach: paidByAnother,
  },
  {
    name: 'Invoicebox refused the payment',
    state: 'unavailable',
    who: 'anna',
    moved: 'none',
    heading: ['Сейчас оплата баллами недоступна. Баллы не списаны', 'Paying with points is not available now. No points were charged'],
    primary: OTHER_WAY,
    reach: payment('anna', '777.05'),
  },
  {
    name: 'a locked member',
    state: 'blocked',
    who: 'vera',
    moved: 'none',
    heading: ['Оплата баллами для вас приостановлена. Баллы не списаны', 'Paying with points is suspended for you. No points were charged'],
    primary: OTHER_WAY,
    reach: arrival('vera'),
  },
]

const MINE = ['Мои баллы', 'My points'] as const

/** The other pages of ours. */
export const OTHER_SCENES: readonly Scene[] = [
  {
    name: 'the start page',
    state: 'home',
    who: 'nobody',
    moved: 'silent',
    heading: ['Оплата счетов баллами', 'Pay invoices with points'],
    primary: ['Открыть мои баллы', 'Open my points'],
    reach: () => '/',
  },
  {
    name: 'signing in',
    state: 'sign-in',
    who: 'nobody',
    moved: 'silent',
    heading: ['Вход', 'Sign in'],
    primary: ['Войти', 'Sign in'],
    reach: () => '/sign-in',
  },
  {
    name: 'an account without operations',
    state: 'account',
    who: 'newcomer',
    moved: 'silent',
    heading: MINE,
    primary: TOP_UP,
    reach: () => '/account',
  },
  {
    name: 'an account with many operations',
    state: 'account',
    who: 'regular',
    moved: 'silent',
    heading: MINE,
    primary: TOP_UP,
    reach: () => '/account',
  },
  {
    name: 'the account of a locked member',
    state: 'account',
    who: 'vera',
    moved: 'silent',
    heading: MINE,
    primary: null,
    reach: () => '/account',
  },
  {
    name: 'a receipt',
    state: 'receipt',
    who: 'anna',
    moved: 'charged',
    heading: ['Квитанция об оплате', 'Payment receipt'],
    primary: ['Распечатать', 'Print'],
    reach: async (cast) => `${await paid(cast)}/receipt`,
  },
  {
    name: 'a page that does not exist',
    state: 'error',
    who: 'nobody',
    moved: 'silent',
    heading: ['Страница не найдена', 'Page not found'],
    primary: ['На главную', 'Home page'],
    reach: () => '/nothing/here',
  },
  {
    name: 'an arrival without an invoice',
    state: 'error',
    who: 'anna',
    moved: 'none',
    heading: ['Запрос не понят', 'We could not read that request'],
    primary: ['На главную', 'Home page'],
    reach: () => '/pay',
  },
]
