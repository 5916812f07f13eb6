import { ask } from '../routes/client'
import { contents } from '../routes/contents'
import { formsOf } from '../support/browser'
import type { Page } from '../support/browser'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'

/** What a form never asks for and an attacker would like to say. */
const WISHES: readonly Readonly<Record<string, string>>[] = [
  { role: 'admin' },
  { kind: 'staff', role: 'admin' },
  { 'actor[role]': 'admin' },
  { status: 'paid' },
  { state: 'captured' },
  { balance: '1000000' },
  { memberId: '1', member_id: '1' },
  { id: '1' },
  { amount: '0.01' },
  { currency: 'UZS', currencyId: 'UZS' },
  { points: '0.01' },
  { price: '0', rate: '0' },
  { invoiceId: '5eed0000-0000-0000-0000-000000000326' },
  { operationId: '00000000-0000-0000-0000-000000000000', partnerOperationId: 'x' },
  { successUrl: 'https://evil.example', returnUrl: 'https://evil.example' },
  { __proto__x: '1', '__proto__[role]': 'admin' },
  { 'constructor[prototype][role]': 'admin' },
  { locked: '', lockedAt: '' },
]

/** What a template engine, or a framework before it, takes for orders when it is handed a query or a form. */
const ORDERS: readonly string[] = [
  'settings[view options][outputFunctionName]=x;process.exit(1);s',
  'settings[view options][client]=1&settings[view options][escapeFunction]=1;process.exit(1)',
  'settings[view options][debug]=1&settings[view options][destructuredLocals][]=x',
  'settings[view cache]=&settings[views]=/etc&settings[view engine]=hbs',
  'outputFunctionName=x;process.exit(1)//&client=1&debug=1&compileDebug=1&_with=0&localsName=x=process.exit(1)',
  'delimiter=x&openDelimiter=[&closeDelimiter=]&rmWhitespace=1&escape=1&cache=1&filename=/etc/hostname&root=/&views[]=/etc',
  '_locals[settings]=x&locals=x&layout=../../../etc/hostname&model=x&t=x&language=en<script>&view=error',
]

describe('a request that asks for more than its form', () => {
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make()
    anna = await world.member({ points: '500.00' })
    await anna.signsIn()
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
    expect(({} as { role?: unknown }).role).toBeUndefined()
  })
  afterAll(() => world.close())

  const formOf = (page: Page, ending: string) => {
    const found = formsOf(page.html).find(({ action }) => action.endsWith(ending))
    if (!found) throw new Error(`no form ${ending}`)
    return found
  }

  /** Sends the page's own form, rightly filled, with these in addition, and does not follow where it leads. */
  async function sends(browser: Buyer['browser'], page: Page, ending: string, extra: Readonly<Record<string, string>>): Promise<Response> {
    const { action, fields } = formOf(page, ending)
    return browser.fetch(new URL(action, page.url), { method: 'POST', body: new URLSearchParams({ ...fields, ...extra }) })
  }

  test('does not pay: with any field too many a right form is refused, and nothing is held', async () => {
    const page = await anna.opens(await world.sandbox.invoice({ amount: '100.00' }))
    const before = await contents(world.db)
    for (const wish of WISHES) expect([wish, (await sends(anna.browser, page, '/confirm', wish)).status]).toEqual([wish, 400])
    for (const wish of WISHES) expect([wish, (await sends(anna.browser, page, '/decline', wish)).status]).toEqual([wish, 400])
    expect(await contents(world.db)).toEqual(before)
  })

  test('does not sign in, and gains nothing by signing out', async () => {
    for (const wish of WISHES) {
      const browser = world.browser()
      const page = await browser.open('/sign-in')
      const answer = await sends(browser, page, '/sign-in', { login: anna.login, password: PASSWORD, ...wish })
      expect([wish, answer.status]).toEqual([wish, 400])
      expect((await browser.open('/account')).state).toBe('sign-in')
    }
    const boris = await world.member({ points: '1.00' })
    await boris.signsIn()
    const before = await contents(world.db)
    await sends(boris.browser, await boris.browser.open('/account'), '/sign-out', WISHES[1] ?? {})
    expect(await contents(world.db)).toEqual(before)
  })

  test('pays what the invoice says, whatever amount, currency or member stands in the address', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const wishes = new URLSearchParams(
      Object.assign({}, ...WISHES.filter((wish) => !('invoiceId' in wish) && !('successUrl' in wish)), {
        sum: '1',
        price: '1',
        discount: '99',
      }) as Record<string, string>,
    )
    const arrived = await anna.browser.open(`/pay?invoiceId=${invoice.id}&${wishes.toString()}`)
    expect([arrived.state, arrived.html]).toEqual(['ready', expect.stringContaining('100,00')])
    const page = await anna.browser.open(`${arrived.url}?${wishes.toString()}`)
    expect([page.state, formOf(page, '/confirm').fields.consent]).toEqual(['ready', expect.stringContaining('.')])
    const { action, fields } = formOf(page, '/confirm')
    expect(Object.keys(fields).sort()).toEqual(['_csrf', 'consent'])
    const paid = await anna.browser.post(new URL(`${action}?${wishes.toString()}`, page.url), fields)
    expect(paid.state).toBe('paid')
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
    expect(await world.sandbox.operationsOn(invoice)).toMatchObject([{ amount: '100.00' }])
    expect(await world.payments()).toMatchObject([
      { memberId: anna.id, amount: '100.00', points: '100.00', currency: 'RUB', state: 'captured' },
    ])
  })

  test.each(ORDERS)('cannot give orders to the templates: %s', async (order) => {
    const encoded = new URLSearchParams(order).toString()
    for (const path of ['/', '/sign-in', '/account', '/no-such-page']) {
      const cookie = `gateway=${anna.browser.cookie('gateway') ?? ''}`
      const strip = (text: string): string => text.replaceAll(/href="\?[^"]*"|[0-9A-F]{4}(-[0-9A-F]{4}){2}|name="key" value="[^"]*"/g, '')
      const [plain, odd] = [
        await ask(world.url, { path, headers: { cookie } }),
        await ask(world.url, { path: `${path}?${encoded}`, headers: { cookie } }),
      ]
      expect([path, odd.status, strip(odd.text)]).toEqual([path, plain.status, strip(plain.text)])
    }
    const page = await anna.browser.open('/account')
    const { fields } = formOf(page, '/sign-out')
    const refused = await anna.browser.post('/sign-in', {
      ...fields,
      login: 'x',
      password: 'y',
      ...Object.fromEntries(new URLSearchParams(order)),
    })
    expect(refused.status).toBe(400)
  })
})
