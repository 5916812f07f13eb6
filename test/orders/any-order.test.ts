import { applyReading } from '../../src/orders/apply-reading'
import { recordCreated } from '../../src/orders/settle-creation'
import type { Order } from '../../src/orders'
import type { Order as MerchantOrder } from '../../src/invoicebox'
import { money } from '../../src/shared/money'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { Shop } from './shop'

/** Every sequence of these. */
function sequencesOf<T>(things: readonly T[]): T[][] {
  if (things.length <= 1) return [[...things]]
  return things.flatMap((first, at) => sequencesOf([...things.slice(0, at), ...things.slice(at + 1)]).map((rest) => [first, ...rest]))
}

type Event = (order: Order) => Promise<unknown>

describe('what is told about an order', () => {
  let world: World
  let shop: Shop
  beforeAll(async () => {
    world = await World.make({ timeouts: { writeMs: 30_000, headersMs: 30_000 } })
    shop = new Shop(world)
  })
  afterAll(() => world.close())

  test('five events in all their 120 sequences end in the same state, with the points credited once', async () => {
    const read = (order: Order, status: MerchantOrder['status']): MerchantOrder => ({
      id: order.invoiceboxId ?? '',
      merchantId: '',
      merchantOrderId: order.number,
      orderContainerId: order.containerId,
      status,
      amount: order.amount,
      createdAt: order.createdAt,
      expirationDate: order.expiresAt,
      paidAt: null,
      paymentUrl: order.paymentUrl ?? '',
    })
    const events: Event[] = [
      (order) => shop.tells(shop.notification(order)),
      (order) => shop.tells(shop.notification(order, { status: 'canceled' })),
      (order) => applyReading(world.parts, order, read(order, 'expired')),
      (order) => recordCreated(world.parts, order, read(order, 'created')),
      (order) => shop.tells(shop.notification(order, { amount: money(1n, 'RUB') })),
    ]
    const sequences = sequencesOf(events)
    expect(sequences).toHaveLength(120)
    const buyers = await Promise.all(Array.from({ length: 8 }, () => world.member({ points: '0' })))
    const go = async (buyer: Buyer, sequence: readonly Event[]): Promise<void> => {
      const order = await shop.buys(buyer, '12.34')
      for (const event of sequence) await event(order)
      const { state, paidId } = await shop.order(order.number)
      expect([state, paidId]).toEqual(['credited', order.invoiceboxId])
    }
    // Some for each: nobody may have many orders open.
    for (const [index, buyer] of buyers.entries()) {
      await Promise.all(sequences.slice(index * 15, index * 15 + 15).map((sequence) => go(buyer, sequence)))
      expect(await buyer.balance()).toEqual({ available: '185.10', held: '0.00' })
    }
    expect(await world.findings()).toEqual([])
  })
})
