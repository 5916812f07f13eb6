import { randomUUID } from 'node:crypto'
import { start, run, workFolder } from '../config/run'
import type { Ended } from '../config/run'
import { makeDatabase } from '../support/databases'
import { openAlerts } from '../../src/shared/alerts'
import { inTransaction, openDatabase } from '../../src/shared/database'

const DECIMAL = /^-?\d+\.\d\d$/

/** A command line in a folder of its own. */
function commandLine(env: Readonly<Record<string, string>> = {}) {
  const folder = workFolder()
  const settings = { MODE: 'sandbox', DATABASE_URL: 'sqlite:./gateway.sqlite3', ...env }
  const gateway = (line: string, input = ''): Promise<Ended> =>
    run(
      line.split(' ').map((word) => word.replaceAll('_', ' ')),
      { cwd: folder.path, env: settings, input },
    )
  return {
    folder,
    gateway,
    settings,
    /** Runs a command that must succeed and reads its one JSON value. */
    json: async (line: string, input = ''): Promise<unknown> => {
      const { code, out, err } = await gateway(`${line} --json`, input)
      if (code !== 0) throw new Error(`"${line}" ended with ${String(code)}: ${err}`)
      return JSON.parse(out) as unknown
    },
    databaseUrl: `sqlite:${folder.path}/gateway.sqlite3`,
  }
}

type Fields = Record<string, unknown>

describe('the command line', () => {
  const { folder, gateway, json, databaseUrl } = commandLine()
  beforeAll(async () => {
    const refused = await gateway('members show anna')
    expect([refused.code, refused.out, refused.err]).toEqual([1, '', 'The database is not migrated. Run `gateway migrate` first.\n'])
    expect(await gateway('migrate')).toMatchObject({
      code: 0,
      err: '',
      out: expect.stringMatching(/^Applied: 001_ledger, .+\.\n$/) as string,
    })
    expect(await gateway('migrate')).toMatchObject({ code: 0, out: 'The database is up to date.\n' })
    expect((await gateway('demo-data')).code).toBe(0)
  }, 60_000)
  afterAll(folder.remove)

  test('alerts: lists the oldest and says how many more there are, beside the JSON', async () => {
    const db = openDatabase(databaseUrl)
    const alert = { kind: 'odd_answer', detail: 'what happened', at: new Date() } as const
    await inTransaction(db, (tx) =>
      openAlerts(
        tx,
        [1, 2, 3].map((n) => ({ ...alert, subject: `payment-${n}` })),
      ),
    )
    const { code, out, err } = await gateway('alerts list --limit 2 --json')
    expect([code, err]).toEqual([0, '… and 1 more: see --limit.\n'])
    expect(JSON.parse(out)).toHaveLength(2)
    const told = await gateway('alerts')
    expect(told).toMatchObject({ code: 0, err: '' })
    expect(told.out).toMatch(/^id {2}kind {2}subject {2}detail {2}at\n[^"]+ {2}\d{4}-\d\d-\d\dT[\d:.]+Z\n/)
    await db('alerts').delete()
    await db.destroy()
  }, 60_000)

  test('demo-data may be run again and changes nothing', async () => {
    const before = [await json('members show anna'), await json('fund show')]
    expect(await gateway('demo-data')).toMatchObject({ code: 0, err: '' })
    expect([await json('members show anna'), await json('fund show')]).toEqual(before)
    expect(before[0]).toMatchObject({ login: 'anna', available: '25000.00', held: '0.00', balance: '25000.00', locked: false })
    expect(await json('members show vera')).toMatchObject({ locked: true, available: '5000.00' })
  }, 60_000)

  test('members: adds one, whose password comes from standard input, and shows amounts as decimal text', async () => {
    const shown = await json('members add Pavel --full-name Pavel_P. --email p@example.org', 'a password of Pavel\n')
    expect(shown).toMatchObject({ login: 'pavel', available: '0.00', held: '0.00', balance: '0.00', locked: false, lockedReason: null })
    expect(JSON.stringify(shown)).not.toMatch(/example\.org|password/)
    expect(await json('members show PAVEL')).toEqual(shown)
    expect(await gateway('members add pavel', 'a password of Pavel\n')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('login_taken') as string,
    })
    expect(await gateway('members add piotr', 'short\n')).toMatchObject({ code: 1, err: expect.stringContaining('password') as string })
    expect(await gateway('members show nobody')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringMatching(/^[A-Z].*not_found: member/) as string,
    })
  }, 60_000)

  test('members credit and debit: the same key has one effect, and a debit too large is refused with a sentence', async () => {
    const key = randomUUID()
    await json('members add kira', 'a password of Kira\n')
    for (let time = 0; time < 2; time++)
      expect(await json(`members credit kira 100.50 --key ${key} --reason A_gift`)).toMatchObject({ available: '100.50' })
    expect(await gateway(`members credit kira 7 --key ${key}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('key_reused') as string,
    })
    expect(await json('members debit kira 0.5')).toMatchObject({ available: '100.00', balance: '100.00' })
    const { code, out, err } = await gateway('members debit kira 100.01')
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(/^[A-Z].+ \(not_enough_available: member:.+\)\n$/)
    expect(await json('members show kira')).toMatchObject({ available: '100.00' })
  }, 60_000)

  test('members credit refuses what is no amount above zero, each with a sentence', async () => {
    const refused = await Promise.all(['0', '-5', '1.005', '1,5'].map((amount) => gateway(`members credit -- anna ${amount}`)))
    for (const ended of refused)
      expect(ended).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^[^\n]*amount[^\n]*\.\n$/i) as string })
  }, 60_000)

  test('members lock and unlock ask for a reason', async () => {
    expect(await json('members lock boris --reason Lost_card')).toMatchObject({
      locked: true,
      lockedReason: 'Lost card',
      lockedAt: expect.stringMatching(/Z$/) as string,
    })
    expect(await json('members unlock boris --reason Found_it')).toMatchObject({ locked: false, lockedReason: null, lockedAt: null })
    expect(await gateway('members lock boris')).toMatchObject({ code: 1, err: expect.stringContaining('--reason') as string })
  }, 60_000)

  test('fund show and deposit', async () => {
    const before = (await json('fund show')) as Record<string, string>
    expect(Object.keys(before).sort()).toEqual(['available', 'balance', 'floor', 'held', 'overdraft'])
    for (const amount of Object.values(before)) expect(amount).toMatch(DECIMAL)
    for (let time = 0; time < 2; time++)
      expect(await json('fund deposit 10.25 --key d1 --reason Top-up')).toMatchObject({ balance: '1000010.25', held: '0.00' })
    expect(await json('fund overdraft 500')).toMatchObject({ overdraft: '500.00' })
    for (const line of ['fund deposit 0', 'fund floor abc', 'fund overdraft 1e3'])
      expect(await gateway(line)).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^[^\n]*amount[^\n]*\.\n$/i) as string })
    expect((await gateway('fund show')).out).toContain('balance: 1000010.25')
  }, 60_000)

  test('payments list is one JSON value, even when there are none; an unknown payment and an unknown state are refused', async () => {
    expect(await json('payments list')).toEqual([])
    expect(await gateway('payments show nothing --json')).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('not_found') as string,
    })
    expect(await gateway('payments list --state lost')).toMatchObject({ code: 1, err: expect.stringContaining('confirming') as string })
  }, 60_000)

  test('help needs no settings, and an unknown command is refused', async () => {
    const bare = { cwd: folder.path }
    expect(await run(['--help'], bare)).toMatchObject({
      code: 0,
      out: expect.stringMatching(/serve[^]*worker[^]*migrate[^]*members[^]*fund[^]*payments[^]*ledger/) as string,
    })
    expect((await run(['fly'], bare)).code).toBe(1)
  }, 60_000)

  test('ledger verify ends with 0, and with 1 and the difference when the books were touched', async () => {
    expect(await gateway('ledger verify')).toMatchObject({ code: 0, err: '', out: expect.stringMatching(/right/) as string })
    expect(await json('ledger verify')).toEqual({ ok: true, differences: [] })
    const db = openDatabase(databaseUrl)
    await db('ledger_accounts').where({ id: 'fund' }).update({ balance: 1 })
    await db.destroy()
    const { code, out } = await gateway('ledger verify --json')
    expect(code).toBe(1)
    const { ok, differences } = JSON.parse(out) as { ok: boolean; differences: Fields[] }
    expect(ok).toBe(false)
    expect(differences).toContainEqual(
      expect.objectContaining({ invariant: 2, text: expect.stringMatching(/^Account fund shows 0\.01/) as string }),
    )
    expect((await gateway('ledger verify')).out).toMatch(/Invariant 2: Account fund/)
  }, 60_000)
})

describe('a database that does not answer', () => {
  const { folder, gateway } = commandLine({ DATABASE_URL: 'postgres://nobody:secret-of-the-database@127.0.0.1:1/none' })
  afterAll(folder.remove)

  test('ends every command with a sentence, without a stack and without the password', async () => {
    for (const { code, err } of await Promise.all(['members show anna', 'migrate', 'serve'].map((line) => gateway(line)))) {
      expect([code, err]).toEqual([1, expect.stringMatching(/^The database cannot be used: [^\n]+\n$/)])
      expect(err).not.toContain('secret-of-the-database')
    }
  }, 60_000)
})

describe('serve', () => {
  test('answers the probes, and ends with 0 on SIGTERM', async () => {
    const { folder, settings } = commandLine()
    const web = start(['serve', '--with-worker'], {
      cwd: folder.path,
      env: { ...settings, PORT: '0', INVOICEBOX_API_URL: 'http://127.0.0.1:1' },
    })
    const port = /"port":(\d+)/.exec(await web.says(/"port":\d+/))?.[1] ?? ''
    const ask = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${port}${path}`)
    expect(await (await ask('/healthz')).json()).toEqual({ status: 'ok' })
    const ready = await ask('/readyz')
    expect([ready.status, await ready.json()]).toEqual([
      200,
      { ready: true, checks: expect.objectContaining({ database: 'ok', migrations: 'ok', invoicebox: 'ok' }) as object },
    ])
    const metrics = await (await ask('/metrics')).text()
    expect(metrics).toMatch(/gateway_payments\{state="confirming"\} 0/)
    expect(metrics).toMatch(/gateway_open_alerts 0/)
    expect((await ask('/')).status).toBe(200)
    expect((await web.stop('SIGTERM')).code).toBe(0)
    folder.remove()
  })

  test('ends with 0 on SIGINT too, and worker as well', async () => {
    const { folder, settings } = commandLine()
    const worker = start(['worker'], { cwd: folder.path, env: settings })
    await worker.says(/the worker runs/)
    expect((await worker.stop('SIGINT')).code).toBe(0)
    folder.remove()
  })

  test('says so when the port is taken', async () => {
    const { folder, settings } = commandLine()
    const first = start(['serve'], { cwd: folder.path, env: { ...settings, PORT: '0' } })
    const port = /"port":(\d+)/.exec(await first.says(/"port":\d+/))?.[1] ?? ''
    const { code, err } = await run(['serve'], { cwd: folder.path, env: { ...settings, PORT: port } })
    expect([code, err]).toEqual([1, `Port ${port} is taken. Stop what listens there, or set PORT.\n`])
    expect((await first.stop()).code).toBe(0)
    folder.remove()
  })

  test('refuses a PostgreSQL that is not migrated, and takes it afterwards', async () => {
    const database = await makeDatabase('postgres', { migrated: false })
    const { folder, gateway, settings } = commandLine({ DATABASE_URL: database.url, PORT: '0' })
    expect(await gateway('serve')).toMatchObject({ code: 1, err: 'The database is not migrated. Run `gateway migrate` first.\n' })
    expect((await gateway('migrate')).code).toBe(0)
    const web = start(['serve'], { cwd: folder.path, env: settings })
    await web.says(/"port":\d+/)
    expect((await web.stop()).code).toBe(0)
    await database.drop()
    folder.remove()
  }, 60_000)
})
