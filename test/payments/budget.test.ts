import { createApp } from '../../src/app'
import { readConfig } from '../../src/config'
import { checkCaptured, recoverPayments } from '../../src/payments'
import { putBack } from '../../src/payments/put-back'
import { listPayments } from '../../src/payments/store'
import { createLog } from '../../src/shared/log'
import { buildParts } from '../../src/wiring'
import type { Parts } from '../../src/wiring'
import { listenOn } from '../support/listen'
import type { SandboxInvoice } from '../support/sandbox-control'
import { Browser } from '../support/browser'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { until } from '../support/until'
import { paymentOf, settled, strikes } from './steps'

interface Second {
  readonly url: string
  readonly parts: Parts
  close(): Promise<void>
}

/** A second gateway on the database and the sandbox of a world. */
async function secondGateway(world: World): Promise<Second> {
  const web = await listenOn()
  const { config, clock } = world.parts
  const parts = buildParts({ ...config, port: web.port, publicUrl: new URL(web.url) }, { clock, log: createLog('silent') })
  web.serve(createApp(parts).app)
  return {
    url: web.url,
    parts,
    close: async () => {
      await web.close()
      await parts.close()
    },
  }
}

const invoicesFor = (world: World, count: number): Promise<SandboxInvoice[]> =>
  Promise.all(Array.from({ length: count }, () => world.sandbox.invoice({ amount: '1.00' })))

test('a burst of payments on two gateways waits its turn: no 429, nobody refused, all paid', async () => {
  const world = await World.make({ engine: 'postgres', env: { INVOICEBOX_RATE_LIMIT: '20/2' } })
  const second = await secondGateway(world)
  await world.sandbox.settings({ rateLimit: '20/2', rateLimiter: 'sliding-log' })
  const anna = await world.member({ points: '500.00' })
  await anna.signsIn()
  const there = new Browser(second.url)
  await there.submit(await there.open('/sign-in'), '/sign-in', { login: anna.login, password: PASSWORD })
  const invoices = await invoicesFor(world, 24)
  const pages = await Promise.all(
    invoices.map(async ({ partnerUrl }, index) => {
      const browser = index % 2 === 0 ? anna.browser : there
      const ready = await browser.open(partnerUrl.replace(world.url, index % 2 === 0 ? world.url : second.url))
      return browser.submit(ready, /\/confirm$/)
    }),
  )
  expect(pages.map(({ state }) => state)).toEqual(pages.map(() => 'paid'))
  const requests = await world.sandbox.requests()
  expect(requests.filter(({ status }) => status === 429)).toEqual([])
  expect(await anna.balance()).toEqual({ available: '476.00', held: '0.00' })
  expect(await world.findings()).toEqual([])
  await second.close()
  await world.close()
})

describe('the request budget and a payment', () => {
  let world: World
  let anna: Buyer
  let afterHold: () => Promise<void>
  beforeAll(async () => {
    const faultPoint = (step: string): Promise<void> => (step === 'after-hold' ? afterHold() : Promise.resolve())
    world = await World.make({ timeouts: { writeMs: 5_000, readMs: 5_000, headersMs: 5_000 }, faultPoint })
    anna = await world.member({ points: '10000.00' })
    await anna.signsIn()
  })
  beforeEach(async () => {
    afterHold = () => Promise.resolve()
    await world.sandbox.behave()
    await world.passes(301_000)
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const asked = async (): Promise<number> => (await world.sandbox.requests()).length
  /** Somebody else's request is answered 429. */
  async function closeBucket(): Promise<void> {
    afterHold = () => Promise.resolve()
    const permit = await world.parts.invoicebox.reserve({ as: 'payment', atLeast: 1 })
    permit?.spend()?.limited(60_000)
  }

  test('after a 429 nobody asks until the time is over: the payment stays held, the next buyer is refused before a hold', async () => {
    const [first, next] = await invoicesFor(world, 2)
    if (!first || !next) throw new Error('There are two invoices.')
    const ready = await anna.opens(next)
    await strikes(world, first, { kind: 'status', status: 429, retryAfter: '86400' })
    expect((await anna.pays(first)).state).toBe('checking')
    const before = await asked()
    expect((await anna.confirms(ready)).state).toBe('unavailable')
    expect(await asked()).toBe(before)
    expect((await anna.balance()).held).toBe('1.00')

    expect((await settled(world, first)).state).toBe('captured')
    expect((await anna.pays(next)).state).toBe('paid')
  })

  test('a confirm that finds the bucket closed is known as not sent: held, no attempt, and its first refusal is believed at once', async () => {
    const [paid, refused] = await invoicesFor(world, 2)
    if (!paid || !refused) throw new Error('There are two invoices.')
    for (const [invoice, end] of [
      [paid, 'captured'],
      [refused, 'voided'],
    ] as const) {
      const ready = await anna.opens(invoice)
      if (end === 'voided') await strikes(world, invoice, { kind: 'status', status: 422 })
      afterHold = closeBucket
      const before = await asked()
      expect((await anna.confirms(ready)).state).toBe('checking')
      expect(await asked()).toBe(before)
      expect((await anna.balance()).held).toBe('1.00')
      const { id } = await paymentOf(world, invoice)
      const rows = await world.db<{ id: string; attempts: bigint }>('payments').where({ id })
      expect(rows.map(({ attempts }) => Number(attempts))).toEqual([0])
      expect(await world.db('exchanges').where({ payment_id: id, operation: 'business.confirm' })).toEqual([])

      await world.passes(61_000)
      expect((await paymentOf(world, invoice)).state).toBe(end)
      expect(await world.sandbox.operationsOn(invoice)).toHaveLength(end === 'captured' ? 1 : 0)
    }
  })

  test('twelve unanswered payments are recovered with one list and twelve confirms; what the list does not show is read on its own', async () => {
    const invoices = await invoicesFor(world, 12)
    for (const invoice of invoices) {
      await strikes(world, invoice, { kind: 'lose-answer' })
      await anna.pays(invoice)
      await world.parts.invoicebox.readInvoice(invoice.id) // A good answer, so that the circuit stays closed.
    }
    await world.sandbox.misbehave({ on: 'business.list', kind: 'garbage', times: 1 })
    world.clock.move(3_000)
    const before = await asked()
    expect(await recoverPayments(world.parts)).toBe(12)
    expect((await asked()) - before).toBe(1 + 12 + 12)
    for (const invoice of invoices) expect((await paymentOf(world, invoice)).state).toBe('captured')

    const others = await invoicesFor(world, 5)
    for (const invoice of others) {
      await strikes(world, invoice, { kind: 'lose-answer' })
      await anna.pays(invoice)
      await world.parts.invoicebox.readInvoice(invoice.id)
    }
    world.clock.move(3_000)
    const then = await asked()
    expect(await recoverPayments(world.parts)).toBe(5)
    expect((await asked()) - then).toBe(1 + 5)
  })

  test('slots that were not used are given back: a page, a payment and a run of the worker leave none in hand', async () => {
    const [invoice] = await invoicesFor(world, 1)
    if (!invoice) throw new Error('There is an invoice.')
    // The requests of other tests that were never answered count on.
    const before = await world.db('request_slots').pluck<string[]>('id')
    await anna.pays(invoice)
    await recoverPayments(world.parts)
    await checkCaptured(world.parts)
    await until(async () => (await world.db('request_slots').where({ answered: 0 }).whereNotIn('id', before)).length === 0)
  })
})

test('a payment that is put back twice, since the answer to the first commit was lost, is one attempt younger and not two', async () => {
  const world = await World.make()
  const anna = await world.member({ points: '500.00' })
  const [invoice] = await invoicesFor(world, 1)
  if (!invoice) throw new Error('There is an invoice.')
  await world.sandbox.misbehave({ on: 'business.confirm', kind: 'lose-answer', times: 1 })
  expect((await anna.pays(invoice)).state).toBe('checking')
  await world.db('payments').update({ attempts: 3 })
  const [payment] = await listPayments(world.db, { limit: 1 })
  if (!payment) throw new Error('There is a payment.')
  await putBack(world.parts, payment)
  expect(await putBack(world.parts, payment)).toMatchObject({ state: 'confirming', attempts: 2 })
  await world.passes(60_000)
  expect(await world.findings()).toEqual([])
  await world.close()
})

test('without an agreed limit nothing is counted', async () => {
  const world = await World.make({ env: { INVOICEBOX_RATE_LIMIT: 'off' } })
  const anna = await world.member({ points: '500.00' })
  const [invoice] = await invoicesFor(world, 1)
  if (!invoice) throw new Error('There is an invoice.')
  expect((await anna.pays(invoice)).state).toBe('paid')
  expect(await world.db('request_slots')).toEqual([])
  expect(await world.parts.invoicebox.budget()).toBeNull()
  expect(readConfig({ INVOICEBOX_RATE_LIMIT: 'off', MODE: 'sandbox' }, {}).invoicebox.rateLimit).toBeNull()
  await world.close()
})
