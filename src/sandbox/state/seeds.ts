import { createInvoice } from './create-invoice'
import type { InvoiceWish } from './create-invoice'
import type { World } from './world'

const DAY = 24 * 60 * 60 * 1_000

/** Seeded invoices have readable ids that stay the same after every reset. */
export const seedId = (number: number): string => `5eed0000-0000-0000-0000-${String(number).padStart(12, '0')}`

const anna = { type: 'private', name: 'Петрова Анна Сергеевна', email: 'anna@example.test' }
const company = { type: 'legal', name: 'ООО «Вектор»', vatNumber: '7801234567' }

type Seed = Omit<InvoiceWish, 'id' | 'expirationDate'> & { readonly serial: number; readonly days: number }

const SEEDS: readonly Seed[] = [
  { serial: 324, days: 2, amount: 1_000_000n, description: 'Сертификат на массаж', customer: anna },
  { serial: 325, days: 2, amount: 123_960n, description: 'Ужин на двоих, ресторан «Терраса»', customer: anna },
  { serial: 326, days: 2, amount: 100n, description: 'Проверочный платёж', customer: {} },
  { serial: 327, days: 5, amount: 2_600_000n, description: 'Тур выходного дня, 2 человека', customer: anna },
  { serial: 328, days: -1, amount: 350_000n, description: 'Билеты в театр', customer: anna },
  { serial: 329, days: 2, amount: 480_000n, description: 'Абонемент в бассейн', status: 'canceled' },
  { serial: 330, days: 2, amount: 1_500_000n, description: 'Курс английского языка', status: 'partial' },
  { serial: 331, days: 2, amount: 9_900n, currencyId: 'USD', description: 'Hotel booking, 1 night' },
  { serial: 332, days: 2, amount: 75_000n, description: 'Доставка цветов', status: 'paid' },
  { serial: 333, days: 2, amount: 640_000n, description: 'Счёт другого партнёра', foreign: true },
  { serial: 334, days: 14, amount: 12_200_000n, description: 'Поставка канцелярских товаров', customer: company },
]

export function seedInvoices(world: World): void {
  const now = world.clock.now().getTime()
  // The newest stands first on the page: what a newcomer can pay at once, so it is made last.
  for (const { serial, days, ...wish } of [...SEEDS].reverse()) {
    createInvoice(world, { ...wish, id: seedId(serial), number: String(serial), expirationDate: new Date(now + days * DAY) })
  }
}
