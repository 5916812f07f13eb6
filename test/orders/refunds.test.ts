import { planRefund, refundsOf } from '../../src/orders'
import type { Order, OrderRefund } from '../../src/orders'
import { MINUTE, SECOND } from '../../src/shared/clock'
import { parseMoney, toDecimal } from '../../src/shared/money'
import { Refusal } from '../../src/shared/refusals'
import { ENGINES } from '../support/databases'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { Shop } from './shop'

const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Refusal ? error.code : error),
  )

describe.each(ENGINES)('refunds on %s', (engine) => {
  let world: World
  let shop: Shop
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_ROUBLES: '500' }, timeouts: { writeMs: 1_000 } })
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

  /** What is the same SQL on both engines. */
  const once = engine === 'sqlite' ? test : (): void => undefined

  const refund = async (order: Order, at = -1): Promise<OrderRefund> => {
    const found = (await refundsOf(world.db, order.id)).at(at)
    if (!found) throw new Error('There is no refund.')
    return found
  }

  test('several parts of one order, until nothing is left; each is followed to its end', async () => {
    const order = await shop.bought(anna, '100.00')
    await shop.refunds(order, '30.00')
    expect(await anna.balance()).toEqual({ available: '70.00', held: '0.00' })
    await shop.refunds(order, '20.00')
    expect((await refundsOf(world.db, order.id)).map(({ number, state }) => [number, state])).toEqual([
      [`${order.number}-R1`, 'accepted'],
      [`${order.number}-R2`, 'accepted'],
    ])
    expect(await codeOf(shop.refunds(order, '50.01'))).toBe('refund_not_possible')
    await shop.refunds(order)
    expect(await anna.balance()).toEqual({ available: '0.00', held: '0.00' })
    expect(await codeOf(shop.refunds(order))).toBe('refund_not_possible')
    for (const { id } of (await shop.there(order)).refunds) await shop.refundThere(id, 'complete').catch(() => undefined)
    await shop.passes(2 * MINUTE)
    expect((await refundsOf(world.db, order.id)).map(({ state }) => state)).toEqual(['completed', 'completed', 'completed'])
  })

  once('where points are spent, what can go back goes, and the rest is kept as a fee by a correction order', async () => {
    const order = await shop.bought(anna, '100.00')
    await anna.pays(await world.sandbox.invoice({ amount: '40.00' }))
    const plan = await planRefund(world.parts, order.number)
    expect([plan.canGoBack, plan.spent, plan.amount, plan.fee, plan.points].map(({ minor }) => toDecimal(minor))).toEqual([
      '60.00',
      '40.00',
      '100.00',
      '40.00',
      '60.00',
    ])
    expect(await codeOf(shop.refunds(order, '60.01'))).toBe('not_enough_points')
    await shop.refunds(order)
    expect(await refund(order)).toMatchObject({ state: 'accepted', fee: { minor: 4000n }, points: { minor: 6000n } })
    expect(await anna.balance()).toEqual({ available: '0.00', held: '0.00' })
    expect(await codeOf(shop.refunds(order))).toBe('refund_not_possible')
  })

  once('an order whose points are all spent gives nothing back, and never goes below zero', async () => {
    const order = await shop.bought(anna, '50.00')
    await anna.pays(await world.sandbox.invoice({ amount: '50.00' }))
    expect(await codeOf(shop.refunds(order))).toBe('not_enough_points')
    expect(await anna.balance()).toEqual({ available: '0.00', held: '0.00' })
  })

  test('the points are held while there is no answer; then the refund is found under its number, or asked for again', async () => {
    const order = await shop.bought(anna, '100.00')
    for (const kind of ['lose-answer', 'lose-request']) {
      await world.sandbox.misbehave({ on: 'refund.create', kind, times: 1 })
      await shop.refunds(order, '10.00')
      expect((await refund(order)).state).toBe('requested')
      expect((await anna.balance()).held).toBe('10.00')
      await shop.passes(MINUTE)
      expect((await refund(order)).state).toBe('accepted')
      expect((await anna.balance()).held).toBe('0.00')
    }
    expect((await shop.there(order)).refunds).toHaveLength(2)
    expect((await anna.balance()).available).toBe('80.00')
  })

  once('the same for the correction order that keeps a fee', async () => {
    const order = await shop.bought(anna, '100.00')
    await anna.pays(await world.sandbox.invoice({ amount: '10.00' }))
    await world.sandbox.misbehave({ on: 'correction.create', kind: 'lose-answer', times: 1 })
    await shop.refunds(order)
    expect((await refund(order)).state).toBe('drafted')
    expect((await anna.balance()).held).toBe('90.00')
    await shop.passes(2 * MINUTE)
    expect((await refund(order)).state).toBe('accepted')
    expect(await anna.balance()).toEqual({ available: '0.00', held: '0.00' })
  })

  once('a definite no frees the points', async () => {
    const order = await shop.bought(anna, '100.00')
    await world.sandbox.misbehave({ on: 'refund.create', kind: 'status', status: 422, times: 1 })
    await shop.refunds(order, '10.00')
    expect((await refund(order)).state).toBe('rejected')
    expect(await anna.balance()).toEqual({ available: '100.00', held: '0.00' })
    await shop.refunds(order)
    expect(await refund(order)).toMatchObject({ state: 'accepted', number: `${order.number}-R2` })
  })

  once('one that Invoicebox cancels after taking it brings the points back', async () => {
    const order = await shop.bought(anna, '100.00')
    await shop.refunds(order, '40.00')
    const { invoiceboxId } = await refund(order)
    await shop.refundThere(invoiceboxId ?? '', 'cancel')
    await shop.passes(2 * MINUTE)
    expect((await refund(order)).state).toBe('cancelled')
    expect(await anna.balance()).toEqual({ available: '100.00', held: '0.00' })
    expect((await world.alerts()).find(({ subject }) => subject === order.id)?.kind).toBe('refund_cancelled')
  })

  test('the same intent twice is one refund; fifty at once are one too', async () => {
    const order = await shop.bought(anna, '100.00')
    const key = crypto.randomUUID()
    await Promise.all(Array.from({ length: 10 }, () => codeOf(shop.refunds(order, '100.00', key))))
    await shop.refunds(order, '100.00', key)
    await Promise.all(Array.from({ length: 10 }, () => codeOf(shop.refunds(order, '100.00'))))
    expect(await refundsOf(world.db, order.id)).toHaveLength(1)
    expect(await anna.balance()).toEqual({ available: '0.00', held: '0.00' })
  })

  test('a refund under the key that somebody else has used is refused, or it would be told as done and lost', async () => {
    const [order, other, key] = [await shop.bought(anna, '100.00'), crypto.randomUUID(), crypto.randomUUID()]
    await shop.refunds(order, '40.00', key)
    expect(await codeOf(shop.refunds(order, '40.00', key, other))).toBe('key_reused')
    expect(await codeOf(shop.refunds(order, '40.00', key))).toBe('done')
    expect(await refundsOf(world.db, order.id)).toHaveLength(1)
  })

  test('above the amount of one person a second one must agree', async () => {
    const order = await shop.bought(anna, '600.00')
    const submitted = await shop.refunds(order)
    if (submitted.state !== 'waiting') throw new Error('It does not wait.')
    expect((await anna.balance()).held).toBe('0.00')
    const { actor } = await StaffPerson.make(world, 'approver')
    expect(await world.parts.approvals.approve(submitted.request.id, actor)).toMatchObject({ outcome: 'done' })
    expect(await refund(order)).toMatchObject({ state: 'accepted', points: { minor: 60_000n } })
    const viewer = { kind: 'staff', id: 'x', login: 'v', role: 'support' } as const
    const order2 = { payload: { number: order.number, amount: null, unused: false }, author: viewer, reason: 'x', key: 'k' }
    expect(await codeOf(world.parts.approvals.submit(world.parts.deeds.orders.refund, order2))).toBe('forbidden')
  })

  test('refunds of several orders count together for whoever makes them: what goes above the amount waits, and parts count once', async () => {
    const [one, other, third] = [await shop.bought(anna, '300.00'), await shop.bought(anna, '300.00'), await shop.bought(anna, '100.00')]
    const olga = crypto.randomUUID()
    const refunds = async (order: Order, amount: string | null, key?: string) => (await shop.refunds(order, amount, key, olga)).state
    const key = crypto.randomUUID()
    expect([await refunds(one, '100.00'), await refunds(one, '100.00', key), await refunds(one, null)]).toEqual(['done', 'done', 'done'])
    expect([await refunds(other, '200.01'), await refunds(other, '200.00'), await refunds(third, '0.01')]).toEqual([
      'waiting',
      'done',
      'waiting',
    ])
    // What was done is only told again, and somebody else begins anew.
    expect([await refunds(one, '100.00', key), (await shop.refunds(third, '100.00')).state]).toEqual(['done', 'done'])
    const look = await world.parts.approvals.look(
      world.parts.deeds.orders.refund,
      { number: other.number, amount: '1.00', unused: false },
      { kind: 'staff', id: olga, login: 'olga', role: 'operator' },
    )
    expect(look).toMatchObject({ needsSecond: true, alone: { done: { minor: 50_000n }, most: { minor: 50_000n } } })
  })

  test('slices asked for at once weigh as much as one after the other: one goes back, the others wait or are told, and none is a fault', async () => {
    const order = await shop.bought(anna, '2000.00')
    const slice = (index: number): Promise<unknown> =>
      new Promise((resolve) => setTimeout(resolve, index % 4)).then(() =>
        shop.refunds(order, '300.00').then(
          ({ state }) => state,
          (error: unknown) => (error instanceof Refusal ? error.code : error),
        ),
      )
    const told = await Promise.all(Array.from({ length: 24 }, (_, index) => slice(index)))
    expect(told.filter((one) => one === 'done')).toHaveLength(1)
    expect(told.filter((one) => !['done', 'waiting', 'order_in_wrong_state'].includes(String(one)))).toEqual([])
    expect((await refundsOf(world.db, order.id)).map(({ amount }) => toDecimal(amount.minor))).toEqual(['300.00'])
  })

  test('the same form sent ten times at once is told one thing ten times', async () => {
    const order = await shop.bought(anna, '100.00')
    const key = crypto.randomUUID()
    const told = await Promise.all(Array.from({ length: 10 }, () => codeOf(shop.refunds(order, '60.00', key))))
    expect(told).toEqual(Array.from({ length: 10 }, () => 'done'))
    expect(await refundsOf(world.db, order.id)).toHaveLength(1)
  })

  once('an order that is not paid has nothing to give back', async () => {
    const order = await shop.buys(anna, '10.00')
    expect(await codeOf(shop.refunds(order, '1.00'))).toBe('refund_not_possible')
    expect(await codeOf(planRefund(world.parts, 'TU-2222-2222', parseMoney('1.00', 'RUB')))).toBe('not_found')
    await shop.passes(SECOND)
  })
})
