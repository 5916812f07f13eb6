import { hasExpired, statusOf, visibleStatus } from '../state/invoices'
import type { Invoice, InvoiceStatus } from '../state/invoices'
import { toDecimal } from '../state/money'
import type { World } from '../state/world'
import type { Lang, Page } from './page'

const SIGNS: ReadonlyMap<string, string> = new Map([
  ['RUB', '₽'],
  ['USD', '$'],
  ['EUR', '€'],
  ['GBP', '£'],
  ['CNY', '¥'],
])
const NO_BREAK = '\u00a0'
const MINUS = '\u2212'

/** `10 000,00 ₽` with no-break blanks; in English `10,000.00 ₽`. */
export function moneyText(kopecks: bigint, currencyId: string, lang: Lang): string {
  const [whole = '', fraction = ''] = toDecimal(kopecks).split('.')
  const grouped = whole.replace('-', MINUS).replace(/\B(?=(\d{3})+$)/g, lang === 'ru' ? NO_BREAK : ',')
  return `${grouped}${lang === 'ru' ? ',' : '.'}${fraction}${NO_BREAK}${SIGNS.get(currencyId) ?? currencyId}`
}

const MOSCOW = { timeZone: 'Europe/Moscow', day: '2-digit', month: '2-digit', year: 'numeric', hour: '2-digit', minute: '2-digit' } as const
const ZONE: Record<Lang, string> = { ru: 'МСК', en: 'MSK' }

/** `01.01.24 23:15 МСК`, as the payment page of Invoicebox writes it. */
export const momentText = (moment: Date, lang: Lang): string =>
  `${new Intl.DateTimeFormat('ru-RU', { ...MOSCOW, year: '2-digit' }).format(moment).replace(',', '')} ${ZONE[lang]}`

const ICONS: Readonly<Record<InvoiceStatus, string>> = { pending: '○', paid: '✓', canceled: '✕', partial: '◐' }

export interface StatusView {
  readonly state: InvoiceStatus
  readonly icon: string
  readonly text: string
}

const statusView = (state: InvoiceStatus, page: Page): StatusView => ({ state, icon: ICONS[state], text: page.t.statuses[state] })

/** An invoice as the lists show it: its true state. */
export const invoiceRow = (world: World, invoice: Invoice, page: Page) => ({
  id: invoice.id,
  number: invoice.number,
  description: invoice.description,
  amount: moneyText(invoice.amount, invoice.currencyId, page.lang),
  deadline: momentText(invoice.expirationDate, page.lang),
  status: statusView(statusOf(invoice, world.clock.now()), page),
  isExpired: hasExpired(invoice, world.clock.now()),
  isForeign: invoice.foreign,
  orderPath: page.href(`/order/${encodeURIComponent(invoice.id)}`),
})

export const newestInvoices = (world: World, from: number, count: number): Invoice[] =>
  [...world.invoices.values()].reverse().slice(from, from + count)

/** What the buyer sees: with `paidDelaySeconds` a paid invoice still awaits payment for a while. */
export const visibleStatusView = (world: World, invoice: Invoice, page: Page): StatusView =>
  statusView(visibleStatus(invoice, world.clock, world.settings), page)
