import { randomUUID } from 'node:crypto'
import { ORDER_RULES, verifyOrders } from '../../src/orders'
import { MINUTE } from '../../src/shared/clock'
import { engineOf } from '../../src/shared/database'
import type { Tx } from '../../src/shared/database'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import { now, raw } from '../ledger/corruption'
import type { Corruption } from '../ledger/corruption'
import { disarm, refusalOf, undone } from '../ledger/intruder'
import { Shop } from './shop'

const ORDER = (state: string): string => `(select id from orders where state = '${state}' order by id limit 1)`
const REFUND = (state: string): string => `(select id from order_refunds where state = '${state}' order by id limit 1)`

const CORRUPTIONS: readonly Corruption[] = [
  {
    what: 'an order is called credited that nobody paid',
    breaks: { 'credited-not-once': 20, 'order-history-not-ending-in-state': 12 },
    plant: raw(`update orders set state = 'credited', paid_id = '${randomUUID()}' where id = ${ORDER('created')}`),
  },
  {
    what: 'a credited order sold other points',
    breaks: { 'credited-not-once': 20 },
    plant: raw(`update orders set points = points + 1 where id = ${ORDER('credited')}`),
  },
  {
    what: 'an order is paid and no code is handed out for it',
    breaks: { 'goods-not-handed-out-once': 20 },
    plant: raw(`update orders set goods = 'code' where id = ${ORDER('credited')}`),
  },
  {
    what: 'money of a code goes back and the code stays good',
    breaks: { 'refunded-code-still-good': 20 },
    plant: async (tx) => {
      await tx.raw(`update orders set goods = 'code' where id = (select order_id from order_refunds where state = 'accepted' limit 1)`)
      await tx.raw(
        `insert into top_up_codes (id, order_id, sealed, digest, points, state, created_at)
         select '${randomUUID()}', order_id, 'x', 'x', 100, 'open', '${now}' from order_refunds where state = 'accepted' limit 1`,
      )
    },
  },
  ...(['reserved', 'sold'] as const).map((state) => ({
    what: `a voucher code is ${state} for an order that ${state === 'sold' ? 'waits to be paid' : 'was paid'}`,
    breaks: { [state === 'sold' ? 'code-sold-without-payment' : 'code-kept-for-no-order']: 20 },
    plant: async (tx: Tx) => {
      const offerId = randomUUID()
      await tx.raw(
        `insert into offers (id, type, title_ru, title_en, text_ru, text_en, price, chips, vat_code, position, is_enabled, low_stock, created_at, changed_at)
         values ('${offerId}', 'voucher', 'x', 'x', '', '', 100, '[]', 'VATNONE', 1, ${engineOf(tx) === 'postgres' ? 'true' : '1'}, 0, '${now}', '${now}')`,
      )
      await tx.raw(
        `insert into voucher_codes (id, offer_id, sealed, digest, state, order_id, imported_at, imported_by, changed_at)
         select '${randomUUID()}', '${offerId}', 'x', '${offerId}', '${state}', id, '${now}', 'x', '${now}' from orders where id = ${ORDER(state === 'sold' ? 'created' : 'credited')}`,
      )
    },
  })),
  {
    what: 'a code is called redeemed and its points came to nobody',
    breaks: { 'code-redeemed-not-once': 20 },
    plant: raw(
      `insert into top_up_codes (id, order_id, sealed, digest, points, state, created_at, redeemed_by, redeemed_at)
       values ('${randomUUID()}', '${randomUUID()}', 'x', 'x', 100, 'redeemed', '${now}', '${randomUUID()}', '${now}')`,
    ),
  },
  {
    what: 'a credited order is called created again',
    breaks: { 'points-without-order': 20, 'order-history-not-ending-in-state': 12 },
    plant: raw(`update orders set state = 'created' where id = ${ORDER('credited')}`),
  },
  {
    what: 'an order makes a step that leads nowhere',
    breaks: { 'order-step-not-allowed': 12 },
    plant: raw(
      `insert into order_events (id, order_id, from_state, to_state, actor, at) select '${randomUUID()}', id, 'credited', 'expired', 'x', '${now}' from orders where id = ${ORDER('credited')}`,
    ),
  },
  {
    what: 'an order is paid and nobody credits it',
    breaks: { 'paid-not-credited-untold': 17 },
    plant: raw(`update orders set state = 'paid' where id = ${ORDER('credited')}`),
  },
  {
    what: 'the hold of an open refund is gone',
    breaks: { 'open-refund-without-hold': 4 },
    plant: raw(`update order_refunds set hold_id = '${randomUUID()}' where id = ${REFUND('requested')}`),
  },
  {
    what: 'an open refund is called rejected',
    breaks: { 'hold-of-ended-refund': 4, 'refund-history-not-ending-in-state': 12 },
    plant: raw(`update order_refunds set state = 'rejected' where id = ${REFUND('requested')}`),
  },
  {
    what: 'a refund is of other points than it holds',
    breaks: { 'refund-holds-something-else': 6 },
    plant: raw(`update order_refunds set points = points - 1 where id = ${REFUND('requested')}`),
  },
  {
    what: 'a rejected refund is called accepted',
    breaks: { 'refund-taken-not-posted': 7 },
    plant: raw(`update order_refunds set state = 'accepted' where id = ${REFUND('rejected')}`),
  },
  {
    what: 'more is refunded than was paid',
    breaks: { 'refunded-too-much': 6 },
    plant: raw(`update order_refunds set amount = amount * 100 where id = ${REFUND('accepted')}`),
  },
  {
    what: 'an accepted refund is called cancelled and keeps its points',
    breaks: { 'cancelled-refund-not-given-back': 6 },
    plant: raw(`update order_refunds set state = 'cancelled' where id = ${REFUND('accepted')}`),
  },
  {
    what: 'a refund makes a step that leads nowhere',
    breaks: { 'refund-step-not-allowed': 12 },
    plant: raw(
      `insert into order_refund_events (id, refund_id, from_state, to_state, actor, at) select '${randomUUID()}', id, 'rejected', 'completed', 'x', '${now}' from order_refunds where id = ${REFUND('rejected')}`,
    ),
  },
]

describe.each(ENGINES)('ledger verify of orders on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine, timeouts: { writeMs: 1_000 } })
    await bringAboutRefunds(world)
  })
  afterAll(() => world.close())

  test('finds nothing in books that nobody touched', async () => {
    expect(await world.findings()).toEqual([])
  })

  test.each(CORRUPTIONS.map((corruption) => [corruption.what, corruption] as const))(
    'finds it when %s',
    async (_what, { breaks, plant }) => {
      const findings = await undone(world.db, async (tx) => {
        await disarm(tx)
        await plant(tx)
        return verifyOrders(tx)
      })
      expect(Object.fromEntries(findings.map(({ rule, invariant }) => [rule, invariant]))).toMatchObject(breaks)
      for (const { text } of findings) expect(text).toMatch(/^\S.*\.$/)
    },
  )

  test('the database itself refuses what our code never does', async () => {
    const attempts: [string, RegExp][] = [
      [`update orders set points = points + 1`, /never changed/],
      [`delete from orders`, /never deleted|never changed|FOREIGN KEY/],
      [`update orders set state = 'created' where state = 'credited'`, /final|never changed/],
      [`delete from order_events`, /never changed/],
      [`update order_notifications set answer = 'x'`, /never changed/],
      [`update order_refunds set amount = 1`, /never changed/],
      [`delete from order_refund_events`, /never changed/],
    ]
    for (const [sql, words] of attempts)
      expect([sql, await refusalOf(world.db, (tx) => tx.raw(sql))]).toEqual([sql, expect.stringMatching(words)])
  })
})

test('every rule is broken by at least one corruption', () => {
  const broken = new Set(CORRUPTIONS.flatMap(({ breaks }) => Object.keys(breaks)))
  expect([...broken].sort()).toEqual([...ORDER_RULES].sort())
})

/** A credited order with an accepted, a rejected and an open refund, and an order that waits. */
async function bringAboutRefunds(world: World): Promise<void> {
  const shop = new Shop(world)
  const anna = await world.member({ points: '0' })
  const order = await shop.bought(anna, '100.00')
  await shop.refunds(order, '10.00')
  await world.sandbox.misbehave({ on: 'refund.create', kind: 'status', status: 422, times: 1 })
  await shop.refunds(order, '10.00')
  await world.sandbox.misbehave({ on: 'refund.create', kind: 'lose-request', times: 1 })
  await shop.refunds(order, '20.00')
  await shop.buys(anna, '5.00')
  world.clock.move(MINUTE)
  await world.parts.ledger.idle()
}
