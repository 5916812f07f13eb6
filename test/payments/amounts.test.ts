import { readAccount } from '../../src/ledger'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { alertsAbout, allIsWell, bothFunds, paymentOf, paymentsOf, resolve, settled, strikes } from './steps'

describe.each(ENGINES)('an amount changes on %s', (engine) => {
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  beforeEach(async () => {
    await allIsWell(world)
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  test('between the page and the button: nothing is held, and the page asks again with both amounts', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const ready = await anna.opens(invoice)
    await world.sandbox.change(invoice, { amount: '120.00' })
    world.clock.move(6_000)
    const changed = await anna.confirms(ready)
    expect(changed.state).toBe('amount-changed')
    expect(changed.heading).toMatch(/было 100,00\s₽, стало 120,00\s₽/u)
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
    expect(await paymentsOf(world, invoice)).toEqual([])

    expect((await anna.confirms(ready)).state).toBe('amount-changed') // The old form is worth nothing any more.
    expect((await anna.confirms(changed)).state).toBe('paid')
    expect(await anna.balance()).toEqual({ available: '380.00', held: '0.00' })
  })

  test.each([
    { name: 'grows', to: '130.00', suspense: '30.00' },
    { name: 'shrinks', to: '80.00', suspense: '-20.00' },
  ])('it $name right after it was read: the member pays what was agreed, and the difference goes to suspense', async ({ to, suspense }) => {
    const before = await suspenseOf(world)
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const ready = await anna.opens(invoice)
    await world.sandbox.change(invoice, { amount: to })
    expect((await anna.confirms(ready)).state).toBe('paid')
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })

    await world.passes(15_000)
    const { id } = await paymentOf(world, invoice)
    expect(await alertsAbout(world, id)).toEqual(['amount_differs'])
    expect((await suspenseOf(world)) - before).toBe(Number(suspense) * 100)
    const { ours, theirs } = await bothFunds(world)
    expect(ours).toBe(theirs)
    await world.passes(600_000)
    expect((await suspenseOf(world)) - before).toBe(Number(suspense) * 100)
  })

  test('while it is not known whether we paid: a person decides, and nothing is asked meanwhile', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-request' })
    await anna.pays(invoice)
    await world.sandbox.change(invoice, { amount: '400.00' })
    const payment = await settled(world, invoice)
    expect(payment).toMatchObject({ state: 'review', reason: expect.stringContaining('amount') as string })
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
    await resolve(world, payment, { kind: 'void' })
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
  })

  test('after we had paid it: the repeat is asked all the same, and the capture is of what was agreed', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-answer' })
    await anna.pays(invoice)
    await world.sandbox.change(invoice, { amount: '400.00' })
    expect((await settled(world, invoice)).state).toBe('captured')
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
  })
})

test('a difference that the fund cannot bear yet is booked once it can', async () => {
  const world = await World.make({ fund: '100.00' })
  const anna = await world.member({ points: '500.00' })
  const invoice = await world.sandbox.invoice({ amount: '100.00' })
  const ready = await anna.opens(invoice)
  await world.sandbox.change(invoice, { amount: '130.00' })
  await anna.confirms(ready)
  await world.passes(15_000)
  const { id } = await paymentOf(world, invoice)
  expect(await alertsAbout(world, id)).toEqual(['amount_differs'])
  expect(await suspenseOf(world)).toBe(0)

  await world.deposit('50.00')
  await world.passes(600_000)
  expect(await suspenseOf(world)).toBe(3_000)
  expect((await world.fund()).balance).toBe('20.00')
  expect(await world.findings()).toEqual([])
  await world.close()
})

async function suspenseOf(world: World): Promise<number> {
  return Number((await readAccount(world.db, 'suspense')).balance)
}
