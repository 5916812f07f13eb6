import { join } from 'node:path'
import { run, start, workFolder } from '../config/run'
import { Browser } from '../support/browser'
import { freePort } from '../support/free-port'

const ROOT = join(__dirname, '../..')

describe('the demo', () => {
  test('prints links once both answer, and a buyer gets through with them', async () => {
    const folder = workFolder()
    const [PORT, SANDBOX_PORT] = [String(await freePort()), String(await freePort())]
    const file = join(ROOT, 'src/demo.ts')
    const demo = start([], { file, cwd: folder.path, env: { PORT, SANDBOX_PORT } })
    const text = await demo.says('demo ready')
    const links = [...text.matchAll(/https?:\/\/\S+/g)].map(([link]) => link)
    expect(links).toEqual([
      `http://127.0.0.1:${SANDBOX_PORT}/`,
      `http://localhost:${PORT}/account`,
      `http://localhost:${PORT}/admin`,
      `http://localhost:${PORT}/admin/autopay`,
      `http://127.0.0.1:${SANDBOX_PORT}/_sandbox/`,
      `http://127.0.0.1:${SANDBOX_PORT}/marketplace`,
    ])
    for (const link of links) expect([link, (await fetch(link)).status]).toEqual([link, 200])

    // The command stands there as it must be typed beside this very demo.
    const [, settings = '', words = ''] = /^ *((?:[A-Z_]+=\S+ )+)npm run -s gateway -- (autopay .*)$/m.exec(text) ?? []
    const beside = Object.fromEntries(
      settings
        .trim()
        .split(' ')
        .map((setting) => setting.split(/=(.*)/).slice(0, 2)),
    ) as Record<string, string>
    const switched = await run([...words.split(' '), '--json'], { cwd: folder.path, env: beside })
    expect([switched.code, (JSON.parse(switched.out) as { autopay: string }[])[0]?.autopay]).toEqual([0, 'on'])

    const browser = new Browser(`http://localhost:${PORT}`)
    const page = await browser.open('/pay?invoiceId=5eed0000-0000-0000-0000-000000000324')
    expect(page.state).toBe('sign-in')
    const ready = await browser.submit(page, '/sign-in', { login: 'anna', password: 'demo-anna' })
    expect(ready.state).toBe('ready')
    expect((await browser.submit(ready, /\/confirm$/)).state).toBe('paid')

    const list = await run(['payments', 'list', '--json'], {
      cwd: folder.path,
      env: { MODE: 'demo', DATABASE_URL: `sqlite:./data/demo-${PORT}-${SANDBOX_PORT}.sqlite3` },
    })
    const [payment, ...others] = JSON.parse(list.out) as Record<string, unknown>[]
    expect(others).toEqual([])
    expect(payment).toMatchObject({
      invoiceId: '5eed0000-0000-0000-0000-000000000324',
      state: 'captured',
      points: '10000.00',
      amount: '10000.00',
      operationId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    })
    const shown = await run(['payments', 'show', String(payment?.id), '--json'], {
      cwd: folder.path,
      env: { MODE: 'demo', DATABASE_URL: `sqlite:./data/demo-${PORT}-${SANDBOX_PORT}.sqlite3` },
    })
    const details = JSON.parse(shown.out) as { id: string; events: { to: string }[]; exchanges: { operation: string }[] }
    expect(details).toMatchObject(payment ?? {})
    expect(details.events.map(({ to }) => to)).toEqual(['confirming', 'captured'])
    expect(details.exchanges.map(({ operation }) => operation)).toContain('business.confirm')

    const again = await run([], { file, cwd: folder.path, env: { PORT, SANDBOX_PORT } })
    expect([again.code, again.err]).toEqual([1, `Port ${SANDBOX_PORT} is taken. Stop what listens there, or set SANDBOX_PORT.\n`])
    expect((await browser.open('/account')).html).toMatch(/15\s000/)
    expect((await demo.stop()).code).toBe(0)
    folder.remove()
  }, 60_000)
})
