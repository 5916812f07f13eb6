import { lockOrganisation } from '../../src/autopay/organisation-store'
import { organisationsOf, switchAutopay, switchStamp } from '../../src/autopay'
import { COMMAND_LINE } from '../../src/shared/actor'
import { someoneWaits } from '../support/locks'
import { until } from '../support/until'
import { World } from '../support/world'
import { company } from './organisations'
import type { Company } from './organisations'

/** On PostgreSQL, where somebody can write while another one waits. */
test('where a brake is pulled while several organisations are switched on together, none of them is', async () => {
  const world = await World.make({ engine: 'postgres' })
  // In the order in which they are locked: whoever waits for the first does not hold the second.
  const both = [await company(world, { on: false }), await company(world, { on: false })]
  const [first, second] = both.sort((a, b) => (a.id < b.id ? -1 : 1)) as [Company, Company]
  const by = { author: COMMAND_LINE, reason: 'A test' }
  const seen = switchStamp(await organisationsOf(world.db, COMMAND_LINE))
  const { switching } = await world.db.transaction(async (tx) => {
    await lockOrganisation(tx, first.id)
    const waiting = Promise.allSettled([switchAutopay(world.parts, { ...by, state: 'on', seen })])
    await until(() => someoneWaits(world.db))
    // As the brake does it.
    await world.db('organisations').where({ id: second.id }).update({ switch: 'stopped', switched_at: new Date().toISOString() })
    return { switching: waiting }
  })
  expect(await switching).toMatchObject([{ status: 'rejected', reason: { code: 'organisation_changed' } }])
  const states = (await organisationsOf(world.db, COMMAND_LINE)).map(({ id, autopay }) => [id, autopay.state])
  expect(Object.fromEntries(states)).toEqual({ [first.id]: 'off', [second.id]: 'stopped' })
  expect(await world.db('audit_log').where({ action: 'autopay_switched' })).toEqual([])
  await world.close()
})
