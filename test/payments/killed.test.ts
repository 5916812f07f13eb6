import { FAULT_POINTS } from '../../src/payments'
import type { FaultPoint } from '../../src/payments'
import { Browser } from '../support/browser'
import type { Page } from '../support/browser'
import { ENGINES } from '../support/databases'
import { startGateway } from '../support/gateway-process'
import type { SandboxInvoice } from '../support/sandbox-control'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { until } from '../support/until'
import { alertsAbout, allIsWell, bothFunds, paymentOf, paymentsOf, settled, strikes } from './steps'

/** A buyer at another gateway than the world's own: signed in, in front of the button. */
async function arrives(url: string, buyer: Buyer, invoice: SandboxInvoice): Promise<{ browser: Browser; page: Page }> {
  const browser = new Browser(url)
  const page = await browser.open(`/pay?invoiceId=${invoice.id}`)
  return { browser, page: await browser.submit(page, '/sign-in', { login: buyer.login, password: PASSWORD }) }
}

const IN_RECOVERY: readonly FaultPoint[] = ['recovery-claimed', 'recovery-answered']

describe.each(ENGINES)('a process is killed on %s', (engine) => {
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

  /** Pays at a gateway that dies at the step; for steps of the recovery the payment is made here and the dying process finds it. */
  async function diesAt(step: FaultPoint, invoice: SandboxInvoice): Promise<void> {
    if (IN_RECOVERY.includes(step)) {
      await strikes(world, invoice, { kind: 'lose-answer' })
      await anna.pays(invoice)
    }
    const clockOffsetMs = world.clock.now().getTime() - Date.now() + 5_000
    const gateway = await startGateway(world, { diesAt: step, withWorker: IN_RECOVERY.includes(step), clockOffsetMs })
    if (!IN_RECOVERY.includes(step)) {
      const { browser, page } = await arrives(gateway.url, anna, invoice)
      await expect(browser.submit(page, /\/confirm$/)).rejects.toThrow('fetch failed')
    }
    expect(await gateway.ended).toBe('SIGKILL')
  }

  test.each(FAULT_POINTS.filter((step) => step !== 'before-hold'))(
    '%s: the next process brings it to one operation and one debit',
    async (step) => {
      const invoice = await world.sandbox.invoice({ amount: '100.00' })
      await diesAt(step, invoice)
      const left = await paymentOf(world, invoice)
      expect(left.state).toBe(step === 'after-record' ? 'captured' : 'confirming')

      const payment = await settled(world, invoice)
      expect(payment).toMatchObject({ state: 'captured', operationId: left.operationId })
      expect((await world.sandbox.operationsOn(invoice)).map(({ partnerOperationId }) => partnerOperationId)).toEqual([left.operationId])
      expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
      expect((await anna.opens(invoice)).state).toBe('paid')
      const { ours, theirs } = await bothFunds(world)
      expect(ours).toBe(theirs)
    },
  )

  test('before-hold: nothing exists, nothing was asked, and the buyer pays at the next process', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await diesAt('before-hold', invoice)
    expect(await paymentsOf(world, invoice)).toEqual([])
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
    expect((await anna.pays(invoice)).state).toBe('paid')
  })

  const refusedRepeats = [
    { step: 'after-answer', end: 'review' }, //   The answer died with the process, and the repeat is refused: only a person can know.
    { step: 'before-record', end: 'captured' }, // The answer was kept before anything was decided: it is proof enough.
    { step: 'recovery-answered', end: 'review' },
  ] as const
  // What a repeat proves has nothing to do with the database.
  test.each(engine === 'sqlite' ? refusedRepeats : refusedRepeats.slice(1, 2))(
    '$step, and Invoicebox refuses repeats: $end',
    async ({ step, end }) => {
      const invoice = await world.sandbox.invoice({ amount: '100.00' })
      await diesAt(step, invoice)
      await world.sandbox.settings({ nonIdempotentConfirm: true })
      const payment = await settled(world, invoice)
      expect(payment.state).toBe(end)
      expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
      expect(await alertsAbout(world, payment.id)).toEqual(end === 'review' ? ['payment_in_review'] : [])
    },
  )

  test('a process started afterwards finds the payment by itself', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await diesAt('after-answer', invoice)
    const next = await startGateway(world, { withWorker: true, clockOffsetMs: world.clock.now().getTime() - Date.now() + 30_000 })
    await until(async () => (await paymentOf(world, invoice)).state === 'captured')
    next.child.kill('SIGTERM')
    expect(await next.ended).toBe('0')
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
  })

  test('SIGTERM while Invoicebox is being asked: the answer is waited for and recorded', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const gateway = await startGateway(world, { clockOffsetMs: world.clock.now().getTime() - Date.now() })
    const { browser, page } = await arrives(gateway.url, anna, invoice)
    await strikes(world, invoice, { kind: 'delay', ms: 1_000 })
    const confirmed = browser.submit(page, /\/confirm$/).catch(() => undefined)
    await until(async () => (await world.sandbox.operationsOn(invoice)).length > 0)
    gateway.child.kill('SIGTERM')
    expect(await gateway.ended).toBe('0')
    await confirmed
    expect((await paymentOf(world, invoice)).state).toBe('captured')
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
  })
})
