import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import { allIsWell, paymentsOf, strikes } from './steps'

describe.each(ENGINES)('a form that led to a refusal on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine })
    await allIsWell(world)
  })
  afterAll(() => world.close())

  test('pays nothing when it is sent again: its consent is spent, and the page asks anew', async () => {
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'status', status: 422 })
    const ready = await anna.opens(invoice)
    expect((await anna.confirms(ready)).state).toBe('unavailable')

    await anna.confirms(ready)
    expect((await paymentsOf(world, invoice)).map(({ state }) => state)).toEqual(['voided'])
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
    expect(await world.findings()).toEqual([])

    expect((await anna.pays(invoice)).state).toBe('paid')
  })
})
