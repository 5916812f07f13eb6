import { createApp } from '../../src/app'
import { createLog } from '../../src/shared/log'
import { buildParts } from '../../src/wiring'
import type { Parts } from '../../src/wiring'
import { Browser, formsOf } from '../support/browser'
import type { Page } from '../support/browser'
import { ENGINES } from '../support/databases'
import { listenOn } from '../support/listen'
import type { Listener } from '../support/listen'
import type { SandboxInvoice } from '../support/sandbox-control'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { allIsWell, bothFunds, paymentOf, paymentsOf, settled, strikes } from './steps'

const times = <T>(count: number, make: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)))
const MANY = 50
/** Fifty at once on two cores may take long to answer; that is not what is tested here. */
const PATIENT = { writeMs: 20_000, readMs: 20_000, headersMs: 20_000, bodyMs: 10_000 }

describe.each(ENGINES)('many confirms at once on %s', (engine) => {
  let world: World
  /** A second gateway on the same database: another process on PostgreSQL in all but the process. */
  let other: { parts: Parts; web: Listener }
  let [anna, boris]: Buyer[] = []

  beforeAll(async () => {
    world = await World.make({ engine, timeouts: PATIENT })
    const web = await listenOn()
    const parts = buildParts(
      { ...world.parts.config, publicUrl: new URL(web.url) },
      { clock: world.clock, log: createLog('silent'), timeouts: PATIENT },
    )
    web.serve(createApp(parts).app)
    other = { parts, web }
  })
  beforeEach(async () => {
    await allIsWell(world)
    anna = await world.member({ points: '500.00' })
    boris = await world.member({ points: '500.00' })
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(async () => {
    await other.web.close()
    await other.parts.close()
    await world.close()
  })

  async function atTheOther(buyer: Buyer, invoice: SandboxInvoice): Promise<{ browser: Browser; page: Page }> {
    const browser = new Browser(other.web.url)
    const page = await browser.open(`/pay?invoiceId=${invoice.id}`)
    return { browser, page: await browser.submit(page, '/sign-in', { login: buyer.login, password: PASSWORD }) }
  }

  async function paidOnce(invoice: SandboxInvoice): Promise<void> {
    const payment = await settled(world, invoice)
    expect(payment.state).toBe('captured')
    expect((await world.sandbox.operationsOn(invoice)).map(({ partnerOperationId }) => partnerOperationId)).toEqual([payment.operationId])
    const balances = [await anna?.balance(), await boris?.balance()].map((balance) => balance?.available).sort()
    expect(balances).toEqual(['400.00', '500.00'])
    const { ours, theirs } = await bothFunds(world)
    expect(ours).toBe(theirs)
  }

  test(`${MANY} times the same consent`, async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const ready = (await anna?.opens(invoice)) as Page
    const pages = await times(MANY, () => anna?.confirms(ready) as Promise<Page>)
    expect(new Set(pages.map((page) => page.status))).toEqual(new Set([200]))
    expect(pages.every((page) => page.state === 'paid' || page.state === 'checking')).toBe(true)
    await paidOnce(invoice)
  })

  test(`${MANY} consents of one member in as many tabs`, async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const first = (await anna?.opens(invoice)) as Page
    const tabs = await times(MANY, () => anna?.browser.open(first.url) as Promise<Page>)
    const pages = await times(MANY, (index) => anna?.confirms(tabs[index] as Page) as Promise<Page>)
    expect(pages.every((page) => page.state === 'paid' || page.state === 'checking')).toBe(true)
    await paidOnce(invoice)
  })

  test(`${MANY} confirms of two members, one of whom pays`, async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const [annas, boriss] = [(await anna?.opens(invoice)) as Page, (await boris?.opens(invoice)) as Page]
    const pages = await times(MANY, (index) => (index % 2 === 0 ? anna?.confirms(annas) : boris?.confirms(boriss)) as Promise<Page>)
    expect(pages.every((page) => page.status === 200)).toBe(true)
    await paidOnce(invoice)
    const states = [await anna?.browser.open(annas.url), await boris?.browser.open(boriss.url)].map((page) => page?.state).sort()
    expect(states).toEqual(['already-paid', 'paid'])
  })

  test(`${MANY} confirms over two gateways on one database`, async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const here = (await anna?.opens(invoice)) as Page
    const there = await atTheOther(anna as Buyer, invoice)
    const pages = await times(MANY, (index) =>
      index % 2 === 0 ? (anna?.confirms(here) as Promise<Page>) : there.browser.submit(there.page, /\/confirm$/),
    )
    expect(pages.every((page) => page.state === 'paid' || page.state === 'checking')).toBe(true)
    await paidOnce(invoice)
  })

  test('the same consent at two gateways is one payment', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const here = (await anna?.opens(invoice)) as Page
    const there = await atTheOther(anna as Buyer, invoice)
    const { consent } = formsOf(here.html).find(({ action }) => action.endsWith('/confirm'))?.fields ?? {}
    const theirs = formsOf(there.page.html).find(({ action }) => action.endsWith('/confirm'))?.fields ?? {}
    const path = new URL(here.url).pathname
    await Promise.all([
      anna?.confirms(here),
      there.browser.post(`${other.web.url}${path}/confirm`, { ...theirs, consent: consent ?? '' }, other.web.url),
    ])
    await paidOnce(invoice)
  })

  test.each([
    { scarce: 'points', fund: 10_000 },
    { scarce: 'the fund', fund: 700 },
  ])('20 payments at once and $scarce for 7: exactly 7, never below zero', async ({ scarce, fund }) => {
    const rich = await world.member({ points: scarce === 'points' ? '799.99' : '5000.00' })
    await rich.signsIn()
    const spare = await world.member({ points: '0' })
    const invoices = await Promise.all(Array.from({ length: 20 }, () => world.sandbox.invoice({ amount: '100.00' })))
    const tabs: Page[] = []
    for (const invoice of invoices) tabs.push(await rich.opens(invoice))
    const now = Number((await world.fund()).balance)
    if (scarce === 'the fund')
      await world
        .db('ledger_accounts')
        .where({ id: 'fund' })
        .update({ min_available: (now - fund) * 100 })

    const pages = await Promise.all(tabs.map((tab) => rich.confirms(tab)))
    const refusal = scarce === 'points' ? 'not-enough' : 'unavailable'
    expect(pages.map(({ state }) => state).sort()).toEqual([...Array<string>(7).fill('paid'), ...Array<string>(13).fill(refusal)].sort())
    const captured = await Promise.all(invoices.map((invoice) => paymentsOf(world, invoice)))
    expect(captured.flat().map(({ state }) => state)).toEqual(Array(7).fill('captured'))
    expect((await rich.balance()).held).toBe('0.00')
    expect((await rich.balance()).available).toBe(scarce === 'points' ? '99.99' : '4300.00')
    expect((await spare.balance()).available).toBe('0.00')
    await world.db('ledger_accounts').where({ id: 'fund' }).update({ min_available: 0 })
    const { ours, theirs } = await bothFunds(world)
    expect(ours).toBe(theirs)
  })

  test('two tabs, Back, refresh, a double click and a replayed form: one payment, and every page tells the truth', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const tab = (await anna?.opens(invoice)) as Page
    const secondTab = (await anna?.opens(invoice)) as Page
    expect(secondTab.state).toBe('ready')
    const clicks = await Promise.all([anna?.confirms(tab), anna?.confirms(tab)])
    expect(clicks.some((page) => page?.state === 'paid')).toBe(true)

    const back = await anna?.browser.open(tab.url)
    expect(back).toMatchObject({ state: 'paid' })
    expect(back?.headers.get('cache-control')).toContain('no-store')
    expect(back?.html).not.toContain('/confirm"')
    expect((await anna?.confirms(tab))?.state).toBe('paid')
    expect((await anna?.confirms(secondTab))?.state).toBe('paid')
    expect((await anna?.browser.submit(secondTab, /\/decline$/))?.state).toBe('paid')
    expect((await anna?.opens(invoice))?.state).toBe('paid')
    await paidOnce(invoice)
  })

  test('while the answer is awaited no page offers to pay again, and the payer alone sees the reserve', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-answer' })
    const tab = (await anna?.opens(invoice)) as Page
    const secondTab = (await anna?.opens(invoice)) as Page
    const boriss = (await boris?.opens(invoice)) as Page
    expect((await anna?.confirms(tab))?.state).toBe('checking')
    for (const page of [await anna?.confirms(tab), await anna?.confirms(secondTab), await anna?.opens(invoice)]) {
      expect(page?.state).toBe('checking')
      expect(page?.html).not.toContain('/confirm"')
    }
    const refused = await boris?.confirms(boriss)
    expect(refused).toMatchObject({ state: 'unavailable' })
    expect(refused?.html).toContain('Этот счёт уже оплачивают с другой учётной записи. Ваши баллы не списаны.')
    expect((await world.browser().open(invoice.partnerUrl)).state).toBe('sign-in') // It may be the payer: nothing is claimed about points.
    expect((await paymentOf(world, invoice)).attempts).toBe(1)
    await paidOnce(invoice)
  })

  test('a consent is good for its own member, checkout and half hour alone', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const annas = (await anna?.opens(invoice)) as Page
    const boriss = (await boris?.opens(invoice)) as Page
    const again = (await anna?.opens(invoice)) as Page
    const consentOn = (page: Page): string => formsOf(page.html).find(({ action }) => action.endsWith('/confirm'))?.fields.consent ?? ''
    const stolen = await boris?.browser.submit(boriss, /\/confirm$/, { consent: consentOn(annas) })
    const elsewhere = await anna?.browser.submit(again, /\/confirm$/, { consent: consentOn(annas) })
    for (const page of [stolen, elsewhere]) expect(page?.status).toBe(409)
    for (const consent of ['', 'x', 'a.b', `${consentOn(annas)}x`, 'x'.repeat(5_000)]) {
      expect((await anna?.browser.submit(annas, /\/confirm$/, { consent }))?.status).toBe(409)
    }
    expect(await paymentsOf(world, invoice)).toEqual([])
    expect((await anna?.confirms(annas))?.state).toBe('paid')
    await paidOnce(invoice)
  })
})
