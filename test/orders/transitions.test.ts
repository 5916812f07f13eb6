import { refundsOf, topUp } from '../../src/orders'
import { applyReading } from '../../src/orders/apply-reading'
import { moveOrder } from '../../src/orders/move-order'
import { recordCreated } from '../../src/orders/settle-creation'
import { NEXT_REFUND_STATES, NEXT_STATES } from '../../src/orders/states'
import type { Order } from '../../src/orders'
import type { Order as MerchantOrder } from '../../src/invoicebox'
import { inTransaction } from '../../src/shared/database'
import { DAY, MINUTE } from '../../src/shared/clock'
import { parseMoney } from '../../src/shared/money'
import { Refusal } from '../../src/shared/refusals'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { Shop } from './shop'

describe('the tables of states', () => {
  let world: World
  let shop: Shop
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ timeouts: { writeMs: 1_000 } })
    shop = new Shop(world)
    anna = await world.member({ points: '0' })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const stepsOf = async (table: string): Promise<string[]> =>
    (await world.db(table).whereNotNull('from_state').distinct<{ from_state: string; to_state: string }[]>('from_state', 'to_state'))
      .map(({ from_state, to_state }) => `${from_state} -> ${to_state}`)
      .sort()
  const allowedBy = (table: Readonly<Record<string, readonly string[]>>): string[] =>
    Object.entries(table)
      .flatMap(([from, next]) => next.map((to) => `${from} -> ${to}`))
      .sort()
  const id = (): string => crypto.randomUUID()

  const failed = async (): Promise<Order> => {
    await world.sandbox.misbehave({ on: 'order.create', kind: 'status', status: 422, times: 1 })
    return shop.buys(anna, '10.00')
  }
  const unanswered = async (): Promise<Order> => {
    await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-answer', times: 1 })
    return shop.buys(anna, '10.00')
  }
  const read = (order: Order): MerchantOrder => ({
    id: id(),
    merchantId: '',
    merchantOrderId: order.number,
    orderContainerId: id(),
    status: 'created',
    amount: order.amount,
    createdAt: order.createdAt,
    expirationDate: null,
    paidAt: null,
    paymentUrl: 'https://pay.example.org/order/1',
  })

  test('every step of an order that its table allows is brought about, and no other', async () => {
    await shop.bought(anna, '10.00')
    const cancelled = await shop.buys(anna, '10.00')
    await shop.tells(shop.notification(cancelled, { status: 'canceled' }))
    await shop.tells(shop.notification(cancelled))
    const refused = await failed()
    await recordCreated(world.parts, refused, read(refused))
    const late = await failed()
    await shop.tells(shop.notification(late, { id: id() }))
    const quick = await unanswered()
    await shop.tells(shop.notification(quick, { id: id() }))
    const expired = await shop.buys(anna, '10.00')
    await shop.passes(DAY + MINUTE)
    await shop.tells(shop.notification(expired))
    expect(await stepsOf('order_events')).toEqual(allowedBy(NEXT_STATES))
    expect((await world.alerts()).map(({ kind, subject }) => [kind, subject])).toContainEqual(['order_paid_and_cancelled', cancelled.id])
  })

  test('the same for refunds', async () => {
    const order = await shop.bought(anna, '100.00')
    await shop.refunds(order, '1.00')
    await world.sandbox.misbehave({ on: 'refund.create', kind: 'status', status: 422, times: 1 })
    await shop.refunds(order, '1.00')
    const [first] = await refundsOf(world.db, order.id)
    await shop.refundThere(first?.invoiceboxId ?? '', 'cancel')
    await shop.passes(2 * MINUTE)
    await shop.refunds(order, '2.00')
    const refunds = await refundsOf(world.db, order.id)
    await shop.refundThere(refunds.at(-1)?.invoiceboxId ?? '', 'complete').catch(() => undefined)
    await shop.passes(2 * MINUTE)
    const boris = await world.member({ points: '0' })
    for (const faults of [1, 0]) {
      const spent = await shop.bought(boris, '100.00')
      await boris.pays(
        await world.sandbox.invoice({ amount: (await boris.balance()).available.replace(/^\d+/, (whole) => String(Number(whole) - 50)) }),
      )
      if (faults > 0) await world.sandbox.misbehave({ on: 'correction.create', kind: 'status', status: 422, times: faults })
      await shop.refunds(spent)
    }
    expect(await stepsOf('order_refund_events')).toEqual(allowedBy(NEXT_REFUND_STATES))
  })

  test('a step from a state that an order has left is refused', async () => {
    const order = await shop.buys(anna, '3.00')
    await shop.tells(shop.notification(order))
    const move = { order: { id: order.id, state: 'created' }, to: 'expired', at: world.clock.now(), actor: 'test' } as const
    await expect(inTransaction(world.db, (tx) => moveOrder(tx, move))).rejects.toMatchObject({ code: 'order_in_wrong_state' })
    await expect(inTransaction(world.db, (tx) => moveOrder(tx, { ...move, to: 'credited' }))).rejects.toThrow('bug: created -> credited')
    await applyReading(world.parts, order, { ...read(order), status: 'canceled' })
    expect((await shop.order(order.number)).state).toBe('credited')
  })

  test('where the operator is no merchant there is nothing to buy', async () => {
    const request = { memberId: anna.id, amount: parseMoney('10.00', 'RUB'), language: 'ru' } as const
    const refusal = (code: string) => expect.objectContaining({ code }) as Refusal
    await expect(topUp({ ...world.parts, merchant: null }, request)).rejects.toEqual(refusal('top_ups_unavailable'))
    await expect(topUp(world.parts, { ...request, amount: parseMoney('0.99', 'RUB') })).rejects.toEqual(refusal('top_up_out_of_range'))
  })
})
