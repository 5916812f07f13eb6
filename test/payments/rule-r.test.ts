import { showPayment } from '../../src/payments'
import { Refusal } from '../../src/shared/refusals'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { alertsAbout, allIsWell, bothFunds, paymentOf, paymentsOf, resolve, settled, strikes } from './steps'

/** Three lost answers and a repeat that Invoicebox refuses: this is how an invoice that we paid gets into review. */
async function refusedRepeat(world: World, anna: Buyer): Promise<SandboxInvoice> {
  const invoice = await world.sandbox.invoice({ amount: '100.00' })
  await strikes(world, invoice, { kind: 'lose-answer' })
  await anna.pays(invoice)
  await world.sandbox.settings({ nonIdempotentConfirm: true })
  await settled(world, invoice)
  return invoice
}

describe.each(ENGINES)('what an explicit refusal proves on %s', (engine) => {
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  beforeEach(async () => {
    await allIsWell(world)
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const untouched = { available: '500.00', held: '0.00' }
  const isHeld = { available: '400.00', held: '100.00' }
  const isPaid = { available: '400.00', held: '0.00' }

  test.each([
    { name: 'cancelled by the merchant', strike: { kind: 'cancel-invoice' }, sees: 'cancelled' },
    { name: 'refused although it reads pending', strike: { kind: 'status', status: 422 }, sees: 'unavailable' },
  ])('the invoice is $name right before the first send: voided, and the page says so', async ({ strike, sees }) => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, strike)
    const page = await anna.pays(invoice)
    expect(page).toMatchObject({ status: 200, state: sees })
    expect(page.html).toContain('Оплата не прошла. Резерв снят, баллы не списаны.')
    expect(await paymentOf(world, invoice)).toMatchObject({ state: 'voided', reason: expect.stringContaining('wrong_order_status') as string })
    expect(await anna.balance()).toEqual(untouched)
  })

  test('the invoice expires while nobody answers: voided, and the page says that the time is over', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-request' })
    await anna.pays(invoice)
    await world.sandbox.change(invoice, { expirationDate: world.clock.now().toISOString() })
    expect((await settled(world, invoice)).state).toBe('voided')
    const { checkoutId } = (await world.db('payments').where({ invoice_id: invoice.id }).first('checkout_id as checkoutId')) as { checkoutId: string }
    expect((await anna.browser.open(`/pay/${checkoutId}`)).state).toBe('expired')
    expect(await anna.balance()).toEqual(untouched)
  })

  test('it was paid by card at the last moment: review, since the refusal and the invoice contradict each other', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'pay-otherwise' })
    expect((await anna.pays(invoice)).state).toBe('checking')
    const payment = await paymentOf(world, invoice)
    expect(payment.state).toBe('review')
    expect(await alertsAbout(world, payment.id)).toEqual(['payment_in_review'])
    expect(await anna.balance()).toEqual(isHeld)

    await resolve(world, payment, { kind: 'void' })
    expect(await anna.balance()).toEqual(untouched)
    expect(await alertsAbout(world, payment.id)).toEqual([])
  })

  test('a repeat is refused and the invoice reads paid: review, never a void', async () => {
    const invoice = await refusedRepeat(world, anna)
    const payment = await paymentOf(world, invoice)
    expect(payment.state).toBe('review')
    expect(await alertsAbout(world, payment.id)).toEqual(['payment_in_review'])
    expect(await anna.balance()).toEqual(isHeld)
    await world.passes(86_400_000)
    expect((await paymentOf(world, invoice)).state).toBe('review')

    await resolve(world, payment, { kind: 'capture', transactionId: (await world.sandbox.operationsOn(invoice))[0]?.id ?? '' })
    expect(await anna.balance()).toEqual(isPaid)
    const { ours, theirs } = await bothFunds(world)
    expect(ours).toBe(theirs)
  })

  test('a repeat is refused as paid while the invoice still reads pending: nothing is voided, since "paid" is visible late', async () => {
    await world.sandbox.settings({ paidDelaySeconds: 7_200, nonIdempotentConfirm: true })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-answer' })
    await anna.pays(invoice)
    await world.passes(600_000)
    expect((await paymentOf(world, invoice)).state).toBe('confirming')
    expect(await anna.balance()).toEqual(isHeld)

    await world.passes(7_200_000)
    const payment = await settled(world, invoice)
    expect(payment.state).toBe('review')
    await resolve(world, payment, { kind: 'capture', transactionId: (await world.sandbox.operationsOn(invoice))[0]?.id ?? '' })
    expect(await anna.balance()).toEqual(isPaid)
  })

  test('an invoice without a status proves nothing: a refusal leaves everything held', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await world.sandbox.settings({ statusMissing: true })
    await strikes(world, invoice, { kind: 'cancel-invoice' })
    expect((await anna.pays(invoice)).state).toBe('checking')
    await world.passes(600_000)
    expect(await anna.balance()).toEqual(isHeld)

    await world.sandbox.settings({ statusMissing: false })
    expect((await settled(world, invoice)).state).toBe('voided')
    expect(await anna.balance()).toEqual(untouched)
  })

  test('an invoice without a status can be paid', async () => {
    await world.sandbox.settings({ statusMissing: true })
    expect((await anna.pays(await world.sandbox.invoice({ amount: '100.00' }))).state).toBe('paid')
  })

  test('the invoice was paid in part when the refusal came: a person decides', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const ready = await anna.opens(invoice)
    await world.sandbox.change(invoice, { status: 'partial' })
    expect((await anna.confirms(ready)).state).toBe('checking')
    const payment = await paymentOf(world, invoice)
    expect(payment.state).toBe('review')
    await world.sandbox.change(invoice, { status: 'canceled' })
    await resolve(world, payment, { kind: 'void' })
    expect(await anna.balance()).toEqual(untouched)
  })

  test('the fund at Invoicebox does not reach: voided, and an alert says why', async () => {
    const { balance } = await world.sandbox.fund()
    await world.sandbox.fund({ balance: '5.00' })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const page = await anna.pays(invoice)
    await world.sandbox.fund({ balance })
    expect(page.state).toBe('unavailable')
    expect(page.html).not.toMatch(/фонд/i)
    expect(await alertsAbout(world, 'fund')).toEqual(['fund_too_low'])
    expect(await anna.balance()).toEqual(untouched)

    expect((await anna.pays(invoice)).state).toBe('paid') // A new attempt is a new payment with an operation id of its own.
    const [second, first] = await paymentsOf(world, invoice)
    expect([first?.state, second?.state]).toEqual(['voided', 'captured'])
    expect(first?.operationId).not.toBe(second?.operationId)
  })

  test.each([401, 403])('Invoicebox answers %s all day: nothing is captured and nothing voided until it knows us again', async (status) => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'status', status, times: 1000 })
    await anna.pays(invoice)
    expect(await alertsAbout(world, 'invoicebox')).toEqual(['invoicebox_refuses_us'])
    for (let hours = 0; hours < 5; hours++) await world.passes(3_600_000)
    expect(await anna.balance()).toEqual(isHeld)
    await world.sandbox.behave()
    expect((await settled(world, invoice)).state).toBe('captured')
    expect(await anna.balance()).toEqual(isPaid)
  })

  test('a refused token that only reads notice raises the alert too', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-request' })
    await anna.pays(invoice)
    await strikes(world, invoice, { on: 'business.get', kind: 'status', status: 401 })
    await world.passes(5_000)
    expect(await alertsAbout(world, 'invoicebox')).toEqual(['invoicebox_refuses_us'])
    expect((await settled(world, invoice)).state).toBe('captured')
  })
})

describe.each(ENGINES)('an amount changes on %s', (engine) => {
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  beforeEach(async () => {
    await allIsWell(world)
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  test('between the page and the button: nothing is held, and the page asks again with both amounts', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const ready = await anna.opens(invoice)
    await world.sandbox.change(invoice, { amount: '120.00' })
    world.clock.move(6_000)
    const changed = await anna.confirms(ready)
    expect(changed.state).toBe('amount-changed')
    expect(changed.heading).toMatch(/было 100,00\s₽, стало 120,00\s₽/u)
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
    expect(await paymentsOf(world, invoice)).toEqual([])

    expect((await anna.confirms(ready)).state).toBe('amount-changed') // The old form is worth nothing any more.
    expect((await anna.confirms(changed)).state).toBe('paid')
    expect(await anna.balance()).toEqual({ available: '380.00', held: '0.00' })
  })

  test.each([
    { name: 'grows', to: '130.00', suspense: '30.00' },
    { name: 'shrinks', to: '80.00', suspense: '-20.00' },
  ])('it $name right after it was read: the member pays what was agreed, and the difference goes to suspense', async ({ to, suspense }) => {
    const before = await suspenseOf(world)
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const ready = await anna.opens(invoice)
    await world.sandbox.change(invoice, { amount: to })
    expect((await anna.confirms(ready)).state).toBe('paid')
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })

    await world.passes(15_000)
    const { id } = await paymentOf(world, invoice)
    expect(await alertsAbout(world, id)).toEqual(['amount_differs'])
    expect((await suspenseOf(world)) - before).toBe(Number(suspense) * 100)
    const { ours, theirs } = await bothFunds(world)
    expect(ours).toBe(theirs)
    await world.passes(600_000)
    expect((await suspenseOf(world)) - before).toBe(Number(suspense) * 100)
  })

  test('while it is not known whether we paid: a person decides, and nothing is asked meanwhile', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-request' })
    await anna.pays(invoice)
    await world.sandbox.change(invoice, { amount: '400.00' })
    const payment = await settled(world, invoice)
    expect(payment).toMatchObject({ state: 'review', reason: expect.stringContaining('amount') as string })
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
    await resolve(world, payment, { kind: 'void' })
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
  })

  test('after we had paid it: the repeat is asked all the same, and the capture is of what was agreed', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-answer' })
    await anna.pays(invoice)
    await world.sandbox.change(invoice, { amount: '400.00' })
    expect((await settled(world, invoice)).state).toBe('captured')
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
  })
})

test('a difference that the fund cannot bear yet is booked once it can', async () => {
  const world = await World.make({ fund: '100.00' })
  const anna = await world.member({ points: '500.00' })
  const invoice = await world.sandbox.invoice({ amount: '100.00' })
  const ready = await anna.opens(invoice)
  await world.sandbox.change(invoice, { amount: '130.00' })
  await anna.confirms(ready)
  await world.passes(15_000)
  const { id } = await paymentOf(world, invoice)
  expect(await alertsAbout(world, id)).toEqual(['amount_differs'])
  expect(await suspenseOf(world)).toBe(0)

  await world.deposit('50.00')
  await world.passes(600_000)
  expect(await suspenseOf(world)).toBe(3_000)
  expect((await world.fund()).balance).toBe('20.00')
  expect(await world.findings()).toEqual([])
  await world.close()
})

describe('a person ends a review', () => {
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make()
  })
  beforeEach(async () => {
    await allIsWell(world)
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const operation = async (invoice: SandboxInvoice): Promise<string> => (await world.sandbox.operationsOn(invoice))[0]?.id ?? 'none'
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'allowed',
      (error: unknown) => (error instanceof Refusal ? `${error.code}: ${error.detail ?? ''}` : Promise.reject(error as Error)),
    )

  test('asking again captures what Invoicebox now admits', async () => {
    const invoice = await refusedRepeat(world, anna)
    await world.sandbox.settings({ nonIdempotentConfirm: false })
    const payment = await paymentOf(world, invoice)
    expect(await resolve(world, payment, { kind: 'ask-again' })).toMatchObject({ state: 'captured', transactionId: await operation(invoice) })
    expect(await alertsAbout(world, payment.id)).toEqual([])
    expect(await world.db('audit_log').where({ subject: `payment:${payment.id}` })).toMatchObject([{ action: 'payment_resolved', reason: 'the support of Invoicebox said so' }])
    expect((await showPayment(world.db, payment.id)).events.map(({ to, actor }) => [to, actor])).toEqual([
      ['confirming', `member:${anna.id}`],
      ['review', 'system:recovery'],
      ['captured', 'system:command-line'],
    ])
  })

  test('asking again changes nothing when Invoicebox refuses once more, and is refused when it is silent', async () => {
    const invoice = await refusedRepeat(world, anna)
    const payment = await paymentOf(world, invoice)
    expect(await resolve(world, payment, { kind: 'ask-again' })).toMatchObject({ state: 'review' })
    await strikes(world, invoice, { kind: 'lose-request' })
    expect(await codeOf(resolve(world, payment, { kind: 'ask-again' }))).toMatch(/^resolution_not_allowed/)
    expect(await alertsAbout(world, payment.id)).toEqual(['payment_in_review'])
    expect(await anna.balance()).toEqual({ available: '400.00', held: '100.00' })
  })

  test('an invoice that reads paid is voided only after our operation was refused once more', async () => {
    const invoice = await refusedRepeat(world, anna)
    const payment = await paymentOf(world, invoice)
    await world.sandbox.settings({ nonIdempotentConfirm: false })
    expect(await resolve(world, payment, { kind: 'void' })).toMatchObject({ state: 'captured' }) // What Invoicebox proves goes before what a person says.
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
  })

  test('nothing is voided while Invoicebox cannot be read or gives no answer', async () => {
    const invoice = await refusedRepeat(world, anna)
    const payment = await paymentOf(world, invoice)
    await strikes(world, invoice, { on: 'business.get', kind: 'lose-request', times: 2 })
    expect(await codeOf(resolve(world, payment, { kind: 'void' }))).toBe('resolution_not_allowed: the invoice cannot be read now')
    await strikes(world, invoice, { kind: 'lose-answer' })
    expect(await codeOf(resolve(world, payment, { kind: 'void' }))).toMatch(/^resolution_not_allowed/)
    expect((await paymentOf(world, invoice)).state).toBe('review')
  })

  test('nothing is captured that does not read paid, and no transaction without a proper id', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-request' })
    await anna.pays(invoice)
    await world.sandbox.change(invoice, { amount: '90.00' })
    const payment = await settled(world, invoice)
    expect(await codeOf(resolve(world, payment, { kind: 'capture', transactionId: 'x1' }))).toBe('resolution_not_allowed: the invoice does not read paid')
    for (const transactionId of ['', ' ', 'x'.repeat(37), 'a\u0000b']) {
      expect(await codeOf(resolve(world, payment, { kind: 'capture', transactionId }))).toBe('bad_input: transactionId')
    }
    expect(await codeOf(resolve(world, payment, { kind: 'void' }, ' '))).toBe('bad_input: reason')
    expect(await codeOf(resolve(world, payment, { kind: 'void' }))).toBe('allowed')
    expect(await codeOf(resolve(world, payment, { kind: 'void' }))).toBe('payment_in_wrong_state: voided')
    expect(await codeOf(resolve(world, { id: invoice.id }, { kind: 'void' }))).toMatch(/^not_found/)
  })

  test.each(['ask-again', 'capture', 'void'] as const)('two people decide at once (%s): one decision counts, one operation, one debit', async (kind) => {
    const invoice = await refusedRepeat(world, anna)
    await world.sandbox.settings({ nonIdempotentConfirm: false })
    const payment = await paymentOf(world, invoice)
    const transactionId = await operation(invoice)
    const resolution = kind === 'capture' ? { kind, transactionId } : { kind }
    await Promise.all(Array.from({ length: 4 }, () => codeOf(resolve(world, payment, resolution))))
    expect(await paymentOf(world, invoice)).toMatchObject({ state: 'captured', transactionId })
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
    expect(await world.db('audit_log').where({ subject: `payment:${payment.id}` })).toHaveLength(1)
  })
})

async function suspenseOf(world: World): Promise<number> {
  const row = (await world.db('ledger_accounts').where({ id: 'suspense' }).first('balance')) as { balance: bigint }
  return Number(row.balance)
}
