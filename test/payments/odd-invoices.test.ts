import knex from 'knex'
import { openDatabase } from '../../src/shared/database'
import { ENGINES } from '../support/databases'
import type { Page } from '../support/browser'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { allIsWell, bothFunds, paymentOf, paymentsOf, settled } from './steps'

/** What the API prints as the amount. */
const ODD_AMOUNTS = [
  '-100',
  '0',
  '0.00',
  '0.001',
  '0.005',
  '100.005',
  '1e400',
  '1e-400',
  '-0',
  '9007199254740993',
  '90071992547409.93',
  '"-5"',
  '"12,5"',
  '"1e2x"',
  '""',
  '" "',
  'null',
  'true',
  '{}',
  '[]',
  '[100]',
  '"NaN"',
  '123.4567',
  '1.25e1',
]
/** Amounts that look odd and are exact. */
const EXACT_AMOUNTS = ['"12.50"', '12.5', '12.50']
const ODD_FIELDS: readonly { name: string; fields: Record<string, unknown>; sees: string }[] = [
  { name: 'in dollars', fields: { amount: '10.00', currencyId: 'USD' }, sees: 'unsupported' },
  { name: 'in points', fields: { amount: '10.00', currencyId: 'PTS' }, sees: 'unsupported' },
  { name: 'in an unknown currency', fields: { amount: '10.00', currencyId: 'XXX' }, sees: 'unsupported' },
  { name: 'paid by somebody else', fields: { amount: '10.00', status: 'paid' }, sees: 'already-paid' },
  { name: 'cancelled', fields: { amount: '10.00', status: 'canceled' }, sees: 'cancelled' },
  { name: 'paid in part', fields: { amount: '10.00', status: 'partial' }, sees: 'partly-paid' },
  { name: 'expired', fields: { amount: '10.00', expirationDate: '2020-01-01T00:00:00+00:00' }, sees: 'expired' },
  { name: "another partner's", fields: { amount: '10.00', foreign: true }, sees: 'not-found' },
]

describe('odd invoices are refused before a hold', () => {
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make()
    anna = await world.member({ points: '500.00' })
    await anna.signsIn()
  })
  afterEach(async () => {
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  test.each(ODD_AMOUNTS)('the amount %s, seen at arrival or first at the button', async (amountRaw) => {
    const odd = await world.sandbox.invoice({ amountRaw, amount: '100.00' })
    const page = await anna.opens(odd)
    expect(page.state).toBe('unsupported')
    expect(page.html).not.toContain('/confirm"')

    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const ready = await anna.opens(invoice)
    await world.sandbox.change(invoice, { amountRaw })
    world.clock.move(6_000)
    expect((await anna.confirms(ready)).state).toBe('unsupported')
    expect([...(await paymentsOf(world, odd)), ...(await paymentsOf(world, invoice))]).toEqual([])
  })

  test.each(ODD_FIELDS)('an invoice $name, seen at arrival or first at the button: $sees', async ({ fields, sees }) => {
    const page = await anna.opens(await world.sandbox.invoice({ amount: '1.00', ...fields }))
    expect(page.state).toBe(sees)
    expect(page.html).not.toContain('/confirm"')
    expect(page.heading).toContain('Баллы не списаны')

    const invoice = await world.sandbox.invoice({ amount: '10.00' })
    const ready = await anna.opens(invoice)
    await world.sandbox.change(invoice, fields)
    world.clock.move(6_000)
    expect((await anna.confirms(ready)).state).toBe(sees)
    expect(await paymentsOf(world, invoice)).toEqual([])
  })

  test.each(['00000000-0000-0000-0000-000000000000', 'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF'])(
    'an invoice that nobody knows, %s',
    async (id) => {
      expect(await anna.browser.open(`/pay?invoiceId=${id}`)).toMatchObject({ status: 404, state: 'not-found' })
    },
  )

  test.each(['', 'x', '1', '../auth', '00000000-0000-0000-0000-00000000000', "00000000-0000-0000-0000-00000000000'"])(
    'an id without the shape of one: %j',
    async (id) => {
      const before = (await world.sandbox.requests()).length
      const page = await anna.browser.open(`/pay?invoiceId=${encodeURIComponent(id)}`)
      expect(page.status).toBeGreaterThanOrEqual(400)
      expect(page.status).toBeLessThan(500)
      expect(await world.sandbox.requests()).toHaveLength(before)
    },
  )
})

describe('an invoice turns odd while it is not known whether we paid', () => {
  test('nothing more is asked of it, and everything stays held', async () => {
    const world = await World.make()
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await world.sandbox.misbehave({ on: 'business.confirm', kind: 'lose-request', times: 1 })
    await anna.pays(invoice)
    await world.sandbox.change(invoice, { amountRaw: '0.005' })
    await world.passes(600_000)
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
    expect(await anna.balance()).toEqual({ available: '400.00', held: '100.00' })
    expect((await world.alerts()).map(({ kind }) => kind)).toEqual(['odd_answer'])
    await world.sandbox.change(invoice, { amountRaw: null })
    expect((await settled(world, invoice)).state).toBe('captured')
    expect(await world.findings()).toEqual([])
    await world.close()
  })
})

test('an amount is exact however many zeros or quotes it comes with, and is paid', async () => {
  const world = await World.make()
  for (const amountRaw of EXACT_AMOUNTS) {
    const anna = await world.member({ points: '500.00' })
    expect((await anna.pays(await world.sandbox.invoice({ amount: '12.50', amountRaw }))).state).toBe('paid')
    expect(await anna.balance()).toEqual({ available: '487.50', held: '0.00' })
  }
  expect(await world.findings()).toEqual([])
  await world.close()
})

describe.each(ENGINES)('Invoicebox answers with texts that are hard to store on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  beforeEach(() => allIsWell(world))
  afterAll(() => world.close())

  test.each([
    { name: 'a very long refusal', status: 422, body: { error: { code: 'a'.repeat(100), message: 'м'.repeat(5_000) } }, state: 'voided' },
    {
      name: 'a refusal with a NUL in it',
      status: 422,
      body: { error: { code: 'wrong_order_status', message: 'a\u0000b\ud800' } },
      state: 'voided',
    },
    { name: 'a transaction id of 36 signs', status: 200, body: { data: { id: 'x'.repeat(36) } }, state: 'captured' },
    { name: 'a NUL in an unknown error', status: 500, body: { what: '\u0000' }, state: 'confirming' },
  ])('$name', async ({ status, body, state }) => {
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await world.sandbox.misbehave({ on: 'business.confirm', kind: 'status', status, times: 1, body: JSON.stringify(body) })
    await anna.pays(invoice)
    expect((await paymentOf(world, invoice)).state).toBe(state)
    expect(await world.findings()).toEqual([])
  })
})

describe('the database falters in the middle of a payment', () => {
  test('SQLite is busy: the payment waits for the lock and is made once', async () => {
    const world = await World.make()
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const ready = await anna.opens(invoice)
    const other = openDatabase(world.databaseUrl)
    const lock = await other.transaction()
    const paying = anna.confirms(ready)
    await new Promise((resolve) => setTimeout(resolve, 300)) // Longer than the driver's own patience.
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
    await lock.rollback()
    expect((await paying).state).toBe('paid')
    expect(await paymentsOf(world, invoice)).toHaveLength(1)
    expect(await world.findings()).toEqual([])
    await other.destroy()
    await world.close()
  })

  test.each(['before-hold', 'after-hold', 'after-answer', 'before-record'])(
    'PostgreSQL ends every connection at %s: one hold, one operation, one debit',
    async (step) => {
      let isArmed = true
      const world: World = await World.make({
        engine: 'postgres',
        faultPoint: async (at) => {
          if (at !== step || !isArmed) return
          isArmed = false
          await endConnections(world.databaseUrl)
        },
      })
      const anna = await world.member({ points: '500.00' })
      const invoice = await world.sandbox.invoice({ amount: '100.00' })
      // The page after the payment may meet a connection that is just being ended: then it asks for patience.
      expect([200, 503]).toContain((await anna.pays(invoice)).status)
      expect(isArmed).toBe(false)
      expect((await settled(world, invoice)).state).toBe('captured')
      expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
      expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
      expect(await world.db('ledger_holds')).toHaveLength(2)
      const { ours, theirs } = await bothFunds(world)
      expect(ours).toBe(theirs)
      expect(await world.findings()).toEqual([])
      await world.close()
    },
  )

  test('PostgreSQL ends connections again and again while ten buyers pay', async () => {
    const world = await World.make({ engine: 'postgres' })
    const buyers = await Promise.all(Array.from({ length: 10 }, () => world.member({ points: '500.00' })))
    const invoices = await Promise.all(buyers.map(() => world.sandbox.invoice({ amount: '100.00' })))
    const pages: Page[] = []
    for (const [index, buyer] of buyers.entries()) pages.push(await buyer.opens(invoices[index] as { partnerUrl: string }))
    const paying = Promise.all(buyers.map((buyer, index) => buyer.confirms(pages[index] as Page)))
    for (let blows = 0; blows < 5; blows++) await endConnections(world.databaseUrl)
    await paying
    for (let rounds = 0; rounds < 4; rounds++) await world.passes(60_000)
    const payments = await world.payments()
    const operations = (await Promise.all(invoices.map((invoice) => world.sandbox.operationsOn(invoice)))).flat()
    expect(payments.map(({ state }) => state)).toEqual(payments.map(() => 'captured'))
    expect(operations.map(({ partnerOperationId }) => partnerOperationId).sort()).toEqual(
      payments.map(({ operationId }) => operationId).sort(),
    )
    expect(await world.findings()).toEqual([])
    await world.close()
  })
})

/** What a restart of the server does to those who are connected. */
async function endConnections(url: string): Promise<void> {
  const admin = knex({ client: 'pg', connection: url.replace(/\/[^/]*$/, '/postgres'), pool: { min: 0, max: 1 } })
  await admin.raw('select pg_terminate_backend(pid) from pg_stat_activity where datname = ?', [new URL(url).pathname.slice(1)])
  await admin.destroy()
}
