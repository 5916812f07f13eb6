import { randomUUID } from 'node:crypto'
import type { Config } from '../../src/config'
import { checkOrder, CodeUnreadable, forgetBuyers, planRefund, receiveNotification } from '../../src/orders'
import type { Order } from '../../src/orders'
import { buyPoints, buyTopUpCode, buyVoucher, countCodes, importCodes, redeemCode } from '../../src/storefront'
import type { Buyer as WhoBuys } from '../../src/storefront'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, plus } from '../../src/shared/clock'
import { createLog } from '../../src/shared/log'
import { parseMoney } from '../../src/shared/money'
import { createTexts } from '../../src/shared/texts'
import { NotReady } from '../../src/shared/not-ready'
import { serve, work } from '../../src/serve'
import { presentOrder } from '../../src/orders/present'
import { viewOrder } from '../../src/orders/view-order'
import { readResult } from '../../src/storefront/minapp-result'
import { sealOrderPass } from '../../src/storefront/passes'
import { buildParts } from '../../src/wiring'
import type { Parts } from '../../src/wiring'
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

  describe('under a secret that does not open the stored codes', () => {
    let other: Parts
    const partsWith = (change: Partial<Config>): Parts =>
      buildParts({ ...world.parts.config, port: 0, ...change }, { clock: world.clock, log: createLog('silent') })
    beforeAll(() => {
      other = partsWith({ codesSecret: 'another-secret-of-the-tests-0123456789' })
    })
    afterAll(() => other.close())

    test('no process starts, whether vouchers or codes for points are stored; with the right one it does', async () => {
      const offerId = await offer(1)
      const starts = async (parts: Parts): Promise<string> => {
        try {
          const [web, worker] = [await serve(parts, { withWorker: false }), await work(parts)]
          await worker.stop().catch(() => undefined)
          await web.stop().catch(() => undefined)
          return 'started'
        } catch (error) {
          return error instanceof NotReady ? error.message : String(error)
        }
      }
      for (const start of [serve(other, { withWorker: false }), work(other)])
        await expect(start).rejects.toThrow(/vouchers.*CODES_SECRET.*SESSION_SECRET/)
      await world.db('voucher_codes').where({ offer_id: offerId, state: 'free' }).update({ state: 'withdrawn' })
      const rest = await world.db('voucher_codes').where({ state: 'free' }).pluck<string[]>('id')
      await world.db('voucher_codes').whereIn('id', rest).update({ state: 'withdrawn' })
      expect(await starts(partsWith({ codesSecret: 'another-secret-of-the-tests-0123456789' }))).toBe('started')
      const gift = await buyTopUpCode(world.parts, { amount: parseMoney('300.00', 'RUB'), buyer: guest, language: 'ru' })
      await shop.tells(shop.notification(gift))
      await expect(serve(other, { withWorker: false })).rejects.toThrow(/codes for points.*CODES_SECRET/)
      const { codesSecret } = world.parts.config
      expect(await starts(partsWith({ sessionSecret: 'another-secret-of-the-tests-0123456789', codesSecret }))).toBe('started')
    })

    test('nothing is set aside, sold or added to the stock that could not be handed out', async () => {
      const offerId = await offer(2)
      const ivan = { email: `${randomUUID()}@example.test`, address: randomUUID() }
      const asks = (parts: Parts) => buyVoucher(parts, { offerId, buyer: ivan, key: randomUUID(), language: 'ru' })
      await expect(asks(other)).rejects.toMatchObject({ code: 'sold_out' })
      await expect(importCodes(other, { offerId, text: `V-${randomUUID()}`, ...by })).rejects.toMatchObject({ code: 'codes_unreadable' })
      expect(await stock(offerId)).toMatchObject({ free: 2, reserved: 0 })
      const order = await asks(world.parts)
      await world.sandbox.misbehave({ on: 'notification', kind: 'lose' })
      await shop.pays(order)
      expect(await receiveNotification(other, shop.notification(order))).toMatchObject({ code: 'shipping_unavailable' })
      expect((await shop.order(order.number)).state).toBe('paid')
      expect(await stock(offerId)).toMatchObject({ free: 1, reserved: 1, sold: 0 })
      const told = async () => (await world.alerts()).filter(({ subject }) => subject === order.id).map(({ kind }) => kind)
      expect(await told()).toEqual(['order_undeliverable'])
      await checkOrder(world.parts, { number: order.number, author: COMMAND_LINE })
      expect([(await shop.order(order.number)).state, await told()]).toEqual(['credited', []])
      await world.sandbox.behave()
    })

    test('a code that was sold is not called withdrawn: staff are told, and it counts as unseen', async () => {
      const order = await buy(await offer(1), { memberId: anna.id })
      await shop.tells(shop.notification(order))
      await expect(other.fulfilment.show(other.db, order, world.clock.now())).rejects.toThrow(CodeUnreadable)
      expect(await world.parts.fulfilment.look(world.db, order)).toMatchObject({ use: 'fresh' })
      expect((await world.alerts()).filter(({ subject }) => subject === order.id)).toMatchObject([
        { kind: 'order_undeliverable', detail: expect.stringContaining('CODES_SECRET') as string },
      ])
      const seen = await viewOrder(other, order.number, anna.id)
      const { heading, note } = presentOrder(seen, { t: createTexts().translator('ru'), language: 'ru' })
      expect([seen.state, heading, note]).toEqual([
        'unavailable',
        expect.stringContaining('не открывается'),
        expect.stringContaining('Поддержка'),
      ])
      const result = await readResult(other, sealOrderPass(other, order))
      expect(result).toMatchObject({ state: 'unavailable', code: null })
      // A letter waits for the right secret.
      const told = await buy(await offer(1), { email: `${randomUUID()}@example.test`, address: randomUUID() })
      await shop.tells(shop.notification(told))
      while ((await other.notices.sendMail()) > 0);
      const letters = world.db('notices').where({ source: told.id }).select<{ state: string; last_error: string }[]>('state', 'last_error')
      expect(await letters).toMatchObject([{ state: 'queued', last_error: 'code unreadable' }])
      expect(await shown(order)).toMatch(/^V-/)
    })
  })

  test('nobody buys what is not on sale, or more often than the offer allows', async () => {
    await expect(buy(await offer(1, { enabled: false }), guest)).rejects.toMatchObject({ code: 'offer_not_on_sale' })
    const asked = { buyer: guest, key: randomUUID(), language: 'ru', offerId: await offer(1) } as const
    await expect(buyVoucher(world.parts, { ...asked, seenPrice: parseMoney('1.00', 'RUB') })).rejects.toMatchObject({
      code: 'price_changed',
    })
    const joining = { orderContainerId: randomUUID(), hasLetters: false }
    await expect(buyVoucher(world.parts, { ...asked, ...joining })).rejects.toMatchObject({ code: 'code_not_sendable' })
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
