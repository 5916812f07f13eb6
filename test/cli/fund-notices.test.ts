import { randomUUID } from 'node:crypto'
import { run, workFolder } from '../config/run'
import { makeDatabase } from '../support/databases'
import type { TestDatabase } from '../support/databases'

describe('the fund and the notices at the command line', () => {
  const folder = workFolder()
  let database: TestDatabase
  beforeAll(async () => {
    database = await makeDatabase('sqlite')
  })
  afterAll(async () => {
    folder.remove()
    await database.drop()
  })

  const gateway = (...args: string[]) =>
    run(args, { cwd: folder.path, env: { MODE: 'sandbox', DATABASE_URL: database.url, TWO_EYES_ROUBLES: '1000' } })

  test('a deposit above the amount for one person waits, says so to scripts, and asking again asks once', async () => {
    const asked = await gateway('fund', 'deposit', '1000.01', '--key', 'k1', '--json')
    expect(asked.code).toBe(3)
    expect(JSON.parse(asked.out)).toEqual({ waiting: expect.stringMatching(/^[0-9a-f-]{36}$/) as string })
    expect(await gateway('fund', 'deposit', '1000.01', '--key', 'k1', '--json')).toMatchObject({ code: 3, out: asked.out })
    expect(JSON.parse((await gateway('fund', 'outlook', '--json')).out)).toEqual({
      available: '0.00',
      floor: '0.00',
      runwayDays: 0,
      emptyOn: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) as string,
      advice: null,
      coverage: { points: '0.00', worth: '0.00', percent: null },
    })
  })

  test('notices are listed, and one that was given up is queued once more', async () => {
    const db = database.open()
    const [id, at] = [randomUUID(), new Date().toISOString()]
    const kept = {
      channel: 'mail',
      topic: 'receipt',
      source: randomUUID(),
      recipient: `member:${randomUUID()}`,
      language: 'ru',
      data: '{}',
    }
    const moments = { created_at: at, next_attempt_at: at, give_up_at: at }
    await db('notices').insert({ id, ...kept, ...moments, state: 'failed', attempts: 9, last_error: 'ECONNREFUSED' })
    const listed = await gateway('notices', 'list', '--state', 'failed', '--json')
    expect(JSON.parse(listed.out)).toMatchObject([{ id, topic: 'receipt', state: 'failed', attempts: 9, lastError: 'ECONNREFUSED' }])
    expect(await gateway('notices', 'retry', id)).toMatchObject({ code: 0, out: 'Queued.\n' })
    expect(await db('notices').first('state', 'attempts')).toMatchObject({ state: 'queued' })
  })
})
