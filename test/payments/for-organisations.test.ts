import { randomUUID } from 'node:crypto'
import { companion } from '../../src/ledger'
import type { Companion } from '../../src/ledger'
import { payForOrganisation, readTimeline } from '../../src/payments'
import type { OrganisationPaymentRequest, Payment } from '../../src/payments'
import { SECOND } from '../../src/shared/clock'
import { parseMoney } from '../../src/shared/money'
import { Refusal } from '../../src/shared/refusals'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import { alertsAbout, allIsWell, bothFunds, paymentOf, paymentsOf, settled, strikes } from './steps'

const PAYER = { type: 'legal', vatNumber: '7700000001', name: 'ООО «Ромашка»' }
const KEPT = parseMoney('100000.00', 'RUB')

describe.each(ENGINES)('an invoice that an organisation pays from the fund on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  beforeEach(() => allIsWell(world))
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  /** What automatic payment hands over: the invoice as it reads now, and the decision to pay it. */
  async function request(invoice: SandboxInvoice): Promise<OrganisationPaymentRequest> {
    const readAt = world.clock.now()
    const { outcome } = await world.parts.invoicebox.readInvoice(invoice.id)
    if (outcome.kind !== 'found') throw new Error(`the invoice reads ${outcome.kind}`)
    return {
      organisationId: 'org-1',
      vatNumber: PAYER.vatNumber,
      invoice: outcome.invoice,
      readAt,
      decisionId: randomUUID(),
      decidedAt: readAt,
      leaving: KEPT,
    }
  }
  const pay = (wanted: OrganisationPaymentRequest): Promise<Payment> => payForOrganisation(world.parts, wanted)
  const anInvoice = (amount = '100.00'): Promise<SandboxInvoice> => world.sandbox.invoice({ amount, customer: PAYER })

  test('is captured with the hold of the fund alone, once, however often the decision is sent', async () => {
    const invoice = await anInvoice()
    const wanted = await request(invoice)
    const paid = await Promise.all([pay(wanted), pay(wanted), pay(wanted)])
    expect(new Set(paid.map(({ id }) => id)).size).toBe(1)
    expect(await pay(wanted)).toMatchObject({ state: 'captured', payer: { kind: 'organisation', organisationId: 'org-1' } })
    expect(await paymentOf(world, invoice)).toMatchObject({ memberId: null, organisationId: 'org-1', points: '0.00', amount: '100.00' })
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
    await world.passes(30 * SECOND)
    const { ours, theirs } = await bothFunds(world)
    expect(ours).toBe(theirs)
  })

  test('whose answer got lost stays held, and recovery captures it with the same operation', async () => {
    const invoice = await anInvoice()
    await strikes(world, invoice, { kind: 'lose-answer' })
    expect((await pay(await request(invoice))).state).toBe('confirming')
    expect((await settled(world, invoice)).state).toBe('captured')
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
  })

  test('that is refused and reads not paid is voided, and the fund is free again', async () => {
    const invoice = await anInvoice()
    await strikes(world, invoice, { kind: 'status', status: 422 })
    const before = await world.fund()
    expect((await pay(await request(invoice))).state).toBe('voided')
    expect(await world.fund()).toEqual(before)
  })

  test('in review ends by a person, and a merchant’s cancellation gives the money back', async () => {
    const invoice = await anInvoice()
    const paid = await pay(await request(invoice))
    await world.sandbox.cancelByMerchant(invoice)
    const { deeds, approvals } = world.parts
    const author = { kind: 'system', name: 'command-line' } as const
    const order = { payload: { paymentId: paid.id }, author, reason: 'cancelled by the merchant', key: randomUUID() }
    expect(await approvals.submit(deeds.payments.reverse, order)).toMatchObject({ state: 'done' })
    expect((await paymentOf(world, invoice)).state).toBe('reversed')
    const { steps } = await readTimeline(world.db, paid.id)
    expect(steps[0]).toMatchObject({ kind: 'consented', actor: 'organisation:org-1' })
  })

  test('never takes what is kept for buyers', async () => {
    const { balance } = await world.fund()
    const invoice = await anInvoice('150000.00')
    await expect(pay({ ...(await request(invoice)), leaving: parseMoney(balance, 'RUB') })).rejects.toMatchObject({
      code: 'fund_floor_reached',
    })
    expect(await paymentsOf(world, invoice)).toEqual([])
  })

  test('is not paid on an old reading, when it is over, for somebody else, or while a buyer pays it', async () => {
    const invoice = await anInvoice()
    const wanted = await request(invoice)
    await expect(pay({ ...wanted, readAt: new Date(wanted.readAt.getTime() - 6 * SECOND) })).rejects.toMatchObject({
      code: 'invoice_not_fresh',
    })
    const over = { ...wanted.invoice, expirationDate: world.clock.now() }
    await expect(pay({ ...wanted, invoice: over })).rejects.toMatchObject({ code: 'invoice_not_payable' })
    for (const vatNumber of ['7801234567', undefined]) {
      const elsewhere = { ...wanted.invoice, customer: { ...wanted.invoice.customer, vatNumber } }
      await expect(pay({ ...wanted, invoice: elsewhere as typeof wanted.invoice })).rejects.toMatchObject({ code: 'invoice_not_payable' })
    }
    const euros = { ...wanted.invoice, amount: parseMoney('100.00', 'EUR') }
    await expect(pay({ ...wanted, invoice: euros })).rejects.toMatchObject({ code: 'invoice_unsupported' })
    const anna = await world.member({ points: '100.00' })
    await strikes(world, invoice, { kind: 'lose-request' })
    await anna.pays(invoice)
    await expect(pay(wanted)).rejects.toMatchObject({ code: 'invoice_being_paid' })
  })

  test('is not paid when whoever decides takes it back inside the hold’s transaction', async () => {
    const invoice = await anInvoice()
    const stopped = (): Promise<void> => Promise.reject(new Refusal('forbidden', 'stopped'))
    const companions: Companion[] = [companion(stopped, {})]
    await expect(pay({ ...(await request(invoice)), companions })).rejects.toMatchObject({ code: 'forbidden' })
    expect(await paymentsOf(world, invoice)).toEqual([])
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
  })

  test('is nobody’s payment on the page of the invoice: a buyer reads that it is paid and that no points moved', async () => {
    const invoice = await anInvoice()
    const paid = await pay(await request(invoice))
    expect(await alertsAbout(world, paid.id)).toEqual([])
    const anna = await world.member({ points: '500.00' })
    expect((await anna.opens(invoice)).state).toBe('already-paid')
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
  })
})
