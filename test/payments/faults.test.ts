import { ENGINES } from '../support/databases'
import type { Fault } from '../support/sandbox-control'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { alertsAbout, allIsWell, bothFunds, paymentOf, resolve, settled, strikes } from './steps'

/** For what is late: shorter than any delay below, long enough for a busy machine. Reads are late in tests of their own. */
const IMPATIENT = { writeMs: 500, readMs: 5_000, headersMs: 5_000, bodyMs: 400, pauseMs: 5 }
const LATE = 700

/** One member pays for all tests of a world: hashing passwords is what would cost the time. */
const RICH = '1000000.00'
type Balance = Awaited<ReturnType<Buyer['balance']>>
const less = (text: string, amount: number): string => (Number(text) - amount).toFixed(2)
const heldOf = ({ available, held }: Balance): Balance => ({ available: less(available, 196.58), held: less(held, -196.58) })
const paidOf = ({ available, held }: Balance): Balance => ({ available: less(available, 196.58), held })

type Strike = Omit<Fault, 'on' | 'times'>
/** What becomes of the payment: captured without a hand, voided, or review; `captured-if-retry-safe` needs a person where a repeat is refused. */
type End = 'captured' | 'captured-if-retry-safe' | 'voided' | 'review'

interface Case {
  readonly name: string
  readonly fault: Strike
  readonly sees: 'checking' | 'paid' | 'unavailable'
  readonly end: End
  readonly alert?: string
}

const held = (name: string, fault: Strike, end: End = 'captured', alert?: string): Case => ({
  name,
  fault,
  sees: 'checking',
  end,
  ...(alert ? { alert } : {}),
})
const status = (code: number, more: Partial<Strike> = {}): Strike => ({ kind: 'status', status: code, ...more })
const done = 'captured-if-retry-safe'

const CONFIRM_FAULTS: readonly Case[] = [
  held('the request is lost', { kind: 'lose-request' }),
  held('the answer is lost', { kind: 'lose-answer' }, done),
  held('the answer comes too late', { kind: 'delay', ms: LATE }, done),
  held('the request is processed only after it was repeated', { kind: 'delay', ms: 10 * LATE, before: true }),
  { name: 'the answer comes late, but in time', fault: { kind: 'delay', ms: 50 }, sees: 'paid', end: 'captured' },
  held('the connection is reset', { kind: 'reset' }),
  held('the connection is reset after the request was processed', { kind: 'reset', after: true }, done),
  held('the answer is HTML with 200', { kind: 'garbage' }, done),
  held('the answer is HTML with 200 and nothing was processed', { kind: 'garbage', after: false }),
  held('the answer is an empty 200', { kind: 'garbage', body: '' }, done),
  held('the JSON is cut in half', { kind: 'truncate' }, done),
  held('the answer never ends', { kind: 'endless' }, done),
  held('the answer never ends and nothing was processed', { kind: 'endless', after: false }),
  held('the answer names another operation', { kind: 'wrong-operation' }, done, 'odd_answer'),
  held('the answer names no transaction', { kind: 'no-id' }, done, 'odd_answer'),
  held('the answer is a redirect', { kind: 'redirect' }, 'captured', 'odd_answer'),
  held('the answer is a 307 after processing', { kind: 'redirect', status: 307, after: true }, done, 'odd_answer'),
  held('the answer is a 500 that echoes the request', { kind: 'echo-html-error' }),
  held('the answer is a 500 that echoes the request, after processing', { kind: 'echo-html-error', after: true }, done),
  ...[408, 425, 429, 500, 502, 503, 504].flatMap((code) => [
    held(`status ${code}`, status(code)),
    held(`status ${code} after processing`, status(code, { after: true }), done),
  ]),
  ...['2', '86400', '-5', 'Wed, 21 Oct 2037 07:28:00 GMT', 'soon'].map((retryAfter) =>
    held(`status 429 with Retry-After: ${retryAfter}`, status(429, { retryAfter })),
  ),
  held('status 401', status(401), 'captured', 'invoicebox_refuses_us'),
  held('status 401 after processing', status(401, { after: true }), done, 'invoicebox_refuses_us'),
  held('status 403', status(403), 'captured', 'invoicebox_refuses_us'),
  held('status 403 after processing', status(403, { after: true }), done, 'invoicebox_refuses_us'),
  ...[400, 404, 409, 422].flatMap((code): Case[] => [
    { name: `status ${code}`, fault: status(code), sees: 'unavailable', end: 'voided' },
    held(`status ${code} after processing`, status(code, { after: true }), 'review'),
  ]),
  held('status 422 without an error of the API', status(422, { body: '{"detail":"no"}' })),
  held('status 422 that is HTML', status(422, { body: '<p>no</p>' })),
  held(
    'status 200 with an error in it',
    status(200, { body: '{"error":{"code":"wrong_order_status","message":""}}' }),
    'captured',
    'odd_answer',
  ),
  held('status 422 that says: later', status(422, { body: '{"error":{"code":"out_of_service","message":""}}' })),
]

/** The database has no part in how an answer is understood: PostgreSQL sees one fault of each family. */
const FAMILIES = [
  'the request is lost',
  'the answer is lost',
  'the answer names another operation',
  'status 401',
  'status 422',
  'status 422 after processing',
  'status 503 after processing',
]
const ROWS = ENGINES.flatMap((engine) =>
  [true, false].map((retrySafe) => ({
    engine,
    retrySafe,
    cases: engine === 'sqlite' ? CONFIRM_FAULTS : CONFIRM_FAULTS.filter(({ name }) => FAMILIES.includes(name)),
    which: retrySafe ? 'a retry-safe Invoicebox' : 'an Invoicebox that refuses repeats',
  })),
)

describe.each(ROWS)('a confirm goes wrong on $engine with $which', ({ engine, retrySafe, cases }) => {
  let world: World
  let anna: Buyer
  let untouched: Balance
  beforeAll(async () => {
    world = await World.make({ engine, timeouts: IMPATIENT })
    anna = await world.member({ points: RICH })
  })
  beforeEach(async () => {
    await allIsWell(world)
    await world.sandbox.settings({ nonIdempotentConfirm: !retrySafe })
    untouched = await anna.balance()
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  test.each(cases)('$name: $sees, then $end', async ({ fault, sees, end, alert }) => {
    const invoice = await world.sandbox.invoice({ amount: '196.58' })
    await strikes(world, invoice, fault)

    expect(await anna.pays(invoice)).toMatchObject({ status: 200, state: sees })
    const asked = await paymentOf(world, invoice)
    if (sees === 'checking') expect(await anna.balance()).toEqual(heldOf(untouched))
    if (alert) expect([...(await alertsAbout(world, asked.id)), ...(await alertsAbout(world, 'invoicebox'))]).toContain(alert)

    const payment = await settled(world, invoice)
    const operations = await world.sandbox.operationsOn(invoice)
    const expected = end === done ? (retrySafe ? 'captured' : 'review') : end
    expect({ state: payment.state, operation: payment.operationId }).toEqual({ state: expected, operation: asked.operationId })
    if (expected === 'review') {
      expect(await alertsAbout(world, payment.id)).toContain('payment_in_review')
      expect(await anna.balance()).toEqual(heldOf(untouched))
      await resolve(world, payment, { kind: 'capture', transactionId: operations[0]?.id ?? 'none' })
    }
    expect(operations.map((operation) => operation.partnerOperationId)).toEqual(expected === 'voided' ? [] : [payment.operationId])
    expect(await anna.balance()).toEqual(expected === 'voided' ? untouched : paidOf(untouched))
    const { ours, theirs } = await bothFunds(world)
    expect(ours).toBe(theirs)
  })
})

/** Faults of a read, and what a page says on which nothing else is known. */
const GET_FAULTS: readonly { name: string; fault: Strike; sees: 'unavailable' | 'not-found' | 'unsupported' }[] = [
  ...(['lose-request', 'lose-answer', 'reset', 'garbage', 'truncate', 'endless', 'redirect', 'echo-html-error'] as const).map((kind) => ({
    name: kind,
    fault: { kind },
    sees: 'unavailable' as const,
  })),
  { name: 'delay', fault: { kind: 'delay', ms: LATE }, sees: 'unavailable' },
  ...[400, 401, 408, 422, 425, 429, 500, 503].map((code) => ({
    name: `status ${code}`,
    fault: status(code),
    sees: 'unavailable' as const,
  })),
  { name: 'status 404', fault: status(404), sees: 'not-found' },
  { name: 'status 403', fault: status(403), sees: 'not-found' },
  { name: 'an invoice without an id', fault: { kind: 'no-id' }, sees: 'unsupported' },
]

/** Whoever recovers sees no difference between the ways in which nothing can be read: one fault of each family. */
const FAMILIES_OF_READS = GET_FAULTS.filter(({ name }) =>
  ['lose-request', 'garbage', 'status 401', 'status 403', 'status 404', 'status 429', 'an invoice without an id'].includes(name),
)

describe('a read goes wrong', () => {
  let world: World
  let anna: Buyer
  let untouched: Balance
  beforeAll(async () => {
    world = await World.make({ timeouts: { ...IMPATIENT, writeMs: 5_000, readMs: 500, bodyMs: 300 } })
    anna = await world.member({ points: RICH })
  })
  beforeEach(async () => {
    await allIsWell(world)
    await anna.signsIn()
    untouched = await anna.balance()
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  test.each(GET_FAULTS)('at arrival, $name: the page says $sees and nothing is held', async ({ fault, sees }) => {
    const invoice = await world.sandbox.invoice({ amount: '196.58' })
    await strikes(world, invoice, { on: 'business.get', ...fault, times: 10 })
    expect((await anna.opens(invoice)).state).toBe(sees)
    expect(await anna.balance()).toEqual(untouched)

    await allIsWell(world)
    expect((await anna.pays(invoice)).state).toBe('paid')
  })

  test.each(GET_FAULTS)('right before the hold, $name: refused before a hold, and the page says $sees', async ({ fault, sees }) => {
    const invoice = await world.sandbox.invoice({ amount: '196.58' })
    const ready = await anna.opens(invoice)
    world.clock.move(6_000)
    await strikes(world, invoice, { on: 'business.get', ...fault, times: 10 })
    expect((await anna.confirms(ready)).state).toBe(sees)
    expect(await anna.balance()).toEqual(untouched)
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])

    await allIsWell(world)
    expect((await anna.pays(invoice)).state).toBe('paid')
  })

  test.each(FAMILIES_OF_READS)('before a repeat, $name: held until it can be read, then one capture', async ({ fault }) => {
    const invoice = await world.sandbox.invoice({ amount: '196.58' })
    await strikes(world, invoice, { kind: 'lose-answer' })
    await anna.pays(invoice)
    await strikes(world, invoice, { on: 'business.get', ...fault, times: 3 })

    expect((await settled(world, invoice)).state).toBe('captured')
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
    expect(await anna.balance()).toEqual(paidOf(untouched))
  })

  test.each(FAMILIES_OF_READS)('after a refusal, $name: nothing is voided before a read proves it', async ({ fault }) => {
    const invoice = await world.sandbox.invoice({ amount: '196.58' })
    const ready = await anna.opens(invoice)
    await strikes(world, invoice, { kind: 'status', status: 422, times: 3 })
    await strikes(world, invoice, { on: 'business.get', ...fault, times: 2 })
    expect((await anna.confirms(ready)).state).toBe('checking')
    expect(await anna.balance()).toEqual(heldOf(untouched))

    expect((await settled(world, invoice)).state).toBe('voided')
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
    expect(await anna.balance()).toEqual(untouched)
  })
})

test('an Invoicebox that is out, or refuses our token, stops new payments before a hold', async () => {
  const world = await World.make({ timeouts: IMPATIENT })
  const [anna, boris] = [await world.member({ points: '500.00' }), await world.member({ points: '500.00' })]
  const [first, second] = [await world.sandbox.invoice({ amount: '100.00' }), await world.sandbox.invoice({ amount: '50.00' })]
  const ready = await boris.opens(second)
  await strikes(world, first, { kind: 'status', status: 401 })
  expect((await anna.pays(first)).state).toBe('checking')
  expect((await boris.confirms(ready)).state).toBe('unavailable')
  expect(await boris.balance()).toEqual({ available: '500.00', held: '0.00' })
  expect((await world.browser().open('/readyz')).status).toBe(503)

  await world.passes(60_000)
  expect((await boris.pays(second)).state).toBe('paid')
  expect((await paymentOf(world, first)).state).toBe('captured')
  expect(await world.findings()).toEqual([])
  await world.close()
})

test.each([true, false])('silence for a day ends with a person, the points held all the time (retry-safe: %s)', async (retrySafe) => {
  const world = await World.make({ timeouts: IMPATIENT })
  await world.sandbox.settings({ nonIdempotentConfirm: !retrySafe })
  const anna = await world.member({ points: '500.00' })
  const invoice = await world.sandbox.invoice({ amount: '100.00' })
  await strikes(world, invoice, { kind: 'lose-answer', times: 1000 })
  await anna.pays(invoice)
  let hours = 0
  for (; (await paymentOf(world, invoice)).state === 'confirming' && hours < 40; hours++) {
    expect(await anna.balance()).toEqual({ available: '400.00', held: '100.00' })
    await world.passes(3_660_000)
  }
  const payment = await paymentOf(world, invoice)
  expect(payment.state).toBe('review')
  expect(hours).toBeGreaterThanOrEqual(23)
  expect(await alertsAbout(world, payment.id)).toContain('payment_in_review')
  expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
  expect(await world.findings()).toEqual([])
  await world.close()
})
