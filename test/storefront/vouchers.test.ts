import { randomUUID } from 'node:crypto'
import { forgetBuyers, planRefund } from '../../src/orders'
import type { Order } from '../../src/orders'
import { buyPoints, buyTopUpCode, buyVoucher, countCodes, importCodes, redeemCode } from '../../src/storefront'
import type { Buyer as WhoBuys } from '../../src/storefront'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, plus } from '../../src/shared/clock'
import { parseMoney } from '../../src/shared/money'
import { Shop } from '../orders/shop'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { VOUCHER } from './offers'

const by = { author: COMMAND_LINE, reason: 'A test' } as const

describe.each(ENGINES)('vouchers on %s', (engine) => {
  let world: World
  let shop: Shop
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ engine, env: { MODE: 'demo' } })
    shop = new Shop(world)
    anna = await world.member({ points: '0' })
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  async function offer(codes: number, change: Partial<typeof VOUCHER> = {}): Promise<string> {
    const offerId = randomUUID()
    await world.parts.deeds.offers.change.perform({ ...VOUCHER, perPerson: null, offerId, ...change }, { ...by, key: offerId })
    const text = Array.from({ length: codes }, () => `V-${randomUUID()}`).join('\n')
    if (codes > 0) await importCodes(world.parts, { offerId, text, ...by })
    return offerId
  }

  const buy = (offerId: string, buyer: WhoBuys, key: string = randomUUID()): Promise<Order> =>
    buyVoucher(world.parts, { offerId, buyer, key, language: 'ru' })
  const shown = (order: Order): Promise<string | null> => world.parts.fulfilment.show(world.db, order, world.clock.now())
  const stock = async (offerId: string) => (await countCodes(world.db, [offerId])).get(offerId)
  const guest = { email: 'olga@example.test', address: '192.0.2.1' }

  test('a code is set aside with the order, handed out once with the payment, and shown to nobody before', async () => {
    const offerId = await offer(2)
    const key = randomUUID()
    const [order, again] = await Promise.all([buy(offerId, guest, key), buy(offerId, guest, key)])
    expect(again.number).toBe(order.number)
    expect(await stock(offerId)).toMatchObject({ free: 1, reserved: 1 })
    expect(await shown(order)).toBeNull()
    await Promise.all(Array.from({ length: 10 }, () => shop.tells(shop.notification(order))))
    expect((await shop.order(order.number)).state).toBe('credited')
    const code = await shown(order)
    expect([code, await shown(order)]).toEqual([expect.stringMatching(/^V-/), code])
    expect(await stock(offerId)).toMatchObject({ free: 1, reserved: 0, sold: 1 })
    expect((await world.alerts()).filter(({ kind, subject }) => kind === 'voucher_stock_low' && subject === offerId)).toHaveLength(1)
    for (const table of ['orders', 'order_events', 'order_notifications', 'audit_log', 'alerts', 'voucher_codes'])
      expect(
        JSON.stringify(await world.db(table), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
      ).not.toContain(code)
    expect(await planRefund(world.parts, order.number)).toMatchObject({ code: 'seen', left: order.amount, points: { minor: 0n } })
  })

  test('an order that ends unpaid lets its code go, and late money takes another one or waits for staff', async () => {
    const offerId = await offer(1)
    const order = await buy(offerId, { memberId: anna.id })
    await expect(buy(offerId, guest)).rejects.toMatchObject({ code: 'sold_out' })
    await shop.tells(shop.notification(order, { status: 'canceled' }))
    expect(await stock(offerId)).toMatchObject({ free: 1, reserved: 0 })
    const quicker = await buy(offerId, guest)
    await shop.tells(shop.notification(quicker))
    expect(await shop.tells(shop.notification(order))).toMatchObject({ code: 'shipping_unavailable' })
    expect((await shop.order(order.number)).state).toBe('paid')
    expect((await world.alerts()).filter(({ kind, subject }) => kind === 'order_undeliverable' && subject === order.id)).toHaveLength(1)
    await importCodes(world.parts, { offerId, text: `V-${randomUUID()}`, ...by })
    expect(await shop.tells(shop.notification(order))).toMatchObject({ code: 'shipping_unavailable' })
    await shop.pays(order)
    expect(await shop.tells(shop.notification(order))).toMatchObject({ status: 'success' })
    expect((await shop.order(order.number)).state).toBe('credited')
    expect((await world.alerts()).filter(({ kind, subject }) => kind === 'order_undeliverable' && subject === order.id)).toEqual([])
    expect(await shown(order)).not.toBe(await shown(quicker))
  })

  test('nobody buys what is not on sale, or more often than the offer allows', async () => {
    await expect(buy(await offer(1, { enabled: false }), guest)).rejects.toMatchObject({ code: 'offer_not_on_sale' })
    await expect(buy(await offer(1), { email: 'no address', address: '192.0.2.1' })).rejects.toMatchObject({ code: 'bad_input' })
    const offerId = await offer(5, { perPerson: '1' })
    const first = await buy(offerId, { email: 'Boris@example.test', address: '192.0.2.2' })
    await expect(buy(offerId, { email: 'boris@example.test', address: '192.0.2.3' })).rejects.toMatchObject({ code: 'too_many_requests' })
    await buy(offerId, { memberId: anna.id })
    await shop.tells(shop.notification(first, { status: 'canceled' }))
    await buy(offerId, { email: 'boris@example.test', address: '192.0.2.2' })
  })

  test("an offer's own limits hold for points, whoever they are for", async () => {
    const codeOf = (work: Promise<unknown>): Promise<string> =>
      work.then(
        () => 'done',
        (error: unknown) => (error as { code?: string }).code ?? String(error),
      )
    const boris = await world.member({ points: '0' })
    const offerId = await offer(0, { type: 'points', price: null, perPerson: '1', chips: '', least: '200', most: '500' })
    for (const amount of ['199.99', '500.01']) {
      expect(
        await codeOf(
          buyTopUpCode(world.parts, {
            amount: parseMoney(amount, 'RUB'),
            offerId,
            buyer: { email: `${randomUUID()}@example.test`, address: '192.0.2.9' },
            language: 'ru',
          }),
        ),
      ).toBe('top_up_out_of_range')
      expect(await codeOf(buyPoints(world.parts, { amount: parseMoney(amount, 'RUB'), offerId, memberId: boris.id, language: 'ru' }))).toBe(
        'top_up_out_of_range',
      )
    }
    const buys = Array.from({ length: 4 }, () =>
      codeOf(buyPoints(world.parts, { amount: parseMoney('300.00', 'RUB'), offerId, memberId: boris.id, language: 'ru' })),
    )
    expect((await Promise.all(buys)).sort()).toEqual(['done', 'offer_limit_reached', 'offer_limit_reached', 'offer_limit_reached'])
    const ofNoPoints = await offer(1)
    expect(
      await codeOf(
        buyTopUpCode(world.parts, {
          amount: parseMoney('300.00', 'RUB'),
          offerId: ofNoPoints,
          buyer: { email: `${randomUUID()}@example.test`, address: '192.0.2.9' },
          language: 'ru',
        }),
      ),
    ).toBe('offer_not_on_sale')
  })

  test('somebody buys points for somebody else, and one member redeems the code once', async () => {
    const boris = await world.member({ points: '0' })
    const order = await buyTopUpCode(world.parts, { amount: parseMoney('300.00', 'RUB'), buyer: guest, language: 'en' })
    await shop.tells(shop.notification(order))
    const code = (await shown(order)) ?? ''
    expect(code).toMatch(/^([2-9A-HJ-NP-Z]{4}-){3}[2-9A-HJ-NP-Z]{4}$/)
    await expect(redeemCode(world.parts, { memberId: boris.id, code: 'AAAA-AAAA-AAAA-AAAA' })).rejects.toMatchObject({
      code: 'code_not_valid',
    })
    const tries = [anna, boris, anna, boris].map(({ id }) =>
      redeemCode(world.parts, { memberId: id, code: code.toLowerCase().replaceAll('-', ' ') }),
    )
    const outcomes = await Promise.allSettled(tries)
    expect(outcomes.filter(({ status }) => status === 'rejected').length).toBeGreaterThanOrEqual(2)
    const balances = await Promise.all([anna.balance(), boris.balance()])
    expect(balances.map(({ available }) => available).sort()).toEqual(['0.00', '300.00'])
  })

  test('the address of a guest is forgotten after a month, and the order stays', async () => {
    const order = await buy(await offer(1), guest)
    const addresses = () => world.db('order_buyers').where({ order_id: order.id }).pluck('email')
    await forgetBuyers(world.db, plus(world.clock.now(), 29 * DAY))
    expect(await addresses()).toEqual([guest.email])
    await forgetBuyers(world.db, plus(world.clock.now(), 31 * DAY))
    expect(await addresses()).toEqual([])
    expect((await shop.order(order.number)).state).toBe('created')
  })
})

test('a member redeems a code on a page of their own', async () => {
  const world = await World.make({ env: { MODE: 'demo' } })
  const shop = new Shop(world)
  const anna = await world.member({ points: '0' })
  const order = await buyTopUpCode(world.parts, {
    amount: parseMoney('150.00', 'RUB'),
    buyer: { email: 'a@example.test', address: '192.0.2.3' },
    language: 'ru',
  })
  await shop.tells(shop.notification(order))
  const code = (await world.parts.fulfilment.show(world.db, order, world.clock.now())) ?? ''
  await anna.signsIn()
  const form = await anna.browser.open('/account/redeem')
  const wrong = await anna.browser.submit(form, '/account/redeem', { code: 'nothing' })
  expect([wrong.status, wrong.state, wrong.html]).toEqual([422, 'redeem', expect.stringContaining('Такого кода нет')])
  const done = await anna.browser.submit(form, '/account/redeem', { code })
  expect(done.html.replaceAll('\u00a0', ' ')).toContain('Зачислено: 150 баллов')
  expect((await anna.browser.open('/account')).html).toContain('/account/redeem')
  expect(await anna.balance()).toMatchObject({ available: '150.00' })
  expect(await world.findings()).toEqual([])
  await world.close()
})
