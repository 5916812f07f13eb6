import { reconcile } from '../../src/reconciliation'
import { COMMAND_LINE } from '../../src/shared/actor'
import { MINUTE, SECOND } from '../../src/shared/clock'
import { World } from '../support/world'
import { Shop } from './shop'

/** Our own orders stand at Invoicebox as invoices like all others. */
describe('invoices of our own orders', () => {
  let world: World
  let shop: Shop
  beforeAll(async () => {
    world = await World.make({ timeouts: { writeMs: 1_500 } })
    shop = new Shop(world)
  })
  afterEach(async () => {
    await world.sandbox.behave()
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const differences = async () => (await reconcile(world.parts, { author: COMMAND_LINE, resolves: false })).differences

  test('a top-up that was paid by card at Invoicebox is accounted for by its order, and is no difference', async () => {
    const known = new Set((await differences()).map(({ invoiceId }) => invoiceId))
    const anna = await world.member({ points: '0' })
    const order = await shop.bought(anna, '100.00')
    const second = await shop.bought(anna, '200.00')
    const { containerId } = await shop.order(order.number)
    expect(await world.sandbox.read({ id: containerId ?? '' })).toMatchObject({ status: 'paid' })
    expect((await differences()).filter(({ invoiceId }) => !known.has(invoiceId))).toEqual([])
    expect(second.state).toBe('credited')
  })

  test('points do not pay for points before Invoicebox has told which invoice the order is on', async () => {
    const boris = await world.member({ points: '500.00' })
    await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-answer', times: 1 })
    const order = await shop.buys(boris, '50.00')
    expect([order.state, order.containerId]).toEqual(['creating', null])
    const { orderContainerId } = (await shop.there(order)) as unknown as { orderContainerId: string }
    const page = await boris.opens({ partnerUrl: `${world.url}/pay?invoiceId=${orderContainerId}` })
    expect(page.state).toBe('unsupported')
    expect(await boris.balance()).toEqual({ available: '500.00', held: '0.00' })
    await shop.passes(15 * SECOND)
    expect((await shop.order(order.number)).state).toBe('created')
  })

  test('a text that names an order which is over, or none, bars no invoice', async () => {
    const vera = await world.member({ points: '500.00' })
    const order = await shop.buys(vera, '60.00')
    const named = await world.sandbox.invoice({ amount: '10.00', description: `Заказ ${order.number}` })
    expect((await vera.opens(named)).state).toBe('unsupported')
    await world.parts.merchant?.cancelOrder(order.invoiceboxId ?? '')
    await shop.passes(31 * MINUTE)
    expect((await shop.order(order.number)).state).toBe('cancelled')
    for (const description of [`Заказ ${order.number}`, 'Заказ TU-2222-3333'])
      expect((await vera.pays(await world.sandbox.invoice({ amount: '10.00', description }))).state).toBe('paid')
  })
})
