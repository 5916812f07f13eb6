import { recoverPayments } from '../../src/payments'
import { findLostPayments } from '../../src/reconciliation'
import type { Comparison } from '../../src/reconciliation'
import { DAY, plus } from '../../src/shared/clock'
import { createLog } from '../../src/shared/log'
import { buildParts } from '../../src/wiring'
import { resolve as resolveReviewOf, paymentOf, strikes } from '../payments/steps'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import type { Buyer } from '../support/world'

describe('our books against the list of paid invoices', () => {
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ timeouts: { writeMs: 20_000, readMs: 20_000, headersMs: 20_000, bodyMs: 10_000, pauseMs: 1 } })
    for (const { invoiceId } of (await findLostPayments(world.parts)).differences)
      await world.sandbox.change({ id: invoiceId }, { status: 'pending' }) // The sandbox begins with an invoice that is paid.
  })
  beforeEach(async () => {
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => {
    await world.sandbox.behave()
    await world.sandbox.settings({ statusMissing: false, metaDataMissing: false, paidDelaySeconds: 0 })
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const compared = async (): Promise<Comparison> => findLostPayments(world.parts)
  const kindsOf = ({ differences }: Comparison, { id }: SandboxInvoice): string[] =>
    differences.filter(({ invoiceId }) => invoiceId === id).map(({ kind }) => kind)

  test('agree: nothing to tell, also while a payment is on its way', async () => {
    await anna.pays(await world.sandbox.invoice({ amount: '10.00' }))
    const open = await world.sandbox.invoice({ amount: '10.00' })
    await strikes(world, open, { kind: 'lose-answer' })
    expect((await anna.pays(open)).state).toBe('checking')
    expect(await compared()).toEqual({ checked: 2, differences: [] })
    await world.passes(60_000)
  })

  test('paid by somebody else: it says what is known and what to do', async () => {
    const invoice = await world.sandbox.invoice({ amount: '10.00', number: '417-1' })
    await world.sandbox.change(invoice, { status: 'paid' })
    const { differences } = await compared()
    expect(differences).toEqual([
      {
        invoiceId: invoice.id,
        kind: 'paid_there_unknown_here',
        text: expect.stringMatching(
          /^Invoice 417-1 over 10\.00 RUB is paid at Invoicebox, and no payment of it is known here\. Ask .+\.$/,
        ) as string,
        resolved: false,
      },
    ])
    await world.sandbox.change(invoice, { status: 'pending' })
  })

  test('paid by somebody else after ours was given back', async () => {
    const invoice = await world.sandbox.invoice({ amount: '10.00' })
    await strikes(world, invoice, { kind: 'pay-otherwise' })
    await anna.pays(invoice)
    await resolveReviewOf(world, await paymentOf(world, invoice), { kind: 'void' })
    const { differences } = await compared()
    expect(differences).toMatchObject([{ kind: 'paid_there_voided_here', text: expect.stringContaining('was voided here') as string }])
    await world.sandbox.change(invoice, { status: 'pending' })
  })

  test('cancelled, not shown, and shown late', async () => {
    const [cancelled, hidden, late] = await Promise.all([1, 2, 3].map(() => world.sandbox.invoice({ amount: '10.00' })))
    for (const invoice of [cancelled, hidden]) await anna.pays(invoice as SandboxInvoice)
    await world.sandbox.settings({ paidDelaySeconds: 600 })
    await anna.pays(late as SandboxInvoice)
    await world.sandbox.cancelByMerchant(cancelled as SandboxInvoice)
    await world.sandbox.change(hidden as SandboxInvoice, { foreign: true })
    const comparison = await compared()
    expect([cancelled, hidden, late].map((invoice) => kindsOf(comparison, invoice as SandboxInvoice))).toEqual([
      ['captured_here_cancelled_there'],
      ['captured_here_not_shown_there'],
      ['captured_here_not_paid_there'],
    ])
    await world.sandbox.change(hidden as SandboxInvoice, { foreign: false })
  })

  test.each([true, false])(
    'more than two pages, one request for fifty (metaData %p); what had expired before the backup is left out',
    async (metaData) => {
      await world.sandbox.settings({ metaDataMissing: !metaData })
      const now = new Date()
      const made = await Promise.all(
        Array.from({ length: 110 }, (_, n) =>
          world.sandbox.invoice({ amount: '10.00', expirationDate: plus(now, n < 100 ? DAY : 3 * DAY).toISOString() }),
        ),
      )
      for (const invoice of made) await world.sandbox.change(invoice, { status: 'paid' })
      const before = (await world.sandbox.requests()).length
      const comparison = await compared()
      const requests = (await world.sandbox.requests()).length - before
      expect(made.every((invoice) => kindsOf(comparison, invoice)[0] === 'paid_there_unknown_here')).toBe(true)
      expect(requests).toBeLessThanOrEqual(Math.ceil(comparison.checked / 50) + 1) // And one for captures that the list did not show.
      const since = plus(now, 2 * DAY)
      const lately = (await findLostPayments(world.parts, { since })).differences.map(({ invoiceId }) => invoiceId)
      expect(made.filter(({ id }) => lately.includes(id))).toEqual(made.slice(100))
      for (const invoice of made) await world.sandbox.change(invoice, { status: 'pending' })
    },
  )

  test('an invoice that cannot be understood is told all the same', async () => {
    const invoice = await world.sandbox.invoice({ amount: '10.00' })
    await world.sandbox.change(invoice, { status: 'paid', amountRaw: '0.005' })
    expect(kindsOf(await compared(), invoice)).toEqual(['paid_there_unknown_here'])
    await world.sandbox.change(invoice, { status: 'pending', amountRaw: null })
  })

  test('a list that fails for a moment is read again; one that cannot be read is said not to have been compared', async () => {
    await world.sandbox.misbehave({ on: 'business.list', kind: 'status', status: 503, times: 1 })
    expect((await compared()).unread).toBeUndefined()
    await world.sandbox.misbehave({ on: 'business.list', kind: 'status', status: 422 })
    expect((await compared()).unread).toMatch(/^Invoicebox's list of invoices could not be read \(.+\)\.$/)
  })

  test('invoices without a status prove nothing', async () => {
    await world.sandbox.settings({ statusMissing: true })
    const { unread, differences } = await compared()
    expect([unread, differences]).toEqual([expect.stringContaining('without a status'), []])
  })

  test('what is asked is named in the log first: after a restore it tells what was ours', async () => {
    const invoice = await world.sandbox.invoice({ amount: '10.00' })
    await strikes(world, invoice, { kind: 'lose-answer' })
    await anna.pays(invoice)
    const lines: string[] = []
    const log = createLog('info', { write: (line) => void lines.push(line) })
    const parts = buildParts(world.parts.config, { clock: world.clock, log })
    world.clock.move(60_000)
    await recoverPayments(parts)
    await parts.close()
    const { id, operationId } = await paymentOf(world, invoice)
    const asked = lines.map((line) => JSON.parse(line) as { msg: string }).find(({ msg }) => msg === 'invoicebox is asked to pay')
    expect(asked).toMatchObject({ paymentId: id, invoiceId: invoice.id, operationId, memberId: anna.id, points: '10.00' })
  })
})
