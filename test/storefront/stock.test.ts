import { randomUUID } from 'node:crypto'
import { createApprovals } from '../../src/approvals'
import { checkOrder, listNotifications, planRefund, replayNotification } from '../../src/orders'
import type { Order } from '../../src/orders'
import { failOrder, recordCreated } from '../../src/orders/settle-creation'
import { buyTopUpCode, buyVoucher, codeImports, countCodes, importCodes, redeemCode } from '../../src/storefront'
import type { Buyer as WhoBuys } from '../../src/storefront'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, MINUTE } from '../../src/shared/clock'
import { parseMoney } from '../../src/shared/money'
import { Shop } from '../orders/shop'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { VOUCHER } from './offers'

const by = { author: COMMAND_LINE, reason: 'A test' } as const

describe.each(ENGINES)('what a stock of codes gives away, and to whom, on %s', (engine) => {
  let world: World
  let shop: Shop
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ engine, env: { MODE: 'demo' }, timeouts: { writeMs: 1_500 } })
    shop = new Shop(world)
    anna = await world.member({ points: '0' })
  })
  afterEach(async () => {
    await world.sandbox.behave()
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const codes = (count: number): string => Array.from({ length: count }, () => `V-${randomUUID()}`).join('\n')
  async function offer(count: number): Promise<string> {
    const offerId = randomUUID()
    await world.parts.deeds.offers.change.perform({ ...VOUCHER, perPerson: null, offerId }, { ...by, key: offerId })
    if (count > 0) await importCodes(world.parts, { offerId, text: codes(count), ...by })
    return offerId
  }
  const guest = () => ({ email: `${randomUUID()}@example.test`, address: randomUUID() })
  const buy = (offerId: string, buyer: WhoBuys = guest()): Promise<Order> =>
    buyVoucher(world.parts, { offerId, buyer, key: randomUUID(), language: 'ru' })
  const buyCode = (buyer: WhoBuys): Promise<Order> =>
    buyTopUpCode(world.parts, { amount: parseMoney('300.00', 'RUB'), buyer, language: 'ru' })
  const stock = async (offerId: string) => (await countCodes(world.db, [offerId])).get(offerId)
  const shown = (order: Order) => world.parts.fulfilment.show(world.db, order, world.clock.now())
  const alertsOf = async ({ id }: { id: string }) =>
    (await world.alerts()).filter(({ subject }) => subject === id).map(({ kind, detail }) => ({ kind, detail }))
  const pays = (order: Order) => shop.tells(shop.notification(order))
  const erase = async (member: Buyer) => world.parts.deeds.members.erase.perform({ memberId: member.id }, { ...by, key: randomUUID() })

  test('a code is set aside for an hour, also at Invoicebox, and for two unpaid orders of one person at most', async () => {
    const offerId = await offer(4)
    const first = await buy(offerId, { memberId: anna.id })
    expect(first.expiresAt.getTime() - first.createdAt.getTime()).toBeLessThanOrEqual(60 * MINUTE)
    const read = await world.parts.merchant?.readOrder(first.invoiceboxId ?? '')
    expect(read?.outcome).toMatchObject({ kind: 'found', order: { expirationDate: first.expiresAt } })
    await buy(offerId, { memberId: anna.id })
    await expect(buy(offerId, { memberId: anna.id })).rejects.toMatchObject({ code: 'too_many_requests' })
    await pays(first)
    await buy(offerId, { memberId: anna.id })
    const points = await shop.buys(await world.member({ points: '0' }), '10.00')
    expect(points.expiresAt.getTime() - points.createdAt.getTime()).toBeGreaterThan(DAY - MINUTE)
    expect(await stock(offerId)).toMatchObject({ free: 1, reserved: 2, sold: 1 })
    await shop.passes(61 * MINUTE)
    await shop.passes(2 * MINUTE)
    expect(await stock(offerId)).toMatchObject({ free: 3, reserved: 0, sold: 1 })
  })

  test('what a member has paid who was erased meanwhile is handed to nobody: the money waits for a refund', async () => {
    const [boris, vera] = [await world.member({ points: '0' }), await world.member({ points: '0' })]
    const offerId = await offer(1)
    const orders = [await buy(offerId, { memberId: boris.id }), await buyCode({ memberId: vera.id })]
    await erase(boris)
    await erase(vera)
    for (const order of orders) {
      expect(await shop.tells(shop.notification(order))).toMatchObject({ code: 'shipping_unavailable' })
      expect((await shop.order(order.number)).state).toBe('paid')
      expect((await alertsOf(order)).map(({ kind }) => kind)).toEqual(['order_undeliverable'])
      expect(await planRefund(world.parts, order.number)).toMatchObject({ code: null, amount: order.amount })
    }
    expect(await stock(offerId)).toMatchObject({ free: 1, reserved: 0, sold: 0 })
  })

  test('an order that waits for its goods gets them only when Invoicebox says anew that it is paid', async () => {
    const offerId = await offer(1)
    const reversed = await buy(offerId, { memberId: anna.id })
    await shop.tells(shop.notification(reversed, { status: 'canceled' }))
    await pays(await buy(offerId))
    await shop.pays(reversed)
    expect((await shop.until(reversed, 'paid')).state).toBe('paid')
    await world.parts.merchant?.cancelOrder(reversed.invoiceboxId ?? '')
    await shop.tells(shop.notification(reversed, { status: 'canceled' }))
    await importCodes(world.parts, { offerId, text: codes(2), ...by })
    const lines = await listNotifications(world.db, { orderId: reversed.id }, { limit: 10 })
    const paid = lines.find(({ status }) => status === 'completed')
    const answers = [
      await replayNotification(world.parts, { id: paid?.id ?? '', author: COMMAND_LINE }),
      await shop.tells(shop.notification(reversed)),
    ]
    expect(answers).toEqual([
      expect.objectContaining({ code: 'shipping_unavailable' }),
      expect.objectContaining({ code: 'shipping_unavailable' }),
    ])
    await checkOrder(world.parts, { number: reversed.number, author: COMMAND_LINE })
    expect((await shop.order(reversed.number)).state).toBe('paid')
    expect(await stock(offerId)).toMatchObject({ free: 2, sold: 1 })
    const [alert] = (await alertsOf(reversed)).filter(({ kind }) => kind === 'order_paid_and_cancelled')
    expect(alert?.detail).not.toMatch(/points stand|Баллы зачислены/)
  })

  test('a refund that Invoicebox undoes tells what the buyer has again: nothing, where nothing was handed out', async () => {
    const offerId = await offer(1)
    const late = await buy(offerId)
    await shop.tells(shop.notification(late, { status: 'canceled' }))
    const handedOut = await buy(offerId)
    for (const [order, state] of [
      [handedOut, 'credited'],
      [late, 'paid'],
    ] as const) {
      await shop.pays(order)
      await shop.until(order, state)
      await shop.refunds(order)
      const [made] = (await shop.there(order)).refunds
      await shop.refundThere(made?.id ?? '', 'cancel')
      await shop.passes(2 * MINUTE)
    }
    const told = async (order: Order) => (await alertsOf(order)).find(({ kind }) => kind === 'refund_cancelled')?.detail
    expect([await told(handedOut), await told(late)]).toEqual([
      expect.stringContaining('has the code again'),
      expect.stringContaining('has got nothing'),
    ])
  })

  test('an order that was given up and turns up all the same has its code again, or is cancelled there when none is left', async () => {
    const offerId = await offer(1)
    const turnsUp = async (): Promise<Order> => {
      await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-answer', times: 1 })
      const order = await buy(offerId)
      const read = await world.parts.merchant?.findOrders({ merchantOrderId: order.number, direction: 'asc', page: 1, pageSize: 10 })
      if (read?.outcome.kind !== 'page' || !read.outcome.items[0]) throw new Error('It is not there.')
      made.push(read.outcome.items[0])
      return failOrder(world.parts, order, 'a test')
    }
    const made: Parameters<typeof recordCreated>[2][] = []
    const orders = [await turnsUp(), await turnsUp()]
    for (const [index, order] of orders.entries()) await recordCreated(world.parts, order, made[index] as (typeof made)[number])
    const [first, second] = await Promise.all(orders.map(({ number }) => shop.order(number)))
    expect([first?.state, second?.state]).toEqual(['created', 'failed'])
    expect(await stock(offerId)).toMatchObject({ free: 0, reserved: 1 })
    expect([(await shop.there(first as Order)).status, (await shop.there(second as Order)).status]).toEqual(['created', 'canceled'])
  })

  test('at most two orders wait on one invoice, however many members add to it at one moment', async () => {
    const invoice = await world.sandbox.invoice({ amount: '1000.00' })
    const joins = async (orderContainerId: string): Promise<string> => {
      const buyer = { memberId: (await world.member({ points: '0' })).id }
      const order = { amount: parseMoney('10.00', 'RUB'), buyer, key: randomUUID(), language: 'ru', orderContainerId } as const
      return buyTopUpCode(world.parts, order).then(
        ({ state }) => state,
        (error: unknown) => (error as { code?: string }).code ?? String(error),
      )
    }
    const became = await Promise.all(Array.from({ length: 6 }, () => joins(invoice.id)))
    expect(became.sort()).toEqual(['created', 'created', ...Array.from({ length: 4 }, () => 'too_many_requests')])
    expect(await joins(invoice.id.toUpperCase())).toBe('too_many_requests')
  })

  test('another address or another invoice under the key of an order is another intent', async () => {
    const key = randomUUID()
    const asks = (buyer: WhoBuys, container?: string): Promise<Order> =>
      buyTopUpCode(world.parts, {
        amount: parseMoney('300.00', 'RUB'),
        buyer,
        key,
        language: 'ru',
        ...(container !== undefined && { orderContainerId: container }),
      })
    const wrong = guest()
    const order = await asks(wrong)
    expect((await asks({ ...wrong, email: wrong.email.toUpperCase(), address: 'another' })).number).toBe(order.number)
    await expect(asks({ ...wrong, email: 'olga@example.test' })).rejects.toMatchObject({ code: 'key_reused' })
    await expect(asks(wrong, randomUUID())).rejects.toMatchObject({ code: 'key_reused' })
  })

  test('a code is redeemed by no member who is locked, and by none who is erased at that moment', async () => {
    const [boris, vera] = [await world.member({ points: '0' }), await world.member({ points: '0' })]
    const order = await buyCode(guest())
    await pays(order)
    const code = (await shown(order)) ?? ''
    await world.parts.deeds.members.lock.perform({ memberId: boris.id }, { ...by, key: randomUUID() })
    await expect(redeemCode(world.parts, { memberId: boris.id, code })).rejects.toMatchObject({ code: 'member_locked' })
    await erase(vera)
    await expect(redeemCode(world.parts, { memberId: vera.id, code })).rejects.toMatchObject({ code: 'member_erased' })
    expect((await redeemCode(world.parts, { memberId: anna.id, code })).minor).toBe(30_000n)
  })

  test('the first line of a file that is a heading is no code', async () => {
    const offerId = await offer(0)
    for (const heading of ['code', 'Промокод', '"Voucher code"', 'voucher_code;expires', 'Gift name'])
      expect([heading, await importCodes(world.parts, { offerId, text: `\n${heading}\n${codes(2)}`, ...by })]).toEqual([
        heading,
        expect.objectContaining({ added: 0, oddLines: [2] }),
      ])
    expect(await importCodes(world.parts, { offerId, text: 'code', ...by })).toMatchObject({ added: 0, oddLines: [1] })
    const words = `SUNNY-${randomUUID().replace(/[^a-f]/g, '')}`
    expect(await importCodes(world.parts, { offerId, text: `${words}\nMOON\nRIVER-BANK-${words}`, ...by })).toMatchObject({
      added: 3,
      oddLines: [],
    })
    expect(await importCodes(world.parts, { offerId, text: 'ABCD-EFGH\nAB12-EFGH\nABCD-EF3H', ...by })).toMatchObject({
      added: 3,
      first: 'AB…GH',
      last: 'AB…3H',
    })
  })

  test('what was leaked is taken out of the stock, and sold to nobody who had not ordered it before', async () => {
    const offerId = await offer(2)
    const [held, late] = [await buy(offerId), await buy(offerId)]
    await shop.tells(shop.notification(late, { status: 'canceled' }))
    world.clock.move(MINUTE)
    await importCodes(world.parts, { offerId, text: codes(3), ...by })
    const leaked = (await codeImports(world.db, offerId)).at(-1)
    expect(leaked).toMatchObject({ free: 1, reserved: 1 })
    const payload = { offerId, importedAt: leaked?.importedAt.toISOString() ?? null }
    const { withdraw } = world.parts.deeds.offers
    expect(await withdraw.weigh(payload)).toMatchObject({ minor: 25_000n, unit: 'RUB' })
    expect(await withdraw.preview(payload)).toMatchObject({
      before: { codes_free: '4', codes_withdrawn: '0', still_reserved: held.number },
      after: { codes_free: '3', codes_withdrawn: '1' },
    })
    const key = randomUUID()
    expect([await withdraw.perform(payload, { ...by, key }), await withdraw.perform(payload, { ...by, key })]).toEqual([
      { withdrawn: 1, free: 3, reservedBy: [held.number] },
      { withdrawn: 0, free: 3, reservedBy: [held.number] },
    ])
    await shop.tells(shop.notification(held, { status: 'canceled' }))
    expect(await stock(offerId)).toEqual({ free: 3, reserved: 0, sold: 0, withdrawn: 2 })
    await pays(late)
    await pays(held)
    expect(await stock(offerId)).toEqual({ free: 1, reserved: 0, sold: 2, withdrawn: 2 })
    const all = { offerId, importedAt: null }
    const weighed = await withdraw.weigh(all)
    await importCodes(world.parts, { offerId, text: codes(1), ...by })
    await expect(withdraw.perform(all, { ...by, key: randomUUID(), weighed })).rejects.toMatchObject({ code: 'offer_changed' })
    await withdraw.perform(all, { ...by, key: randomUUID() })
    await expect(buy(offerId)).rejects.toMatchObject({ code: 'sold_out' })
    const rows = await world.db('audit_log').where({ subject: `offer:${offerId}`, action: 'voucher_codes_withdrawn' })
    expect(rows).toHaveLength(2)
  })

  test('codes that one person takes out of the stock count together, once per intent', async () => {
    const { deeds } = world.parts
    const approvals = createApprovals({ ...world.parts, alone: { points: parseMoney('1', 'PTS'), roubles: parseMoney('1000', 'RUB') } }, [
      deeds.offers.withdraw,
    ])
    const person = () => ({ kind: 'staff', id: randomUUID(), login: 'op', role: 'operator' }) as const
    const [olga, oleg] = [person(), person()]
    const offers: string[] = []
    const keys: string[] = []
    for (const count of [3, 1, 1]) {
      offers.push(await offer(count))
      keys.push(randomUUID())
    }
    const submit = async (which: number, author = olga, key = keys[which] ?? ''): Promise<string> => {
      const order = { payload: { offerId: offers[which] ?? '', importedAt: null }, author, reason: 'Leaked', key }
      const submitted = await approvals.submit(deeds.offers.withdraw, order)
      return submitted.state === 'done' ? `done ${submitted.result.withdrawn}` : submitted.state
    }
    expect([await submit(0), await submit(0), await submit(1)]).toEqual(['done 3', 'done 0', 'done 1'])
    // A code more, which what was sent before does not take; what has nothing to take weighs nothing.
    await importCodes(world.parts, { offerId: offers[0] ?? '', text: codes(1), ...by })
    const empty = randomUUID()
    expect([await submit(0), await submit(1, olga, empty)]).toEqual(['done 0', 'done 0'])
    // Nor does what found nothing to take.
    await importCodes(world.parts, { offerId: offers[1] ?? '', text: codes(1), ...by })
    expect(await submit(1, olga, empty)).toBe('done 0')
    expect(await stock(offers[1] ?? '')).toMatchObject({ free: 1, withdrawn: 1 })
    expect(await submit(2)).toBe('waiting')
    // Another one's key is no way around it.
    await expect(submit(0, oleg)).rejects.toMatchObject({ code: 'key_reused' })
    expect(await submit(2, oleg, randomUUID())).toBe('done 1')
  })
})
