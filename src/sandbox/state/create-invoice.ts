import { newId } from './chance'
import { addFault } from './faults'
import type { Customer, Invoice, InvoiceStatus } from './invoices'
import { magicFor } from './magic'
import type { World } from './world'

export interface InvoiceWish {
  /** A fixed id, for seeded invoices. */
  readonly id?: string | undefined
  /** Kopecks. */
  readonly amount: bigint
  readonly vatAmount?: bigint | undefined
  readonly amountRaw?: string | null | undefined
  readonly currencyId?: string | undefined
  readonly description?: string | undefined
  readonly number?: string | undefined
  readonly createdAt?: Date | undefined
  readonly expirationDate?: Date | undefined
  readonly customer?: Customer | undefined
  readonly status?: InvoiceStatus | undefined
  readonly merchantOrderId?: string | undefined
  readonly merchantOrderIdVisible?: string | undefined
  readonly foreign?: boolean | undefined
  readonly isOfOrders?: boolean | undefined
}

const TWO_DAYS = 2 * 24 * 60 * 60 * 1_000
const FIRST_NUMBER = 1_000

/** Issues an invoice; whatever the wish leaves open gets a plain default. A magic amount brings its fault along. */
export function createInvoice(world: World, wish: InvoiceWish): Invoice {
  const now = world.clock.now()
  const serial = FIRST_NUMBER + ++world.created
  const status = wish.status ?? 'pending'
  const invoice: Invoice = {
    id: wish.id ?? newId(world.chance, now, world.settings.numericIds),
    createdAt: wish.createdAt ?? now,
    number: wish.number ?? `${serial}-${String(world.chance.below(1_000_000)).padStart(6, '0')}`,
    expirationDate: wish.expirationDate ?? new Date(now.getTime() + TWO_DAYS),
    description: wish.description ?? `Заказ № ${serial}`,
    amount: wish.amount,
    vatAmount: wish.vatAmount ?? null,
    refunded: 0n,
    amountRaw: wish.amountRaw ?? null,
    currencyId: wish.currencyId ?? 'RUB',
    customer: wish.customer ?? someCustomer(world),
    status,
    paidAt: status === 'paid' ? now : null,
    paidBy: status === 'paid' ? 'hand' : null,
    merchantOrderId: wish.merchantOrderId ?? `order-${serial}`,
    merchantOrderIdVisible: wish.merchantOrderIdVisible ?? wish.merchantOrderId ?? String(serial),
    foreign: wish.foreign ?? false,
    isOfOrders: wish.isOfOrders ?? false,
  }
  world.invoices.set(invoice.id, invoice)
  castMagic(world, invoice)
  return invoice
}

function castMagic(world: World, invoice: Invoice): void {
  const magic = world.settings.magicAmounts && invoice.status === 'pending' ? magicFor(invoice.amount) : undefined
  if (magic) addFault(world.faults, world.chance, { ...magic.fault, invoiceId: invoice.id }, 'magic')
}

const WHOLE_CUSTOMER: Required<Customer> = {
  type: 'private',
  name: 'Смирнова Ольга Игоревна',
  phone: '79217654321',
  email: 'o.smirnova@example.test',
  vatNumber: '780204893183',
  registrationAddress: '190000, Санкт-Петербург, Малая Морская ул., 5',
}

/** Any sub-field of a customer may be absent: each stays or goes by chance. */
function someCustomer(world: World): Customer {
  return Object.fromEntries(Object.entries(WHOLE_CUSTOMER).filter(() => world.chance.below(2) === 1))
}
