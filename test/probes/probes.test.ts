import { checkToken } from '../../src/check-token'
import { openAlerts } from '../../src/shared/alerts'
import { SECOND } from '../../src/shared/clock'
import { inTransaction } from '../../src/shared/database'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'

describe.each(ENGINES)('what machines ask, on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  afterAll(() => world.close())

  const metrics = async (): Promise<string> => (await world.browser().open('/metrics')).html

  test('ready means that the database takes a write, which many who ask share', async () => {
    const beats = (): Promise<unknown[]> => world.db('heartbeat').pluck('beat_at')
    const before = await beats()
    expect((await world.browser().open('/readyz')).status).toBe(200)
    const after = await beats()
    expect(after).not.toEqual(before)
    await Promise.all(Array.from({ length: 5 }, () => world.browser().open('/readyz')))
    expect(await beats()).toEqual(after)
    world.clock.move(3 * SECOND)
    expect((await world.browser().open('/readyz')).status).toBe(200)
    expect(await beats()).not.toEqual(after)
  })

  test('the numbers are those of the database, counted again after ten seconds', async () => {
    expect(await metrics()).toMatch(/gateway_open_alerts 0\n/)
    await inTransaction(world.db, (tx) => openAlerts(tx, [{ kind: 'odd_answer', subject: 'a', detail: 'b', at: world.clock.now() }]))
    expect(await metrics()).toMatch(/gateway_open_alerts 0\n/)
    world.clock.move(11 * SECOND)
    const text = await metrics()
    expect(text).toMatch(/gateway_open_alerts 1\n/)
    expect(text).toMatch(/gateway_payments\{state="confirming"\} 0\n/)
    expect(text).toMatch(/gateway_payments\{state="review"\} 0\n/)
    expect(text).not.toMatch(/gateway_payments\{state="captured"\}/)
  })

  test('requests are counted by route and status, never by address', async () => {
    const number = async (): Promise<number> =>
      Number(/gateway_http_requests_total\{route="\/pay\/:id",status="404"\} (\d+)/.exec(await metrics())?.[1] ?? 0)
    const before = await number()
    await world.browser().open('/pay/00000000-0000-0000-0000-00000000beef')
    expect(await number()).toBe(before + 1)
    expect(await metrics()).not.toContain('beef')
  })
})

test('a database that only answers reads is not ready', async () => {
  const world = await World.make()
  await world.db.raw('pragma query_only = on')
  const answer = await world.browser().open('/readyz')
  await world.db.raw('pragma query_only = off')
  expect([answer.status, JSON.parse(answer.html)]).toMatchObject([
    503,
    { ready: false, checks: { database: 'read-only or full', migrations: 'ok' } },
  ])
  expect((await world.browser().open('/readyz')).status).toBe(200)
  await world.close()
})

test.each([
  [
    'a token that Invoicebox refuses is told when the gateway starts',
    { INVOICEBOX_TOKEN: 'somebody-else-s-token' },
    ['invoicebox_refuses_us'],
    503,
  ],
  ['an Invoicebox that cannot be asked is not', { INVOICEBOX_API_URL: 'http://127.0.0.1:1' }, [], 200],
  ['nor is one that knows us', {}, [], 200],
])('%s', async (_name, env, alerts, status) => {
  const world = await World.make({ env })
  await checkToken(world.parts)
  expect((await world.alerts()).map(({ kind }) => kind)).toEqual(alerts)
  expect((await world.browser().open('/readyz')).status).toBe(status)
  await world.close()
})
