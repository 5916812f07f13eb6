import { DAY, HOUR, MINUTE } from '../../src/shared/clock'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { alertsAbout, allIsWell, paymentOf, strikes } from './steps'

const YEARS = 3_652 * DAY
const JUMPS = [
  { name: 'an hour ahead', jump: HOUR },
  { name: 'an hour back', jump: -HOUR },
  { name: 'ten years ahead', jump: YEARS },
  { name: 'ten years back', jump: -YEARS },
]

describe.each(JUMPS)('the clock of the gateway jumps $name', ({ jump }) => {
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make()
  })
  beforeEach(async () => {
    await allIsWell(world)
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => {
    world.clock.move(-jump)
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  test('a payment without an answer stays held, and converges when the answer can be had', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-answer' })
    await anna.pays(invoice)
    await strikes(world, invoice, { kind: 'status', status: 503, times: 1 })
    world.clock.move(jump)
    await world.passes(0)
    expect((await paymentOf(world, invoice)).state).toBe('confirming')
    expect(await anna.balance()).toEqual({ available: '400.00', held: '100.00' })

    for (let hours = 0; hours < 2 && (await paymentOf(world, invoice)).state === 'confirming'; hours++) await world.passes(HOUR + MINUTE)
    expect((await paymentOf(world, invoice)).state).toBe('captured')
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
  })

  test('a jump there and back ends nothing', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-request', times: 20 })
    await anna.pays(invoice)
    for (const move of [jump, -jump, jump, -jump]) {
      world.clock.move(move)
      await world.passes(0)
      expect(await anna.balance()).toEqual({ available: '400.00', held: '100.00' })
    }
    await world.sandbox.behave()
    await world.passes(HOUR + MINUTE) // What was put off by a clock that is an hour ahead waits that hour.
    expect((await paymentOf(world, invoice)).state).toBe('captured')
    world.clock.move(jump)
  })

  test('a payment in review stays there', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'pay-otherwise' })
    await anna.pays(invoice)
    world.clock.move(jump)
    await world.passes(HOUR)
    const payment = await paymentOf(world, invoice)
    expect(payment.state).toBe('review')
    expect(await alertsAbout(world, payment.id)).toEqual(['payment_in_review'])
    expect(await anna.balance()).toEqual({ available: '400.00', held: '100.00' })
  })

  test('a consent of another time is not taken, nothing is held, and the buyer may confirm anew', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00', expirationDate: new Date(Date.now() + 2 * YEARS).toISOString() })
    const ready = await anna.opens(invoice)
    world.clock.move(jump)
    const refused = await anna.confirms(ready)
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
    expect(refused.state).not.toBe('paid')
    const again = await world.browser().open(invoice.partnerUrl)
    expect(again.state).toBe('sign-in')
  })

  test('a capture is compared with its invoice all the same', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const ready = await anna.opens(invoice)
    await world.sandbox.change(invoice, { amount: '110.00' })
    await anna.confirms(ready)
    world.clock.move(jump)
    await world.passes(2 * HOUR)
    expect(await alertsAbout(world, (await paymentOf(world, invoice)).id)).toEqual(['amount_differs'])
  })

  test('the gateway goes on working: a new payment is made', async () => {
    world.clock.move(jump)
    const boris = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '100.00', expirationDate: new Date(Date.now() + 2 * YEARS).toISOString() })
    expect((await boris.pays(invoice)).state).toBe('paid')
  })
})
