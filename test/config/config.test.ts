import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { BadConfig, readConfig } from '../../src/config'
import { OTHER } from './other-settings'
import { run, start, workFolder } from './run'

const SECRET = 'q7Rz-41xLmWv_09TgHsYbKd3PfNeUc6A'
const GOOD = {
  MODE: 'production',
  PUBLIC_URL: 'https://pay.example.org',
  SESSION_SECRET: SECRET,
  INVOICEBOX_TOKEN: '12345-API:0a1b2c3d4e5f60718293a4b5c6d7e8f9',
  INVOICEBOX_API_URL: 'https://api.invalid',
}
const DEMO_TOKEN = 'b37c4c689295904ed21eee5d9a48d42e'

/** The sentences that these settings are refused with; none when they are taken. */
function faultsOf(env: Readonly<Record<string, string>>): readonly string[] {
  try {
    readConfig({}, env)
    return []
  } catch (error) {
    if (error instanceof BadConfig) return error.faults
    throw error
  }
}

/** Each of them alone must keep production from starting. */
const NOT_IN_PRODUCTION: readonly [setting: string, what: string, change: Readonly<Record<string, string>>, says: RegExp][] = [
  ['INVOICEBOX_NOTIFICATION_KEY', 'a shop whose notifications nobody signs', { INVOICEBOX_MERCHANT_ID: 'shop-1' }, /forged/],
  ['INVOICEBOX_TOKEN', 'the demo token', { INVOICEBOX_TOKEN: DEMO_TOKEN }, /demo token/],
  ['INVOICEBOX_TOKEN', 'the demo token in capitals', { INVOICEBOX_TOKEN: DEMO_TOKEN.toUpperCase() }, /demo token/],
  ['INVOICEBOX_TOKEN', 'the demo token behind a login', { INVOICEBOX_TOKEN: `12345-API:${DEMO_TOKEN}` }, /demo token/],
  ['INVOICEBOX_TOKEN', 'the demo token between blanks', { INVOICEBOX_TOKEN: ` 1-api:${DEMO_TOKEN} ` }, /demo token/],
  ['INVOICEBOX_TOKEN', 'the token of the sandbox', { INVOICEBOX_TOKEN: 'sandbox-partner-token-0001' }, /sandbox/],
  ['INVOICEBOX_TOKEN', 'no token', { INVOICEBOX_TOKEN: '' }, /missing/],
  ['INVOICEBOX_MERCHANT_ID', 'the demo shop', { INVOICEBOX_MERCHANT_ID: 'ffffffff-ffff-ffff-ffff-ffffffffffff' }, /demo shop/],
  ['INVOICEBOX_MERCHANT_ID', 'the demo shop in capitals', { INVOICEBOX_MERCHANT_ID: 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF' }, /demo shop/],
  ['INVOICEBOX_API_URL', 'plain http', { INVOICEBOX_API_URL: 'http://api.invoicebox.ru' }, /https/],
  ...[
    '127.0.0.1',
    '127.9.9.9',
    'localhost',
    'LOCALHOST',
    'localhost.',
    'api.localhost',
    '[::1]',
    '[::]',
    '0.0.0.0',
    '0',
    '2130706433',
    '0x7f.1',
    '[::ffff:127.0.0.1]',
    '127.0.0.1:4100',
  ].map((host): [string, string, Record<string, string>, RegExp] => [
    'INVOICEBOX_API_URL',
    `this machine as ${host}`,
    { INVOICEBOX_API_URL: `https://${host}` },
    /this machine/,
  ]),
  ['SESSION_SECRET', 'no secret', { SESSION_SECRET: '' }, /missing/],
  ['SESSION_SECRET', 'a short secret', { SESSION_SECRET: SECRET.slice(1) }, /weak/],
  ['SESSION_SECRET', 'a secret of one sign', { SESSION_SECRET: 'x'.repeat(64) }, /weak/],
  ['SESSION_SECRET', 'a secret out of a document', { SESSION_SECRET: `change-me-${SECRET}` }, /weak/],
  ['SESSION_SECRET', 'the secret of the sandbox', { SESSION_SECRET: 'sandbox-session-secret-that-production-refuses' }, /weak/],
  ['CODES_SECRET', 'a short secret of codes', { CODES_SECRET: SECRET.slice(1) }, /weak/],
  ['CODES_SECRET', 'the secret of the sandbox for codes', { CODES_SECRET: 'sandbox-session-secret-that-production-refuses' }, /weak/],
  ['PUBLIC_URL', 'no public address', { PUBLIC_URL: '' }, /https/],
  ['PUBLIC_URL', 'a public address over plain http', { PUBLIC_URL: 'http://pay.example.org' }, /https/],
  ['MAIL_FROM', 'letters without a sender', { MAIL_URL: 'smtp://mail.example.org', MAIL_FROM: '' }, /sender/],
  ['MAIL_URL', 'letters in the log', { MAIL_URL: 'console:', MAIL_FROM: 'points@example.org' }, /log/],
  ['MAIL_URL', 'alerts by letter without a mail server', { MAIL_URL: '', ALERT_EMAILS: 'duty@example.org' }, /nobody/],
  ['ALERT_WEBHOOK_SECRET', 'a webhook without a secret', { ALERT_WEBHOOK_URL: 'https://hooks.example.org/' }, /receiver/],
  ['INVOICEBOX_NOTIFICATION_KEY', 'a weak key for notifications', { INVOICEBOX_NOTIFICATION_KEY: 'key' }, /weak/],
  ['INVOICEBOX_NOTIFICATION_KEY', 'the sandbox’s key for notifications', { INVOICEBOX_NOTIFICATION_KEY: 'sandbox-sign-key' }, /sandbox/],
  ['INVOICEBOX_MERCHANT_TOKEN', 'the demo token of a shop', { INVOICEBOX_MERCHANT_TOKEN: DEMO_TOKEN }, /demo token/],
  ['INVOICEBOX_MERCHANT_TOKEN', 'the sandbox’s token of a shop', { INVOICEBOX_MERCHANT_TOKEN: 'sandbox-merchant-token-0001' }, /sandbox/],
  ['MINAPP_PARENT_ORIGINS', 'a parent of the mini-app over plain http', { MINAPP_PARENT_ORIGINS: 'http://shop.example.org' }, /https/],
  ['INVOICEBOX_WEBSOCKET', 'a channel of notifications without a shop', { INVOICEBOX_WEBSOCKET: 'on' }, /MERCHANT_ID/],
  ['INVOICEBOX_WEBSOCKET', 'a channel of notifications in the clear', { INVOICEBOX_WEBSOCKET: 'ws://gate.example.org/' }, /wss/],
]

/** One of each kind is tried with the real program; the reader of settings is the same. */
const BOOTED = [
  'the demo token',
  'the demo token behind a login',
  'the demo shop',
  'plain http',
  'this machine as 127.0.0.1',
  'no secret',
  'a short secret',
  'a public address over plain http',
  'the token of the sandbox',
]

describe('production', () => {
  test('takes settings that are right', () => {
    expect(faultsOf(GOOD)).toEqual([])
    const config = readConfig(
      {},
      { ...GOOD, INVOICEBOX_MERCHANT_ID: '00000000-1111-2222-3333-444444444444', INVOICEBOX_NOTIFICATION_KEY: SECRET },
    )
    expect(config).toMatchObject({ mode: 'production', returnHosts: [], sessionSecret: SECRET, codesSecret: SECRET })
    const codes = `${SECRET.slice(9)}${SECRET.slice(0, 9)}`
    expect(readConfig({}, { ...GOOD, CODES_SECRET: codes })).toMatchObject({ sessionSecret: SECRET, codesSecret: codes })
  })

  test('is what an unset MODE means', () => {
    expect(faultsOf({}).join('\n')).toMatch(/PUBLIC_URL[^]*SESSION_SECRET[^]*INVOICEBOX_TOKEN/)
  })

  test('hears of paid orders where the address of the API says so', () => {
    const shop = { ...GOOD, INVOICEBOX_MERCHANT_ID: 'shop-1', INVOICEBOX_WEBSOCKET: 'on' }
    const urlFor = (env: object) => readConfig({}, { ...shop, ...env }).invoicebox.websocketUrl
    expect(urlFor({ INVOICEBOX_API_URL: 'https://api.invoicebox.ru' })).toBe('wss://ws-gate.invoicebox.ru/v3/gate/rpc')
    expect(urlFor({ INVOICEBOX_API_VERSION: 'l3', INVOICEBOX_API_URL: '' })).toBe('wss://ws-gate.invoicebox.ru/v3/gate/rpc')
    expect(urlFor({ INVOICEBOX_WEBSOCKET: 'wss://gate.example.org/rpc' })).toBe('wss://gate.example.org/rpc')
    expect(readConfig({}, { MODE: 'sandbox', INVOICEBOX_WEBSOCKET: 'on' }).invoicebox.websocketUrl).toBe('ws://127.0.0.1:4100/v3/gate/rpc')
    expect(readConfig({}, GOOD).invoicebox).toMatchObject({ websocketUrl: null, merchantId: undefined, notificationKey: undefined })
  })

  test('asks the real Invoicebox when nothing else is said', () => {
    expect(readConfig({}, { ...GOOD, INVOICEBOX_API_URL: '' }).invoicebox.apiUrl).toBe('https://api.invoicebox.ru')
  })

  test.each(NOT_IN_PRODUCTION)('%s: refuses %s', (setting, _what, change, says) => {
    const faults = faultsOf({ ...GOOD, ...change })
    expect(faults.filter((fault) => fault.includes(setting) && says.test(fault))).not.toEqual([])
    for (const fault of faults) expect(fault).toMatch(/^INVOICEBOX_|^SESSION_|^CODES_|^PUBLIC_|^MAIL_|^ALERT_|^MINAPP_/)
    expect(faults.join()).not.toContain(SECRET)
  })

  test('names every fault at once', () => {
    const all = Object.assign({}, ...NOT_IN_PRODUCTION.map(([, , change]) => change)) as Record<string, string>
    const named = faultsOf({ ...GOOD, ...all, INVOICEBOX_TOKEN: DEMO_TOKEN, INVOICEBOX_API_URL: 'http://127.0.0.1' }).map(
      (fault) => fault.split(' ')[0],
    )
    expect(named).toEqual(
      expect.arrayContaining([
        'PUBLIC_URL',
        'SESSION_SECRET',
        'INVOICEBOX_TOKEN',
        'INVOICEBOX_MERCHANT_ID',
        'INVOICEBOX_API_URL',
        'INVOICEBOX_NOTIFICATION_KEY',
      ]),
    )
  })
})

describe('the program itself', () => {
  const folder = workFolder()
  afterAll(folder.remove)

  const boot = (env: Readonly<Record<string, string>>) => run(['serve'], { cwd: folder.path, env: { ...GOOD, PORT: '0', ...env } })

  test.each(BOOTED)('ends with a sentence and not with 0: %s', async (what) => {
    const [setting, , change, says] = NOT_IN_PRODUCTION.find((line) => line[1] === what) ?? []
    const { code, out, err } = await boot(change ?? {})
    expect([code, out]).toEqual([1, ''])
    expect(err).toMatch(says ?? /never/)
    expect(err).toContain(setting)
    expect(err).not.toMatch(/\n\s+at /)
  })

  test('reports several faults together', async () => {
    const { code, err } = await boot({ INVOICEBOX_TOKEN: DEMO_TOKEN, SESSION_SECRET: 'short', PUBLIC_URL: 'http://pay.example.org' })
    expect(code).toBe(1)
    expect(err.trim().split('\n')).toHaveLength(3)
  })

  test('refuses production while somebody still has a default password, and names the login', async () => {
    const settings = { DATABASE_URL: 'sqlite:./people.sqlite3', PORT: '0' }
    const sandbox = { ...settings, MODE: 'sandbox' }
    expect((await run(['migrate'], { cwd: folder.path, env: sandbox })).code).toBe(0)
    expect((await run(['demo-data'], { cwd: folder.path, env: sandbox })).code).toBe(0)
    const { code, err } = await boot(settings)
    expect(code).toBe(1)
    expect(err).toMatch(/default password.*admin.*anna/)
    const refused = await run(['demo-data'], { cwd: folder.path, env: { ...GOOD, ...settings } })
    expect([refused.code, refused.err]).toEqual([1, expect.stringMatching(/forbidden/)])
  }, 60_000)

  test('starts in production when everything is right', async () => {
    const gateway = start(['serve'], { cwd: folder.path, env: { ...GOOD, PORT: '0', DATABASE_URL: 'sqlite:./right.sqlite3' } })
    const line = await gateway.says(/"port":\d+/)
    const port = /"port":(\d+)/.exec(line)?.[1] ?? ''
    const page = await fetch(`http://127.0.0.1:${port}/sign-in`)
    expect(page.status).toBe(200)
    expect(page.headers.get('set-cookie')).toMatch(/^__Host-gateway=.*; Path=\/; HttpOnly; Secure; SameSite=Lax/)
    expect(page.headers.get('strict-transport-security')).toMatch(/max-age=/)
    expect(await page.text()).not.toMatch(/ПЕСОЧНИЦА|class="sandbox"/)
    expect((await gateway.stop()).code).toBe(0)
  })
})

describe('a value that cannot be used', () => {
  const SANDBOX = { MODE: 'sandbox' }

  test.each([
    ['MODE', 'staging'],
    ['PORT', 'abc'],
    ['PORT', '65536'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['SANDBOX_PORT', 'x'],
    ['TRUST_PROXY', 'true'],
    ['TRUST_PROXY', '-1'],
    ['PUBLIC_URL', 'pay.example.org'],
    ['PUBLIC_URL', 'ftp://pay.example.org'],
    ['PUBLIC_URL', 'https://pay.example.org/gateway'],
    ['PUBLIC_URL', 'https://user:password@pay.example.org'],
    ['PUBLIC_URL', 'https://pay.example.org/?a=b'],
    ['DATABASE_URL', 'mysql://localhost/gateway'],
    ['DATABASE_URL', 'sqlite:'],
    ['DATABASE_URL', 'postgres://[broken'],
    ['INVOICEBOX_API_URL', 'api.invoicebox.ru'],
    ['INVOICEBOX_API_URL', 'https://user:password@api.invoicebox.ru'],
    ['INVOICEBOX_API_URL', 'https://api.invoicebox.ru/?a=b'],
    ['INVOICEBOX_API_VERSION', 'v4'],
    ['INVOICEBOX_TOKEN', 'two words'],
    ['INVOICEBOX_TOKEN', 'токен'],
    ['INVOICEBOX_MERCHANT_ID', 'two words'],
    ['INVOICEBOX_MERCHANT_TOKEN', 'токен'],
    ['INVOICEBOX_NOTIFICATION_ALGORITHM', 'md5'],
    ['INVOICEBOX_WEBSOCKET', 'yes'],
    ['INVOICEBOX_WEBSOCKET', 'wss://['],
    ['INVOICEBOX_RATE_LIMIT', '100'],
    ['INVOICEBOX_RATE_LIMIT', '0/30'],
    ['INVOICEBOX_RATE_LIMIT', '1/30'],
    ['INVOICEBOX_RATE_LIMIT', '100/0'],
    ['RETURN_URL_HOSTS', 'https://shop.example.ru'],
    ['RETURN_URL_HOSTS', 'shop.example.ru/path'],
    ['RETURN_URL_HOSTS', '*.example.ru'],
    ['RETURN_URL_HOSTS', 'shop.example.ru, user@evil.example'],
    ['PROGRAM_NAME', 'x'.repeat(101)],
    ['PROGRAM_LOGO_URL', 'https://'],
    ['PROGRAM_LOGO_URL', 'http://['],
    ['PROGRAM_LOGO_URL', 'javascript:alert(1)'],
    ['PROGRAM_ACCENT', 'yellow'],
    ['PROGRAM_ACCENT', '#FAD'],
    ['POINTS_PER_RUBLE', '0'],
    ['POINTS_PER_RUBLE', '-1'],
    ['POINTS_PER_RUBLE', '1,5'],
    ['POINTS_PER_RUBLE', '0.0000001'],
    ['LOG_LEVEL', 'loud'],
  ])('%s=%s is refused with a sentence that names the setting', (setting, value) => {
    const faults = faultsOf({ ...SANDBOX, [setting]: value })
    expect(faults).toEqual([expect.stringMatching(new RegExp(`^${setting}\\b.+\\.$`))])
  })

  test('does not hide the others', () => {
    const faults = faultsOf({
      ...SANDBOX,
      PORT: 'x',
      MODE: 'x',
      LOG_LEVEL: 'x',
      PROGRAM_ACCENT: 'x',
      POINTS_PER_RUBLE: 'x',
      DATABASE_URL: 'x',
      PUBLIC_URL: 'x',
      RETURN_URL_HOSTS: '*',
    })
    expect(faults.map((fault) => fault.split(' ')[0]).sort()).toEqual([
      'DATABASE_URL',
      'LOG_LEVEL',
      'MODE',
      'POINTS_PER_RUBLE',
      'PORT',
      'PROGRAM_ACCENT',
      'PUBLIC_URL',
      'RETURN_URL_HOSTS',
    ])
  })

  test('never shows a secret in the sentence', () => {
    for (const setting of ['INVOICEBOX_TOKEN', 'SESSION_SECRET', 'INVOICEBOX_NOTIFICATION_KEY'])
      expect(faultsOf({ ...GOOD, [setting]: 'a canary in a secret' }).join()).not.toContain('canary')
    expect(faultsOf({ ...SANDBOX, DATABASE_URL: 'postgres://gateway:canary@[x' }).join()).not.toContain('canary')
  })
})

describe('the settings', () => {
  const example = readFileSync(join(__dirname, '../../.env.example'), 'utf8')
  const listed = [...example.matchAll(/^([A-Z_]+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value] as const)

  test('are all in .env.example, and nothing else is', () => {
    expect(listed.map(([name]) => name).sort()).toEqual(Object.keys(OTHER).sort())
  })

  test('of .env.example work as they stand', () => {
    expect(faultsOf(Object.fromEntries(listed))).toEqual([])
    for (const [name, value] of listed) expect([name, faultsOf({ MODE: 'sandbox', [name]: value })]).toEqual([name, []])
  })

  const plain = (env: Readonly<Record<string, string>>): string =>
    JSON.stringify(readConfig({}, env), (_key, value: unknown) => (typeof value === 'bigint' ? value.toString() : value))

  test.each(Object.entries(OTHER))('%s is read', (name, value) => {
    expect(plain({ MODE: 'sandbox', [name]: value })).not.toBe(plain({ MODE: 'sandbox' }))
  })

  test('that are empty count as not set', () => {
    expect(plain({ MODE: 'sandbox', ...Object.fromEntries(listed.filter(([name]) => name !== 'MODE').map(([name]) => [name, ''])) })).toBe(
      plain({ MODE: 'sandbox' }),
    )
  })

  test.each([
    ['shop.example.ru:443', ['shop.example.ru']],
    [' Shop.Example.RU , second.example.ru:8443,', ['shop.example.ru', 'second.example.ru:8443']],
    ['магазин.рф', ['xn--80aairftm.xn--p1ai']],
  ])('RETURN_URL_HOSTS=%s compares as browsers write hosts', (text, hosts) => {
    expect(readConfig({}, { ...GOOD, RETURN_URL_HOSTS: text }).returnHosts).toEqual(hosts)
  })
})

test('a command that only looks at the database needs no secrets, and what it got unchecked never reaches Invoicebox', () => {
  expect(() => readConfig({}, { DATABASE_URL: 'sqlite:./x.sqlite3' })).toThrow('SESSION_SECRET is missing')
  const config = readConfig(
    {},
    { DATABASE_URL: 'sqlite:./x.sqlite3', INVOICEBOX_TOKEN: 'real', INVOICEBOX_API_URL: 'http://127.0.0.1:9' },
    'look',
  )
  expect(config).toMatchObject({ databaseUrl: 'sqlite:./x.sqlite3', invoicebox: { token: 'none', apiUrl: 'https://api.invoicebox.ru' } })
  expect(() => readConfig({}, { DATABASE_URL: 'mysql://x' }, 'look')).toThrow('DATABASE_URL')
})
