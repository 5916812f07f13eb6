import { randomUUID } from 'node:crypto'
import { COMMAND_LINE } from '../../src/shared/actor'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'

describe.each(ENGINES)('a deed that was done, and then could not be counted once more, on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  test('is told as done and stays counted', async () => {
    const { db, parts } = world
    const refuse =
      engine === 'postgres'
        ? [
            `create function of_a_test() returns trigger language plpgsql as $$ begin raise exception 'no more'; end $$`,
            'create trigger of_a_test before update on done_alone for each row execute function of_a_test()',
          ]
        : [`create trigger of_a_test before update on done_alone begin select raise(abort, 'no more'); end`]
    for (const sql of refuse) await db.raw(sql)
    const order = { payload: { roubles: '100.00' }, author: COMMAND_LINE, reason: 'A test', key: randomUUID() }
    for (let times = 0; times < 2; times++)
      expect(await parts.approvals.submit(parts.deeds.fund.deposit, order)).toMatchObject({ state: 'done' })
    expect(await db('done_alone').where({ idempotency_key: order.key }).select('amount')).toEqual([{ amount: 10_000n }])
    await db.raw(engine === 'postgres' ? 'drop function of_a_test cascade' : 'drop trigger of_a_test')
  })
})
