import { forgetOldCheckouts } from '../../src/payments'
import { DAY, plus } from '../../src/shared/clock'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'

test.each(ENGINES)('a checkout without a payment is forgotten after a week, one with a payment never, on %s', async (engine) => {
  const world = await World.make({ engine })
  const anna = await world.member({ points: '500.00' })
  const [paid, looked] = [await world.sandbox.invoice({ amount: '100.00' }), await world.sandbox.invoice({ amount: '50.00' })]
  expect((await anna.pays(paid)).state).toBe('paid')
  const page = await anna.opens(looked)
  const now = world.clock.now()
  const kept = (): Promise<string[]> => world.db('checkouts').orderBy('created_at').pluck('invoice_id')

  expect(await forgetOldCheckouts(world.db, plus(now, 6 * DAY))).toBe(0)
  expect(await kept()).toEqual([paid.id, looked.id])
  expect(await forgetOldCheckouts(world.db, plus(now, 8 * DAY))).toBe(1)
  expect(await kept()).toEqual([paid.id])
  expect(await forgetOldCheckouts(world.db, plus(now, 8 * DAY))).toBe(0)
  expect((await anna.browser.open(page.url)).status).toBe(404)
  expect(await world.findings()).toEqual([])
  await world.close()
})
