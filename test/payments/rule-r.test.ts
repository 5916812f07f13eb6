import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { alertsAbout, allIsWell, bothFunds, paymentOf, paymentsOf, refusedRepeat, resolve, settled, strikes } from './steps'

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
    expect(await paymentOf(world, invoice)).toMatchObject({
      state: 'voided',
      reason: expect.stringContaining('wrong_order_status') as string,
    })
    expect(await anna.balance()).toEqual(untouched)
  })

  test('the invoice expires while nobody answers: voided, and the page says that the time is over', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-request' })
    const page = await anna.pays(invoice)
    await world.sandbox.change(invoice, { expirationDate: world.clock.now().toISOString() })
    expect((await settled(world, invoice)).state).toBe('voided')
    expect((await anna.browser.open(page.url)).state).toBe('expired')
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

    expect((await anna.opens(invoice)).state).toBe('unavailable') // The next buyers need not run into the same.
    expect(await anna.balance()).toEqual(untouched)
    world.clock.move(6_000)
    expect((await anna.pays(invoice)).state).toBe('paid') // A new attempt is a new payment with an operation id of its own.
    const [second, first] = await paymentsOf(world, invoice)
    expect([first?.state, second?.state]).toEqual(['voided', 'captured'])
    expect(first?.operationId).not.toBe(second?.operationId)
  })

  test('a repeat is refused while our own payment is not visible yet: no void, whatever the refusal is called', async () => {
    await world.sandbox.settings({ paidDelaySeconds: 45 })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-answer' })
    expect((await anna.pays(invoice)).state).toBe('checking')
    await strikes(world, invoice, { kind: 'status', status: 422 })
    await world.passes(3_000)
    expect(await anna.balance()).toEqual(isHeld)
    expect((await settled(world, invoice)).state).toBe('captured')
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
  })

  test('a refusal after an unanswered send is believed when it is still so a minute later', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-request' })
    expect((await anna.pays(invoice)).state).toBe('checking')
    await world.sandbox.change(invoice, { status: 'canceled' })
    await world.passes(3_000)
    expect(await anna.balance()).toEqual(isHeld)
    expect((await settled(world, invoice)).state).toBe('voided')
    expect(await anna.balance()).toEqual(untouched)
  })

  test('the spelling of an id makes no second invoice', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    expect((await anna.pays(invoice)).state).toBe('paid')
    const shouted = { partnerUrl: invoice.partnerUrl.replaceAll(invoice.id, invoice.id.toUpperCase()) }
    expect((await anna.opens(shouted)).state).toBe('paid')
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
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
