import { recoverPayments, releaseLeases } from '../../src/payments'
import type { FaultPoint } from '../../src/payments'
import { createLog } from '../../src/shared/log'
import { buildParts } from '../../src/wiring'
import type { Parts } from '../../src/wiring'
import type { Page } from '../support/browser'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import type { Buyer } from '../support/world'
import { alertsAbout, allIsWell, paymentOf, settled, strikes } from './steps'

/** Longer than a lease. */
const TOO_LONG = 16_000

describe.each(ENGINES)('a process freezes in the middle of a payment and comes back on %s', (engine) => {
  let world: World
  let other: Parts
  let anna: Buyer
  let freezesAt: FaultPoint | undefined
  let frozen: () => void
  let thaw: () => void

  beforeAll(async () => {
    const faultPoint = (step: FaultPoint): Promise<void> | void => {
      if (step !== freezesAt) return
      freezesAt = undefined
      return new Promise((resolve) => {
        thaw = resolve
        frozen()
      })
    }
    world = await World.make({ engine, faultPoint })
    other = buildParts(world.parts.config, { clock: world.clock, log: createLog('silent') })
  })
  beforeEach(async () => {
    await allIsWell(world)
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(async () => {
    await other.close()
    await world.close()
  })

  /** The buyer presses the button, and the process stops at the step. */
  async function freezes(step: FaultPoint, invoice: SandboxInvoice): Promise<{ page: Promise<Page> }> {
    const ready = await anna.opens(invoice)
    freezesAt = step
    const isFrozen = new Promise<void>((resolve) => (frozen = resolve))
    const page = anna.confirms(ready)
    await isFrozen
    return { page }
  }

  test.each(['after-hold', 'after-answer', 'before-record'] as const)(
    'at %s: another process recovers, the late one changes nothing',
    async (step) => {
      const invoice = await world.sandbox.invoice({ amount: '100.00' })
      const { page } = await freezes(step, invoice)
      expect(await recoverPayments(other)).toBe(0) // While the lease lasts it is nobody else's.
      world.clock.move(TOO_LONG)
      expect(await recoverPayments(other)).toBe(1)
      const recovered = await paymentOf(world, invoice)
      expect(recovered.state).toBe('captured')

      thaw()
      expect((await page).state).toBe('paid')
      expect(await paymentOf(world, invoice)).toEqual(recovered)
      expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
      expect(await world.db('payment_events').where({ payment_id: recovered.id })).toHaveLength(2)
      expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
    },
  )

  test('a process that ends hands its payments over at once, and its late answer is fenced off', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const { page } = await freezes('before-record', invoice)
    await releaseLeases(world.parts)
    await strikes(world, invoice, { kind: 'lose-request' })
    expect(await recoverPayments(other)).toBe(1)
    thaw()
    expect((await page).state).toBe('checking') // Its answer came under a lease that it had given up.
    expect((await settled(world, invoice)).state).toBe('captured')
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
  })

  test('voided meanwhile, then the acceptance comes: the void stands and an alarm tells that money left for nothing', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const { page } = await freezes('after-answer', invoice)
    await world.sandbox.cancelByMerchant(invoice)
    await strikes(world, invoice, { kind: 'status', status: 422 })
    world.clock.move(TOO_LONG)
    expect(await recoverPayments(other)).toBe(1)
    await strikes(world, invoice, { kind: 'status', status: 422 })
    world.clock.move(61_000) // Refused after a send without an answer: believed when it is still so later.
    expect(await recoverPayments(other)).toBe(1)
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })

    thaw()
    expect((await page).state).toBe('cancelled')
    const payment = await paymentOf(world, invoice)
    expect(payment.state).toBe('voided')
    expect(await alertsAbout(world, payment.id)).toEqual(['paid_after_void'])
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
  })

  test('a repeat that is refused does not outweigh the acceptance that a frozen process has kept', async () => {
    await world.sandbox.settings({ nonIdempotentConfirm: true })
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const { page } = await freezes('before-record', invoice)
    world.clock.move(TOO_LONG)
    await recoverPayments(other)
    thaw()
    expect((await page).state).toBe('paid')
    const [operation] = await world.sandbox.operationsOn(invoice)
    expect(await paymentOf(world, invoice)).toMatchObject({ state: 'captured', transactionId: operation?.id })
  })

  test('it froze before it had sent: it sends nothing any more', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const { page } = await freezes('after-hold', invoice)
    await world.sandbox.change(invoice, { status: 'canceled' })
    world.clock.move(TOO_LONG)
    expect(await recoverPayments(other)).toBe(1)
    world.clock.move(61_000)
    expect(await recoverPayments(other)).toBe(1)
    expect((await paymentOf(world, invoice)).state).toBe('voided')
    await world.sandbox.change(invoice, { status: 'pending' })

    thaw()
    await page
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
  })

  test.each(['after-answer', 'before-record'] as const)(
    'the same operation is answered with two transaction ids (frozen at %s): one capture, and an alarm',
    async (step) => {
      const invoice = await world.sandbox.invoice({ amount: '100.00' })
      const { page } = await freezes(step, invoice)
      await strikes(world, invoice, { kind: 'second-transaction' })
      world.clock.move(TOO_LONG)
      await recoverPayments(other)
      thaw()
      expect((await page).state).toBe('paid')
      const payment = await paymentOf(world, invoice)
      expect(await alertsAbout(world, payment.id)).toEqual(['second_transaction'])
      expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
      expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
    },
  )

  test('many processes look for work at once: each payment is taken up by one of them', async () => {
    const invoices = []
    for (let count = 0; count < 12; count++) {
      const invoice = await world.sandbox.invoice({ amount: '10.00' })
      await strikes(world, invoice, { kind: 'lose-answer' })
      await anna.pays(invoice)
      invoices.push(invoice)
      await world.parts.invoicebox.readInvoice(invoice.id) // A good answer, so that the circuit stays closed.
    }
    world.clock.move(3_000)
    const before = (await world.sandbox.requests()).length
    const taken = await Promise.all([world.parts, other, world.parts, other, world.parts, other].map((parts) => recoverPayments(parts)))
    expect(taken.reduce((sum, count) => sum + count)).toBe(12)
    expect((await world.sandbox.requests()).length - before).toBeLessThanOrEqual(12 + 6) // One repeat each, and at most one list for each that looked.
    for (const invoice of invoices) expect((await paymentOf(world, invoice)).state).toBe('captured')
    expect(await anna.balance()).toEqual({ available: '380.00', held: '0.00' })
  })
})
