import { openTestWorld, startClean } from './world'
import type { TestWorld } from './world'

let world: TestWorld
beforeAll(async () => (world = await openTestWorld()))
beforeEach(() => startClean(world))
afterAll(() => world.close())

const XSS = '<script>alert(1)</script>"\'&<img src=x onerror=1>'
const order = (id: string, query = '') => world.ask(`/order/${id}${query}`)
const stateOf = (text: string): string | undefined => /<main [^>]*data-state="([^"]*)"/.exec(text)?.[1]
const CONSOLE = ['/_sandbox/', ...['invoices', 'faults', 'requests', 'clock', 'fund', 'settings'].map((tab) => `/_sandbox/console/${tab}`)]

test('the start page shows links, seeded invoices and every magic amount, in both languages', async () => {
  await world.control('POST', '/reset')
  const { text, headers } = await world.ask('/')
  for (const part of [
    'Песочница Инвойсбокса',
    world.sandbox.token,
    '№ 324',
    'Сертификат на массаж',
    '10\u00a0000,00\u00a0₽',
    '777,01\u00a0₽',
    '777,14\u00a0₽',
  ]) {
    expect(text).toContain(part)
  }
  expect(headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(text).not.toMatch(/<script|style=|onclick|https?:\/\/(?!127\.0\.0\.1|localhost)/)
  const english = (await world.ask('/?lang=en')).text
  for (const part of ['Invoicebox sandbox', '10,000.00\u00a0₽', 'Awaiting payment', 'lang="en"']) expect(english).toContain(part)
  expect(english.replace(/>Русский</, '')).not.toMatch(/Песочница|Ожидает|Волшебные/)
})

test.each(CONSOLE)('%s renders with and without anything in it, in both languages', async (path) => {
  for (const seed of [false, true]) {
    await world.control('POST', '/reset', { seed })
    if (seed) {
      const { id } = await world.invoice({ amount: '777.01', description: XSS, number: '<b>1' })
      await world.api('/v3/business/api/invoice?status=<b>')
      await world
        .api(`/v3/business/api/invoice/${id}/confirm`, { method: 'POST', body: JSON.stringify({ partnerOperationId: XSS }) })
        .catch(() => undefined)
      await world.control('POST', '/faults', { on: '*', kind: 'status', body: XSS, times: 1 })
    }
    for (const lang of ['', '?lang=en']) {
      const { status, text } = await world.ask(`${path}${lang}`)
      expect(status).toBe(200)
      expect(text).toContain('aria-current="page"')
      expect(text).not.toMatch(/<script|<img|undefined|\[object/)
    }
  }
})

test('the payment page says the state: pending, paid, canceled, partial, not found', async () => {
  for (const [status, words] of [
    ['pending', 'Ожидает оплаты'],
    ['paid', 'Оплачен'],
    ['canceled', 'Отменён'],
    ['partial', 'Оплачен частично'],
  ] as const) {
    const { id } = await world.invoice({ status, amount: '10000' })
    const { text } = await order(id)
    expect(stateOf(text)).toBe(status)
    expect(text).toContain(words)
    expect(text).toContain('10\u00a0000,00\u00a0₽')
    expect(text.includes('Чем оплатить')).toBe(status === 'pending')
  }
  const missing = await order('nothing')
  expect([missing.status, stateOf(missing.text)]).toEqual([404, 'not-found'])
})

test('the programme redirects to the partner with the invoice and the return links', async () => {
  const { id, partnerUrl } = await world.invoice()
  expect((await order(id)).text).toContain(`href="/order/${id}/programme"`)
  const reply = await world.ask(`/order/${id}/programme`)
  expect([reply.status, reply.headers.get('location')]).toEqual([302, partnerUrl])
  expect((await world.ask('/order/nothing/programme')).status).toBe(404)
})

test('a card pays at once and leaves the fund alone; pressing twice changes nothing', async () => {
  const { id } = await world.invoice()
  for (let press = 0; press < 2; press++) {
    const reply = await world.form(`/order/${id}/card`, {})
    expect([reply.status, reply.headers.get('location')]).toEqual([303, `/order/${id}`])
  }
  const { text } = await order(id)
  expect(stateOf(text)).toBe('paid')
  expect(text).toContain('Оплачено банковской картой')
  expect(await world.balance()).toBe('1000000.00')
})

test('after a confirm the page says paid and names the operation', async () => {
  const { id } = await world.invoice()
  await world.confirm(id, 'op-77')
  const { text } = await order(id)
  expect(stateOf(text)).toBe('paid')
  expect(text).toContain('Оплачено баллами программы')
  expect(text).toContain('op-77')
  expect(text).toContain(`/merchant/success?order=${id}`)
})

test('unknown parameters in the link are reported', async () => {
  const { id } = await world.invoice()
  expect((await order(id, '?lang=en')).text).not.toContain('role="note"')
  const { text } = await order(id, '?utm=1&%3Cb%3E=2')
  expect(text).toContain('неизвестные параметры: utm, &lt;b&gt;')
})

test('the cheat panel changes the invoice and arms a fault', async () => {
  const { id } = await world.invoice()
  const press = (fields: Record<string, string>) => world.form(`/_sandbox/console/invoices/${id}`, fields)
  const now = async () => (await world.control('GET', `/invoices/${id}`)).status
  expect((await press({ action: 'amount', amount: '1 250,50' })).status).toBe(303)
  expect((await world.control('GET', `/invoices/${id}`)).amount).toBe('1250.50')
  for (const [action, status] of [
    ['partial', 'partial'],
    ['reopen', 'pending'],
    ['expire', 'canceled'],
    ['reopen', 'pending'],
    ['cancel', 'canceled'],
    ['reopen', 'pending'],
    ['pay', 'paid'],
  ] as const) {
    expect((await press({ action })).status).toBe(303)
    expect(await now()).toBe(status)
  }
  await press({ action: 'reopen' })
  await press({ action: 'fault', kind: 'garbage' })
  expect((await order(id)).text).toContain('<code>garbage</code>')
  expect((await world.confirm(id, 'op-1')).text).toContain('<!DOCTYPE html>')
  expect(await now()).toBe('paid')
  expect((await press({ action: 'explode' })).status).toBe(422)
  expect((await press({ action: 'amount', amount: '<b>' })).text).not.toContain('<b>')
})

test('everything the console offers works through plain forms', async () => {
  const made = await world.form('/_sandbox/console/invoices?lang=en', {
    amount: '10 000,50',
    description: XSS,
    currencyId: 'USD',
    hours: '-1',
    foreign: 'on',
    number: '9',
    amountRaw: '',
  })
  expect(made.status).toBe(303)
  expect(made.headers.get('location')).toMatch(/^\/order\/[0-9a-f-]{36}\?lang=en$/)
  const page = await world.ask(made.headers.get('location') ?? '')
  expect(page.text).not.toContain('<script>alert')
  expect((await world.controlList('/invoices'))[0]).toMatchObject({
    amount: '10000.50',
    currencyId: 'USD',
    foreign: true,
    number: '9',
    isExpired: true,
  })
  await world.form('/_sandbox/console/faults', {
    on: '*',
    kind: 'status',
    times: '3',
    status: '500',
    ms: '',
    retryAfter: '',
    invoiceId: '',
    after: 'yes',
  })
  const [fault] = await world.controlList('/faults')
  expect(fault).toMatchObject({ on: '*', kind: 'status', times: 3, status: 500, after: true })
  await world.form('/_sandbox/console/faults/delete', { id: fault?.id ?? '' })
  expect(await world.controlList('/faults')).toEqual([])
  await world.form('/_sandbox/console/clock', { advanceSeconds: '86400' })
  expect((await world.control('GET', '/clock')).offsetSeconds).toBe(86_400)
  await world.form('/_sandbox/console/clock', { now: '2040-01-01T10:00' })
  expect((await world.control('GET', '/clock')).now).toMatch(/^2040-01-01T10:00/)
  await world.form('/_sandbox/console/fund', { currencyId: 'RUB', balance: '1 500,25', overdraft: '10' })
  expect(await world.control('GET', '/fund')).toMatchObject({ balance: '1500.25', overdraft: '10.00' })
})

test('the settings form saves every control on it', async () => {
  const fields = {
    rateLimit: '9/9',
    singleAsArray: 'on',
    paidDelaySeconds: '5',
    signatureKey: 'k',
    partnerAuthUrl: 'http://p.test/{invoiceId}',
    returnLinks: 'none',
    queryNames: 'i s f r',
  }
  expect((await world.form('/_sandbox/console/settings', fields)).status).toBe(303)
  expect(await world.control('GET', '/settings')).toMatchObject({
    ...fields,
    singleAsArray: true,
    magicAmounts: false,
    paidDelaySeconds: 5,
    queryNames: { invoiceId: 'i', successUrl: 's', failUrl: 'f', returnUrl: 'r' },
  })
  expect((await world.form('/_sandbox/console/settings', { ...fields, queryNames: 'i' })).status).toBeLessThan(500)
  await world.form('/_sandbox/console/reset', { seed: 'no' })
  expect(await world.controlList('/invoices')).toEqual([])
})

test('the shop says what happened', async () => {
  const { id } = await world.invoice({ description: XSS })
  for (const [landing, words] of [
    ['success', 'оплата прошла'],
    ['fail', 'оплата не прошла'],
    ['return', 'Вы вернулись в магазин'],
  ] as const) {
    const { text } = await world.ask(`/merchant/${landing}?order=${id}`)
    expect(stateOf(text)).toBe(landing)
    expect(text).toContain(words)
    expect(text).toContain(`/order/${id}`)
    expect(text).not.toContain('<script>')
  }
  expect((await world.ask('/merchant/success?order=nothing')).status).toBe(200)
  expect((await world.ask('/merchant/elsewhere')).status).toBe(404)
})

test('odd input never makes a 5xx', async () => {
  const { id } = await world.invoice()
  const odd = [
    '?lang[]=en',
    '?lang=en&lang=ru',
    '?__proto__[a]=1',
    '?settings[view options][client]=1',
    '?page=-1',
    '?page=1e9',
    '?%',
    `?${'a=1&'.repeat(2_000)}`,
    '?order[]=1',
    `?q=${'x'.repeat(8_000)}`,
  ]
  const pages = [
    '/',
    `/order/${id}`,
    '/order/%00',
    '/order/__proto__',
    '/merchant/success',
    '/assets/..%2f..%2findex.ts',
    '/nothing',
    ...CONSOLE,
  ]
  for (const page of pages) {
    for (const query of odd) expect((await world.ask(`${page}${query}`)).status).toBeLessThan(500)
  }
  expect((await world.ask('/order/%E0%A4%A')).status).toBe(400)
  const forms = ['invoices', `invoices/${id}`, 'faults', 'faults/delete', 'clock', 'fund', 'settings', 'reset', 'nothing']
  const bodies = [
    '',
    'a',
    '__proto__=1&constructor=2',
    'amount=1&amount=2&action=a&action=b',
    'hours=99999&amount=1',
    'x=1&'.repeat(200),
    'a='.padEnd(200_000, 'x'),
    '%',
    'toString=1&action=toString',
  ]
  for (const form of forms) {
    for (const body of bodies) {
      const reply = await world.ask(`/_sandbox/console/${form}`, {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      })
      expect(reply.status).toBeLessThan(500)
    }
  }
})

test('assets are local and the page of health answers', async () => {
  expect((await world.ask('/assets/sandbox.css')).headers.get('content-type')).toContain('text/css')
  expect((await world.ask('/assets/icon.svg')).status).toBe(200)
  expect((await world.ask('/healthz')).body).toEqual({ status: 'ok' })
})
