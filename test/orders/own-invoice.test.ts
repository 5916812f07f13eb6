import { randomUUID } from 'node:crypto'
import { createOrder, ownGoodsOn } from '../../src/orders'
import type { NewOrder, Order } from '../../src/orders'
import { buyVoucher, importCodes } from '../../src/storefront'
import { COMMAND_LINE } from '../../src/shared/actor'
import { compareBooks } from '../../src/reconciliation/compare-books'
import { MINUTE } from '../../src/shared/clock'
import { parseMoney } from '../../src/shared/money'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import { alertsAbout, paymentOf } from '../payments/steps'
import { VOUCHER } from '../storefront/offers'
import { Shop } from './shop'

let atHold: (() => Promise<unknown>) | undefined

/** Somebody adds what we sell to an invoice of another shop, which is being paid with points meanwhile. */
describe.each(ENGINES)('what we sell on the invoice of another shop, on %s', (engine) => {
  let world: World
  let shop: Shop
  beforeAll(async () => {
    world = await World.make({
      engine,
      faultPoint: async (step) => {
        if (step !== 'after-hold' || !atHold) return
        const work = atHold
        atHold = undefined
        await work()
      },
    })
    shop = new Shop(world)
  })
  afterAll(() => world.close())
  afterEach(async () => expect(await world.findings()).toEqual([]))

  const adds = async (invoice: SandboxInvoice, how: Partial<NewOrder> = {}): Promise<Order> => {
    const boris = await world.member({ points: '0' })
    return createOrder(world.parts, {
      memberId: boris.id,
      goods: 'code',
      amount: parseMoney('5000.00', 'RUB'),
      points: parseMoney('5000.00', 'PTS'),
      orderContainerId: invoice.id,
      language: 'ru',
      ...how,
    })
  }
  const confirmsOn = async (invoice: SandboxInvoice): Promise<number> =>
    (await world.sandbox.requests()).filter(({ method, path }) => method === 'POST' && path.includes(invoice.id)).length

  test('after the consent and before the button: nothing is sent, the points are free again, the page says why', async () => {
    const anna = await world.member({ points: '9000.00' })
    const invoice = await world.sandbox.invoice({ amount: '1000.00' })
    const ready = await anna.opens(invoice)
    const order = await adds(invoice)
    expect(order).toMatchObject({ state: 'created', containerId: invoice.id.toLowerCase() })
    const page = await anna.confirms(ready)
    expect([page.state, page.heading]).toEqual(['unsupported', 'Этот счёт за баллы нельзя оплатить баллами. Баллы не списаны'])
    expect(await anna.balance()).toEqual({ available: '9000.00', held: '0.00' })
    expect(await confirmsOn(invoice)).toBe(0)
    expect(await paymentOf(world, invoice)).toMatchObject({
      state: 'voided',
      reason: 'Points or a voucher that we sell are on the invoice. Invoicebox was not asked to pay.',
    })
    expect((await shop.order(order.number)).state).toBe('created')
  })

  test('between the hold and the confirm: Invoicebox is not asked for the order, and the payment goes on', async () => {
    const anna = await world.member({ points: '9000.00' })
    const invoice = await world.sandbox.invoice({ amount: '1000.00' })
    const ready = await anna.opens(invoice)
    let order: Order | undefined
    atHold = async () => (order = await adds(invoice))
    expect((await anna.confirms(ready)).state).toBe('paid')
    expect(order).toMatchObject({ state: 'failed', invoiceboxId: null })
    expect(await shop.made(order?.number ?? '')).toBe(0)
    await world.passes(15_000)
    expect(await alertsAbout(world, (await paymentOf(world, invoice)).id)).toEqual([])
    expect(await anna.balance()).toEqual({ available: '8000.00', held: '0.00' })
  })

  test('before Invoicebox has answered: the order is known by its invoice from the first moment', async () => {
    const invoice = await world.sandbox.invoice({ amount: '1000.00' })
    await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-answer' })
    const order = await adds(invoice)
    await world.sandbox.behave()
    expect([order.state, await ownGoodsOn(world.db, invoice.id)]).toEqual(['creating', 'points'])
    await shop.passes(MINUTE)
    expect((await shop.order(order.number)).state).toBe('created')
  })

  test('what was taken for such an invoice all the same is told, by the second look and by reconciliation', async () => {
    const anna = await world.member({ points: '9000.00' })
    const invoice = await world.sandbox.invoice({ amount: '1000.00' })
    const ready = await anna.opens(invoice)
    await world.sandbox.change(invoice, { amount: '6000.00' })
    expect((await anna.confirms(ready)).state).toBe('paid')
    const { invoiceboxId } = await shop.buys(await world.member({ points: '0' }), '10.00')
    await world.db('orders').where({ invoicebox_id: invoiceboxId }).update({ container_id: invoice.id.toLowerCase() })
    expect(await ownGoodsOn(world.db, invoice.id)).toBe('points')
    const found = []
    for await (const portion of compareBooks(world.parts)) found.push(...portion.found)
    expect(found.filter(({ invoiceId }) => invoiceId === invoice.id.toLowerCase())).toMatchObject([{ kind: 'amount_differs' }])
    await world.passes(15_000)
    expect(await alertsAbout(world, (await paymentOf(world, invoice)).id)).toEqual(['amount_differs'])
  })

  test('an order that is over bars nothing; a voucher bars as points do, in words of its own', async () => {
    const anna = await world.member({ points: '9000.00' })
    const invoice = await world.sandbox.invoice({ amount: '1000.00' })
    const ready = await anna.opens(invoice)
    const order = await buyVoucher(world.parts, {
      offerId: await voucher(),
      buyer: { memberId: anna.id },
      orderContainerId: invoice.id,
      language: 'ru',
    })
    expect(await ownGoodsOn(world.db, invoice.id)).toBe('voucher')
    const page = await anna.confirms(ready)
    expect([page.state, page.heading]).toEqual(['unsupported', 'Счёт с ваучером программы нельзя оплатить баллами. Баллы не списаны'])
    await world.parts.merchant?.cancelOrder(order.invoiceboxId ?? '')
    await shop.passes(MINUTE)
    expect((await shop.order(order.number)).state).toBe('cancelled')
    expect(await ownGoodsOn(world.db, invoice.id)).toBeUndefined()
    expect((await anna.pays(invoice)).state).toBe('paid')
    expect(await anna.balance()).toEqual({ available: '8000.00', held: '0.00' })
  })

  async function voucher(): Promise<string> {
    const [offerId, by] = [randomUUID(), { author: COMMAND_LINE, reason: 'A test' }]
    await world.parts.deeds.offers.change.perform({ ...VOUCHER, offerId }, { ...by, key: offerId })
    await importCodes(world.parts, { offerId, text: `V-${offerId}`, ...by })
    return offerId
  }
})
