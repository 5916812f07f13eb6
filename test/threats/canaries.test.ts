import { createHmac } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startSandbox } from '../../src/sandbox'
import { openAlerts } from '../../src/shared/alerts'
import { inTransaction, openDatabase } from '../../src/shared/database'
import type { Db } from '../../src/shared/database'
import { run, start, workFolder } from '../config/run'
import type { Started } from '../config/run'
import { readTables } from '../routes/contents'
import { givenAway } from '../routes/odd'
import { Browser, formsOf } from '../support/browser'
import type { Page } from '../support/browser'
import { freePort } from '../support/free-port'
import { SandboxControl } from '../support/sandbox-control'

/** Things that nobody may find again where they do not belong. Each is written so that no other text is like it. */
const CANARY = {
  login: 'canary.login',
  typedLogin: 'canary-password-in-the-login-field',
  password: 'canary-password-4711',
  wrongPassword: 'canary-password-wrong',
  fullName: 'Canaria Fullname',
  email: 'canary@example.org',
  phone: '+70009998877',
  customerName: 'Canaria Customer',
  customerEmail: 'customer-canary@example.org',
  customerPhone: '+70001112233',
  token: 'canary-token-0a1b2c3d',
  secret: 'canary-session-secret-Zx81-long-enough',
  query: 'canary-in-the-query',
  agent: 'canary-agent',
  link: 'canary-link',
  dutyEmail: 'duty-canary@example.org',
  hookSecret: 'canary-hook-secret-77aa',
  merchantToken: 'canary-merchant-token-5e6f',
  notificationKey: 'canary-notification-key-8b9c',
}

/** The tables where a person's own data has its place; whatever is not named here may stand in no table at all. */
const HOMES: Readonly<Partial<Record<string, readonly string[]>>> = {
  login: ['logins', 'members', 'sessions'],
  fullName: ['member_people'],
  email: ['member_people'],
  phone: ['member_people'],
  formToken: ['sessions'],
}

/** Asks until it is so. The bound is generous: what is waited for usually takes a second. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await isSo()) return
    await pause(100)
  }
  throw new Error('It did not happen.')
}

describe('secrets and persons', () => {
  const folder = workFolder()
  const databaseUrl = `sqlite:${folder.path}/gateway.sqlite3`
  const pages: Page[] = []
  const outputs: string[] = []
  const seen: Record<string, string> = { ...CANARY }
  let gateway: Started
  let sandbox: Awaited<ReturnType<typeof startSandbox>>
  let db: Db

  /** Breaks one table for a moment, so that statements fail with all their values in the error. */
  async function without(table: string, work: () => Promise<Page>): Promise<void> {
    await db.raw(`alter table ${table} rename to ${table}_gone`)
    try {
      pages.push(await work())
    } finally {
      await db.raw(`alter table ${table}_gone rename to ${table}`)
    }
  }

  beforeAll(async () => {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const { token, merchantToken, notificationKey } = CANARY
    sandbox = await startSandbox({ port: 0, token, merchantToken, notificationKey, partnerAuthUrl: `${url}/pay`, seed: 1 })
    const env = {
      MODE: 'sandbox',
      LOG_LEVEL: 'trace',
      PORT: String(port),
      PUBLIC_URL: url,
      DATABASE_URL: databaseUrl,
      SESSION_SECRET: CANARY.secret,
      INVOICEBOX_TOKEN: CANARY.token,
      INVOICEBOX_MERCHANT_TOKEN: CANARY.merchantToken,
      INVOICEBOX_NOTIFICATION_KEY: CANARY.notificationKey,
      INVOICEBOX_WEBSOCKET: 'on',
      INVOICEBOX_API_URL: sandbox.url,
      MAIL_URL: 'file:./letters',
      ALERT_EMAILS: CANARY.dutyEmail,
      ALERT_WEBHOOK_URL: 'http://127.0.0.1:1/',
      ALERT_WEBHOOK_SECRET: CANARY.hookSecret,
    }
    const command = async (args: readonly string[], input = ''): Promise<void> => {
      const { out, err } = await run(args, { cwd: folder.path, env, input })
      outputs.push(err, ...(args.includes('show') ? [] : [out.replaceAll(CANARY.login, '')]))
    }
    await command(['migrate'])
    await command(
      ['members', 'add', CANARY.login, '--full-name', CANARY.fullName, '--email', CANARY.email, '--phone', CANARY.phone],
      `${CANARY.password}\n`,
    )
    await command(['members', 'credit', CANARY.login, '500', '--json'])
    await command(['fund', 'deposit', '1000', '--json'])
    gateway = start(['serve', '--with-worker'], { cwd: folder.path, env })
    await gateway.says(/"port":\d+/)
    db = openDatabase(databaseUrl)
    await story(url)
    outputs.push((await gateway.stop()).out, gateway.output())
  }, 90_000)

  afterAll(async () => {
    await gateway.stop('SIGKILL')
    await db.destroy()
    await sandbox.close()
    folder.remove()
  })

  async function story(url: string): Promise<void> {
    const control = new SandboxControl(sandbox.url)
    const customer = { type: 'private', name: CANARY.customerName, email: CANARY.customerEmail, phone: CANARY.customerPhone }
    const invoice = await control.invoice({ amount: '10.00', customer })
    const browser = new Browser(url)
    const headers = { 'user-agent': CANARY.agent, referer: `https://evil.example/${CANARY.query}` }
    const arrival = `/pay?invoiceId=${invoice.id}&successUrl=https://evil.example/${CANARY.link}&x=${CANARY.query}`
    await control.misbehave({ on: 'business.get', kind: 'echo-html-error', times: 1 })
    pages.push(await browser.open(arrival, { headers }))
    let page = await browser.open(arrival, { headers })
    seen.anonymousCookie = browser.cookie('gateway') ?? ''
    await without('members', () => browser.submit(page, '/sign-in', { login: CANARY.login, password: CANARY.password }))
    pages.push(await browser.submit(page, '/sign-in', { login: CANARY.typedLogin, password: CANARY.wrongPassword }))
    page = await browser.submit(page, '/sign-in', { login: CANARY.login, password: CANARY.password })
    expect(page.state).toBe('ready')
    const { consent = '', _csrf = '' } = formsOf(page.html).find(({ action }) => action.endsWith('/confirm'))?.fields ?? {}
    Object.assign(seen, {
      cookie: browser.cookie('gateway'),
      signedId: decodeURIComponent(browser.cookie('gateway') ?? '')
        .slice(2)
        .split('.')[0],
      consent,
      formToken: _csrf,
    })

    for (const table of ['checkouts', 'sessions', 'payments', 'ledger_accounts'])
      await without(table, () => browser.submit(page, /\/confirm$/))
    pages.push(await browser.post('/sign-in', { login: CANARY.login, password: CANARY.password, _csrf: 'x', email: CANARY.email }))
    pages.push(await browser.open(`/no-such-page/${CANARY.query}?${CANARY.query}`))
    await control.misbehave({ on: 'business.confirm', kind: 'echo-html-error', times: 1 })
    await control.misbehave({ on: 'business.confirm', kind: 'truncate', times: 1 })
    await browser.submit(page, /\/confirm$/)
    await until(async () => (await browser.open(page.url)).state === 'paid')
    await browser.open('/account')
    await tellOfOrders(url, customer)
    await inTransaction(db, (tx) => openAlerts(tx, [{ kind: 'odd_answer', subject: 'canary', detail: 'a test', at: new Date() }]))
    await until(() => Promise.resolve([CANARY.email, CANARY.dutyEmail].every((address) => letters().includes(address))))
    await gateway.says(/"notice":"[^"]+","channel":"webhook"/)
  }

  /** Notifications that name who paid: signed, not signed, unreadable, and at a moment when the database fails. */
  async function tellOfOrders(url: string, customer: object): Promise<void> {
    const order = {
      id: 'a',
      merchantId: sandbox.merchantId,
      merchantOrderId: 'b',
      status: 'completed',
      amount: 1,
      currencyId: 'RUB',
      customer,
    }
    const tell = async (body: string, key: string): Promise<unknown> => {
      const headers = { 'x-signature': createHmac('sha1', key).update(body).digest('hex') }
      const answer = await fetch(`${url}/invoicebox/notifications?x=${CANARY.query}`, { method: 'POST', body, headers })
      return ((await answer.json()) as { code?: string }).code
    }
    expect(await tell(JSON.stringify(order), CANARY.notificationKey)).toBe('order_not_found')
    expect(await tell(JSON.stringify(order), 'another key')).toBe('signature_error')
    expect(await tell(JSON.stringify(order).slice(1), CANARY.notificationKey)).toBe('out_of_service')
    await db.raw('alter table order_notifications rename to order_notifications_gone')
    expect(await tell(JSON.stringify({ ...order, id: 'c' }), CANARY.notificationKey)).toBe('out_of_service')
    await db.raw('alter table order_notifications_gone rename to order_notifications')
  }

  /** Every letter that was sent, one after the other. */
  function letters(): string {
    const home = join(folder.path, 'letters')
    const files = existsSync(home) ? readdirSync(home).filter((name) => name.endsWith('.eml')) : []
    return files.map((name) => readFileSync(join(home, name), 'utf8')).join('\n')
  }

  test('are in no line of the log and in nothing that a command prints', () => {
    const log = outputs.join('\n')
    expect(log).toMatch(/"route":"\/pay\/:id\/confirm"/)
    expect(log).toMatch(/unexpected error/)
    expect(log).toMatch(/invoicebox was asked/)
    expect(log).toMatch(/the notification channel is open/)
    expect(log).toMatch(/a notification was not recorded/)
    expect(
      Object.entries(seen).filter(([, canary]) => canary === '' || log.includes(canary) || log.includes(encodeURIComponent(canary))),
    ).toEqual([])
    expect(log).not.toMatch(/\$argon2id|Bearer |"stack":"[^"]*canary/)
  })

  test('stand in no table but their own, the stored exchanges least of all', async () => {
    const tables = await readTables(db)
    expect(tables.get('exchanges')?.length).toBeGreaterThan(2)
    for (const [name, canary] of Object.entries(seen)) {
      const where = [...tables].filter(([, rows]) => rows.some((row) => row.includes(canary))).map(([table]) => table)
      expect([name, where]).toEqual([name, HOMES[name] ?? []])
    }
    expect(tables.get('exchanges')?.join()).not.toMatch(/customer-|Canaria|Bearer (?!\[)/)
  })

  test('are on no error page, and neither is anything of ours', () => {
    expect(pages.map(({ status }) => status)).toEqual(expect.arrayContaining([500, 503, 401, 403, 404]))
    const told = (
      [
        'password',
        'wrongPassword',
        'fullName',
        'email',
        'phone',
        'customerName',
        'customerEmail',
        'customerPhone',
        'token',
        'secret',
        'agent',
        'cookie',
        'consent',
      ] as const
    ).map((name) => seen[name] ?? '')
    for (const page of pages) {
      expect([page.url, givenAway({ headers: { 'content-type': 'text/html' }, text: page.html })]).toEqual([page.url, []])
      expect(told.filter((canary) => canary !== '' && page.html.includes(canary))).toEqual([])
    }
  })
})
