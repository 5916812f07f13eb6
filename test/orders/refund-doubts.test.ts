import { planRefund, recoverRefunds, refundsOf, topUp } from '../../src/orders'
import type { Order, OrderRefund } from '../../src/orders'
import { refundDraft } from '../../src/orders/draft'
import { acceptRefund } from '../../src/orders/end-refund'
import { refundOrder } from '../../src/orders/refund-order'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/shared/clock'
import { parseMoney } from '../../src/shared/money'
import { Refusal } from '../../src/shared/refusals'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { Shop } from './shop'

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Refusal ? error.code : error),
  )

describe('refunds of which it is not known what became of them', () => {
  let world: World
  let shop: Shop
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ env: { TWO_EYES_ROUBLES: '500' }, timeouts: { writeMs: 1_000 } })
    shop = new Shop(world)
  })
  beforeEach(async () => {
    anna = await world.member({ points: '0' })
  })
  afterAll(() => world.close())
  afterEach(async () => {
    await world.sandbox.behave()
    expect(await world.findings()).toEqual([])
  })

  const refund = async (order: Order): Promise<OrderRefund> => {
    const found = (await refundsOf(world.db, order.id)).at(-1)
    if (!found) throw new Error('There is no refund.')
    return found
  }

  /** A list that does not show everything yet, or shows something else. */
  const lists = (on: string, ...data: object[]): Promise<unknown> => {
    return world.sandbox.misbehave({ on, kind: 'status', status: 200, body: JSON.stringify({ data }), times: 1 })
  }
  const refuses = (on: string, code: string, more: object = {}): Promise<unknown> =>
    world.sandbox.misbehave({ on, kind: 'status', status: 422, code, times: 1, ...more })
  const alertsOf = async (order: Order): Promise<string[]> =>
    (await world.alerts()).filter(({ subject }) => subject === order.id).map(({ kind }) => kind)

  test('a refund that is refused at first is looked for before the points go back: it may have been made all the same', async () => {
    const [there, unread] = [await shop.bought(anna, '30.00'), await shop.bought(anna, '20.00')]
    await refuses('refund.create', 'wrong_total_amount', { after: true })
    await shop.refunds(there)
    expect([(await refund(there)).state, (await anna.balance()).available]).toEqual(['accepted', '20.00'])
    await refuses('refund.create', 'wrong_total_amount', { after: true })
    await world.sandbox.misbehave({ on: 'refund.list', kind: 'status', status: 503, times: 3 })
    await shop.refunds(unread)
    expect([(await refund(unread)).state, await anna.balance()]).toEqual(['requested', { available: '0.00', held: '20.00' }])
    await world.sandbox.behave()
    await shop.passes(10 * MINUTE)
    expect([(await refund(unread)).state, await anna.balance()]).toEqual(['accepted', { available: '0.00', held: '0.00' }])
    const absent = await shop.bought(anna, '10.00')
    await refuses('refund.create', 'wrong_total_amount')
    await shop.refunds(absent)
    expect([(await refund(absent)).state, await anna.balance()]).toEqual(['rejected', { available: '10.00', held: '0.00' }])
    await shop.refunds(absent)
  })

  test('a repeat that is refused proves nothing: the points stay held until the refund is found', async () => {
    const order = await shop.bought(anna, '100.00')
    await world.sandbox.misbehave({ on: 'refund.create', kind: 'lose-answer', times: 1 })
    await shop.refunds(order, '60.00')
    await lists('refund.list')
    await refuses('refund.create', 'wrong_total_amount')
    await shop.passes(MINUTE)
    expect([(await refund(order)).state, (await anna.balance()).held]).toEqual(['requested', '60.00'])
    await shop.passes(10 * MINUTE)
    expect([(await refund(order)).state, await anna.balance()]).toEqual(['accepted', { available: '40.00', held: '0.00' }])
  })

  test('a repeat that is refused is a no after a day, when the order has no such refund', async () => {
    const order = await shop.bought(anna, '100.00')
    await world.sandbox.misbehave({ on: 'refund.create', kind: 'lose-request', times: 1 })
    await shop.refunds(order, '60.00')
    await refuses('refund.create', 'wrong_order_status', { times: null })
    await shop.passes(MINUTE)
    expect((await refund(order)).state).toBe('requested')
    await shop.passes(DAY + HOUR)
    expect([(await refund(order)).state, await anna.balance()]).toEqual(['rejected', { available: '100.00', held: '0.00' }])
  })

  test('a correction order that is refused never frees the points of a refund that is no draft any more', async () => {
    for (const isFirst of [true, false]) {
      const order = await shop.bought(anna, '100.00')
      await anna.pays(await world.sandbox.invoice({ amount: '10.00' }))
      if (isFirst) await refuses('correction.create', 'wrong_order_status', { after: true })
      else await world.sandbox.misbehave({ on: 'correction.create', kind: 'lose-answer', times: 1 })
      await shop.refunds(order)
      if (!isFirst) {
        await lists('order.list')
        await shop.passes(2 * MINUTE)
      }
      expect([(await refund(order)).state, (await anna.balance()).held]).toEqual(['drafted', '90.00'])
      await shop.passes(10 * MINUTE)
      expect([(await refund(order)).state, await anna.balance()]).toEqual(['accepted', { available: '0.00', held: '0.00' }])
    }
  })

  test('a refund that Invoicebox would pay out whole, the fee too, is shown to a person', async () => {
    const order = await shop.bought(anna, '100.00')
    await anna.pays(await world.sandbox.invoice({ amount: '10.00' }))
    await world.sandbox.misbehave({ on: 'correction.create', kind: 'lose-request', times: 1 })
    await shop.refunds(order)
    const { invoiceboxId, number } = await refund(order)
    await lists('refund.list', {
      id: invoiceboxId,
      parentId: order.paidId,
      merchantOrderId: number,
      amount: 100,
      currencyId: 'RUB',
      status: 'created',
    })
    await refuses('correction.create', 'wrong_order_status')
    await shop.passes(2 * MINUTE)
    expect([(await refund(order)).state, (await anna.balance()).held, await alertsOf(order)]).toEqual([
      'drafted',
      '90.00',
      ['refund_differs'],
    ])
    await shop.passes(10 * MINUTE)
    expect((await refund(order)).state).toBe('accepted')
  })

  test('days after the order a fee can still be kept; a draft that nobody corrects is told', async () => {
    const order = await shop.bought(anna, '100.00')
    await anna.pays(await world.sandbox.invoice({ amount: '10.00' }))
    await shop.passes(2 * DAY)
    await shop.refunds(order)
    expect(await refund(order)).toMatchObject({ state: 'accepted', fee: { minor: 1000n } })
    const other = await shop.bought(anna, '100.00')
    await anna.pays(await world.sandbox.invoice({ amount: '10.00' }))
    await refuses('correction.create', 'validation')
    await shop.refunds(other)
    expect([(await refund(other)).state, await alertsOf(other)]).toEqual(['rejected', ['refund_draft_left']])
    expect(await anna.balance()).toEqual({ available: '90.00', held: '0.00' })
  })

  test('a refund that is taken after its points were freed is shown to a person', async () => {
    const order = await shop.bought(anna, '100.00')
    await refuses('refund.create', 'wrong_total_amount')
    await shop.refunds(order, '10.00')
    const rejected = await refund(order)
    await acceptRefund(world.parts, order, { ...rejected, state: 'requested' }, { invoicebox_id: crypto.randomUUID() })
    expect([(await refund(order)).state, await alertsOf(order)]).toEqual(['rejected', ['refund_differs']])
  })

  test('another refund under our number is not ours, and one that cannot be read may be', async () => {
    const order = await shop.bought(anna, '100.00')
    const { amount, fee, vat } = await planRefund(world.parts, order.number, parseMoney('10.00', 'RUB'))
    const lost = { number: `${order.number}-R1`, amount, fee, vat } as OrderRefund
    await world.parts.merchant?.createRefund(refundDraft(order, lost, world.parts.topUps))
    await shop.refunds(order, '50.00')
    await shop.passes(MINUTE)
    expect([(await refund(order)).state, (await anna.balance()).held, await alertsOf(order)]).toEqual([
      'requested',
      '50.00',
      ['refund_differs'],
    ])

    const other = await shop.bought(anna, '100.00')
    await world.sandbox.misbehave({ on: 'refund.create', kind: 'lose-request', times: 1 })
    await shop.refunds(other, '20.00')
    await lists('refund.list', { id: 'what?', merchantOrderId: `${other.number}-R1` })
    await shop.passes(15 * SECOND)
    expect((await shop.there(other)).refunds).toEqual([])
    await shop.passes(10 * MINUTE)
    expect((await refund(other)).state).toBe('accepted')
  })

  test('one key is one intent: for another order or another amount it is refused', async () => {
    const [one, other] = [await shop.bought(anna, '100.00'), await shop.bought(anna, '100.00')]
    const key = crypto.randomUUID()
    await shop.refunds(one, '10.00', key)
    expect(await codeOf(shop.refunds(other, '10.00', key))).toBe('key_reused')
    expect(await codeOf(shop.refunds(one, '11.00', key))).toBe('key_reused')
    expect(await codeOf(shop.refunds(one, '10.00', key))).toBe('done')
    expect(await refundsOf(world.db, one.id)).toHaveLength(1)
    expect(await refundsOf(world.db, other.id)).toEqual([])
  })

  test('slices of one order weigh together, and what cannot be planned weighs what was asked for', async () => {
    const order = await shop.bought(anna, '1000.00')
    const key = crypto.randomUUID()
    expect((await shop.refunds(order, '300.00', key)).state).toBe('done')
    expect((await shop.refunds(order, '300.00')).state).toBe('waiting')
    expect((await shop.refunds(order, '200.00')).state).toBe('done')
    expect((await shop.refunds(order, '300.00', key)).state).toBe('done')
    const { refund: deed } = world.parts.deeds.orders
    for (const amount of ['1000.00', null]) {
      const waiting = await shop.buys(anna, '1000.00')
      expect(await deed.weigh({ number: waiting.number, amount, unused: false })).toEqual(parseMoney('1000.00', 'RUB'))
    }
  })

  test('without a merchant nothing is held, and what is held already is told', async () => {
    const order = await shop.bought(anna, '100.00')
    const alone = { ...world.parts, merchant: null }
    const wish = { number: order.number, reason: 'A test', author: COMMAND_LINE }
    expect(await codeOf(refundOrder(alone, { ...wish, key: crypto.randomUUID() }))).toBe('top_ups_unavailable')
    expect((await anna.balance()).held).toBe('0.00')
    await world.sandbox.misbehave({ on: 'refund.create', kind: 'lose-request', times: 1 })
    await shop.refunds(order, '20.00')
    world.clock.move(MINUTE)
    await recoverRefunds(alone)
    expect(await alertsOf(order)).toEqual(['refund_unanswered'])
  })

  test('a refund that Invoicebox took and does not complete for days is told', async () => {
    const order = await shop.bought(anna, '100.00')
    await world.sandbox.settings({ refundAfterMs: null })
    await shop.refunds(order, '20.00')
    await shop.passes(2 * DAY)
    expect([(await refund(order)).state, await alertsOf(order)]).toEqual(['accepted', []])
    await shop.passes(DAY + HOUR)
    expect(await alertsOf(order)).toEqual(['refund_unanswered'])
  })

  test('the VAT of parts adds up to what was sold, at the rate of the sale', async () => {
    const topUps = { ...world.parts.topUps, vatCode: 'RUS_VAT20' } as const
    const request = { memberId: anna.id, amount: parseMoney('100.00', 'RUB'), language: 'ru' } as const
    const order = await topUp({ ...world.parts, topUps }, request)
    await shop.pays(order)
    await shop.until(order, 'credited')
    for (const amount of ['33.34', '33.33', '33.33']) {
      await shop.refunds(order, amount)
      expect((await refund(order)).state).toBe('accepted')
    }
    expect((await refundsOf(world.db, order.id)).map(({ vat }) => vat.minor)).toEqual([556n, 555n, 556n])
    const left = await world.parts.merchant?.readRefundableLines(order.invoiceboxId ?? '')
    expect(left?.outcome).toMatchObject({ kind: 'found', lines: [{ available: { minor: 0n }, availableVat: { minor: 0n } }] })
  })
})

test('while the first answer of a refund may still come, nobody asks again', async () => {
  // With the patience of every other world, so that a slow machine is no answer that was lost.
  const world = await World.make()
  const shop = new Shop(world)
  const order = await shop.bought(await world.member({ points: '0' }), '100.00')
  await world.sandbox.misbehave({ on: 'refund.create', kind: 'delay', ms: 1_000, before: true, times: 1 })
  const asked = shop.refunds(order, '10.00')
  while ((await refundsOf(world.db, order.id)).length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  world.clock.move(80 * SECOND)
  await recoverRefunds(world.parts)
  expect(await refundsOf(world.db, order.id)).toMatchObject([{ state: 'requested', checks: 0 }])
  await asked
  expect(await refundsOf(world.db, order.id)).toMatchObject([{ state: 'accepted' }])
  expect(await world.findings()).toEqual([])
  await world.close()
})
