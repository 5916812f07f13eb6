import { MINUTE, SECOND } from '../../src/shared/clock'
import { watchMerchantToken } from '../../src/check-token'
import { compareOrders, compareRefunds, recheckOpenOrders } from '../../src/orders'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { orderDraft, refundDraft } from '../../src/orders/draft'
import { requireMerchant } from '../../src/orders/order'
import type { OrderRefund } from '../../src/orders/order'
import { newOrderNumber } from '../../src/orders/number'
import { insertOrder } from '../../src/orders/store'
import { inTransaction } from '../../src/shared/database'
import { COMMAND_LINE } from '../../src/shared/actor'
import { closeAlert } from '../../src/shared/alerts'
import { newSortedId } from '../../src/shared/ids'
import { money } from '../../src/shared/money'
import { Shop } from './shop'

describe('what gets lost between us and Invoicebox', () => {
  let world: World
  let shop: Shop
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ timeouts: { writeMs: 1_000 } })
    shop = new Shop(world)
    anna = await world.member({ points: '0' })
    await anna.signsIn()
  })
  afterAll(() => world.close())
  afterEach(async () => {
    await world.sandbox.behave()
    expect(await world.findings()).toEqual([])
  })

  test('the answer to a new order: it is found under its number, and none is made twice', async () => {
    await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-answer', times: 1 })
    const page = await anna.browser.submit(await anna.browser.open('/account'), '/account/top-ups', { amount: '100' })
    expect([page.state, page.heading]).toEqual(['waiting', 'Готовим заказ. Деньги не списаны'])
    const number = page.url.split('/').at(-1) ?? ''
    expect((await shop.order(number)).state).toBe('creating')
    await shop.passes(15 * SECOND)
    expect((await shop.order(number)).state).toBe('created')
    expect(await shop.made(number)).toBe(1)
    await shop.pays(await shop.order(number))
    await shop.until(await shop.order(number), 'credited')
  })

  test('a token of the shop that is not known there any more: staff are told once', async () => {
    await world.sandbox.misbehave({ on: 'order.list', kind: 'status', status: 401, times: 1 })
    await watchMerchantToken(world.parts)
    expect(await world.alerts()).toEqual([])
    await compareOrders(world.parts)
    await watchMerchantToken(world.parts)
    await watchMerchantToken(world.parts)
    expect((await world.alerts()).map(({ kind, subject }) => [kind, subject])).toEqual([['invoicebox_refuses_us', 'invoicebox:merchant']])
    await world.passes(31 * SECOND)
    await compareOrders(world.parts)
    await watchMerchantToken(world.parts)
    const [alert] = await world.alerts()
    await inTransaction(world.db, (tx) =>
      closeAlert(tx, alert?.id ?? '', { author: COMMAND_LINE, reason: 'A test', at: world.clock.now() }),
    )
  })

  test('the answer to a new order that is paid before it is found: the notification credits it', async () => {
    await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-answer', times: 1 })
    const order = await shop.buys(anna, '10.00')
    expect(order.state).toBe('creating')
    await shop.pays(order)
    expect((await shop.until(order, 'credited')).paidId).not.toBeNull()
  })

  test('the request for a new order: after a while it is given up, and the page says that no money was taken', async () => {
    await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-request', times: 1 })
    const order = await shop.buys(anna, '10.00')
    await shop.passes(MINUTE + SECOND)
    expect((await anna.browser.open(`/account/top-ups/${order.number}`)).state).toBe('unavailable')
    await shop.passes(3 * MINUTE)
    await shop.passes(5 * MINUTE)
    expect((await shop.order(order.number)).state).toBe('failed')
    expect((await anna.browser.open(`/account/top-ups/${order.number}`)).state).toBe('failed')
  })

  test('an order that Invoicebox refuses is told at once', async () => {
    await world.sandbox.misbehave({ on: 'order.create', kind: 'status', status: 422, times: 1 })
    const page = await anna.browser.submit(await anna.browser.open('/account'), '/account/top-ups', { amount: '100' })
    expect([page.state, page.url]).toEqual(['failed', expect.stringContaining('/account/top-ups/TU-')])
  })

  test('a notification: the worker reads the order, fifty in one request', async () => {
    await world.sandbox.misbehave({ on: 'notification', kind: 'lose' })
    const orders = await Promise.all(['1.00', '2.00', '3.00'].map((amount) => shop.buys(anna, amount)))
    for (const order of orders) await shop.pays(order)
    await shop.passes(31 * SECOND)
    for (const order of orders) expect((await shop.order(order.number)).state).toBe('credited')
  })

  test('a notification: the member who looks at the page asks, at most once in five seconds', async () => {
    await world.sandbox.misbehave({ on: 'notification', kind: 'lose' })
    const order = await shop.buys(anna, '5.00')
    const path = `/account/top-ups/${order.number}`
    expect((await anna.browser.open(path)).state).toBe('waiting')
    await shop.pays(order)
    expect((await anna.browser.open(path)).state).toBe('waiting')
    world.clock.move(6 * SECOND)
    const classes: string[] = []
    world.parts.invoicebox.onWait((as) => classes.push(as))
    expect((await anna.browser.open(path)).state).toBe('credited')
    expect(classes).toEqual(['background'])
  })

  test('an order that cannot be dealt with does not keep the others of its page from it', async () => {
    await world.sandbox.misbehave({ on: 'notification', kind: 'lose' })
    const sample = await shop.buys(anna, '3.00')
    const poison = {
      ...sample,
      id: newSortedId(),
      number: newOrderNumber(),
      memberId: 'nobody',
      intentKey: crypto.randomUUID(),
      state: 'creating',
    } as const
    await inTransaction(world.db, (tx) => insertOrder(tx, { ...poison, nextCheckAt: new Date(0) }))
    const made = await world.parts.merchant?.createOrder(orderDraft(poison, world.parts.topUps))
    await shop.pays(made?.outcome.kind === 'accepted' ? { ...poison, invoiceboxId: made.outcome.order.id } : poison)
    await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-answer', times: 1 })
    const good = await shop.buys(anna, '4.00')
    await shop.pays(good)
    await shop.passes(15 * SECOND)
    expect((await shop.order(good.number)).state).toBe('credited')
  })

  test('what was missed while the channel was broken is asked for after it stands again', async () => {
    await world.sandbox.misbehave({ on: 'notification', kind: 'lose' })
    const order = await shop.buys(anna, '7.00')
    await shop.pays(order)
    expect(await recheckOpenOrders(world.parts)).toBeGreaterThan(0)
    await shop.works()
    expect((await shop.order(order.number)).state).toBe('credited')
  })

  test('a payment that everything else has missed: the comparison with what Invoicebox counts as paid credits it', async () => {
    await world.sandbox.misbehave({ on: 'notification', kind: 'lose' })
    const order = await shop.buys(anna, '6.00')
    await shop.pays(order)
    expect(await compareOrders(world.parts)).toBe(1)
    expect((await shop.order(order.number)).state).toBe('credited')
    expect(await compareOrders(world.parts)).toBe(0)
  })

  test('a refund that is there and not here, as after a restored backup, is told, once', async () => {
    const order = await shop.bought(anna, '5.00')
    const merchant = requireMerchant(world.parts)
    const lost = { number: `${order.number}-r7`, amount: order.amount, fee: money(0n, 'RUB'), vat: money(0n, 'RUB'), reason: 'lost' }
    const draft = refundDraft(order, lost as OrderRefund, world.parts.topUps)
    expect((await merchant.createRefund(draft)).outcome.kind).toBe('accepted')
    expect(await compareRefunds(world.parts)).toBe(1)
    const told = async () => (await world.alerts()).filter(({ subject }) => subject === order.id)
    const [alert] = await told()
    expect(alert).toMatchObject({ kind: 'refund_differs', detail: expect.stringContaining(lost.number) as string })
    await inTransaction(world.db, (tx) => closeAlert(tx, alert?.id ?? '', { author: COMMAND_LINE, reason: 'x', at: world.clock.now() }))
    expect(await compareRefunds(world.parts)).toBe(0)
    expect(await told()).toEqual([])
    // By the time that its money has gone it stands in another list.
    const [made] = (await shop.there(order)).refunds
    await shop.refundThere(made?.id ?? '', 'complete')
    await world.db('alerts').where({ subject: order.id }).delete()
    expect(await compareRefunds(world.parts)).toBe(0)
    expect([await compareRefunds(world.parts, 'completed'), await compareRefunds(world.parts, 'completed')]).toEqual([1, 0])
    expect(await told()).toMatchObject([{ kind: 'refund_differs', detail: expect.stringContaining(lost.number) as string }])
    await world.db('alerts').where({ subject: order.id }).delete()
  })

  test('refunds are compared to the end of the list, however long it is', async () => {
    const asked: number[] = []
    // The list of a shop that has sold for years stands in for what is upstream.
    const merchant: typeof world.parts.merchant = world.parts.merchant && {
      ...world.parts.merchant,
      findRefunds: ({ page }) => {
        asked.push(page)
        return Promise.resolve({ exchanges: [], outcome: { kind: 'page', items: [], odd: [], hasMore: page < 250 } } as never)
      },
    }
    expect(await compareRefunds({ ...world.parts, merchant }, 'completed')).toBe(0)
    expect(asked).toEqual(Array.from({ length: 250 }, (_, index) => index + 1))
  })

  test('a notification that fails here comes again, and one that comes in two hundred copies credits once', async () => {
    const { available } = await anna.balance()
    await world.sandbox.misbehave({ on: 'notification', kind: 'duplicate', copies: 50, times: 1 })
    const order = await shop.bought(anna, '8.00')
    await world.sandbox.misbehave({ on: 'notification', kind: 'wrong-signature', times: 1 })
    const forged = await shop.buys(anna, '9.00')
    await shop.pays(forged)
    await world.sandbox.behave()
    await shop.passes(31 * SECOND)
    expect([(await shop.order(order.number)).state, (await shop.order(forged.number)).state]).toEqual(['credited', 'credited'])
    expect(Number((await anna.balance()).available) - Number(available)).toBeCloseTo(17)
  })
})
