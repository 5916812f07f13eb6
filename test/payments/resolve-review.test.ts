import { randomUUID } from 'node:crypto'
import { addStaff } from '../../src/members'
import { checkPayment, resolveReview, reversePayment, showPayment } from '../../src/payments'
import { COMMAND_LINE } from '../../src/shared/actor'
import { Refusal } from '../../src/shared/refusals'
import type { SandboxInvoice } from '../support/sandbox-control'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { alertsAbout, allIsWell, paymentOf, refusedRepeat, resolve, settled, strikes } from './steps'

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
    expect(await resolve(world, payment, { kind: 'ask-again' })).toMatchObject({
      state: 'captured',
      transactionId: await operation(invoice),
    })
    expect(await alertsAbout(world, payment.id)).toEqual([])
    expect(await world.db('audit_log').where({ subject: `payment:${payment.id}` })).toMatchObject([
      { action: 'payment_resolved', reason: 'the support of Invoicebox said so' },
    ])
    expect((await showPayment(world.db, payment.id)).events.map(({ to, actor }) => [to, actor])).toEqual([
      ['confirming', `member:${anna.id}`],
      ['review', 'system:recovery'],
      ['captured', 'system:command-line'],
    ])
  })

  test('asked again once more after that, whoever asks is told how it ended, and nothing is sent', async () => {
    const invoice = await refusedRepeat(world, anna)
    await world.sandbox.settings({ nonIdempotentConfirm: false })
    const payment = await paymentOf(world, invoice)
    const captured = await resolve(world, payment, { kind: 'ask-again' })
    const kept = async (): Promise<unknown[]> => [
      await world.db('exchanges').where({ payment_id: payment.id }).pluck('id'),
      await world
        .db('audit_log')
        .where({ subject: `payment:${payment.id}` })
        .pluck('id'),
    ]
    const before = await kept()
    expect(await resolve(world, payment, { kind: 'ask-again' })).toEqual(captured)
    const author = await addStaff(world.parts, { login: 'oleg', password: PASSWORD, role: 'operator', actor: COMMAND_LINE })
    const order = { paymentId: payment.id, reason: 'x', author }
    expect(await resolveReview(world.parts, { ...order, resolution: { kind: 'ask-again' } })).toEqual(captured)
    expect(await kept()).toEqual(before)
    await world.sandbox.cancelByMerchant(invoice)
    await reversePayment(world.parts, { ...order, author: COMMAND_LINE })
    expect(await resolve(world, payment, { kind: 'ask-again' })).toMatchObject({ state: 'reversed' })
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

  test('an invoice that reads paid by now takes two to release, although it read otherwise when it was weighed', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-request' })
    await anna.pays(invoice)
    await world.sandbox.change(invoice, { amount: '90.00' })
    const payment = await settled(world, invoice)
    await world.sandbox.change(invoice, { status: 'paid' })
    const author = await addStaff(world.parts, { login: 'olga', password: PASSWORD, role: 'operator', actor: COMMAND_LINE })
    const order = { payload: { paymentId: payment.id }, author, reason: 'x', key: randomUUID() }
    expect(await world.parts.approvals.submit(world.parts.deeds.payments.void, order)).toMatchObject({ state: 'waiting' })
    expect((await paymentOf(world, invoice)).state).toBe('review')
    expect(await world.db('done_alone')).toEqual([])
  })

  test('the form of a release is told as done although its buyer has paid by card since', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-request' })
    await anna.pays(invoice)
    await world.sandbox.change(invoice, { amount: '90.00' })
    const payment = await settled(world, invoice)
    const author = await addStaff(world.parts, { login: 'sofia', password: PASSWORD, role: 'operator', actor: COMMAND_LINE })
    const order = { payload: { paymentId: payment.id }, author, reason: 'x', key: randomUUID() }
    const release = () => world.parts.approvals.submit(world.parts.deeds.payments.void, order)
    expect(await release()).toMatchObject({ state: 'done', result: { state: 'voided' } })
    await world.sandbox.change(invoice, { status: 'paid' })
    expect(await checkPayment(world.parts, { paymentId: payment.id, author })).toBe('invoice-paid')
    expect(await release()).toMatchObject({ state: 'done', result: { state: 'voided' } })
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
  })

  test('the form of a release that ended as a capture is not noted as done', async () => {
    const invoice = await refusedRepeat(world, anna)
    const payment = await paymentOf(world, invoice)
    const author = await addStaff(world.parts, { login: 'nina', password: PASSWORD, role: 'operator', actor: COMMAND_LINE })
    const { deeds, db } = world.parts
    const form = { key: randomUUID(), kind: deeds.payments.void.kind, digest: 'd'.repeat(64) }
    await world.sandbox.settings({ nonIdempotentConfirm: false })
    const released = deeds.payments.void.perform({ paymentId: payment.id }, {
      author: { ...author, form },
      reason: 'x',
      key: form.key,
    } as never)
    expect(await codeOf(released)).toBe('payment_in_wrong_state: captured')
    expect(await db('sent_forms').where({ idempotency_key: form.key })).toEqual([])
    expect(await db('audit_log').where({ action: 'payment_resolved', subject: `payment:${payment.id}` })).toMatchObject([
      { actor: `staff:${author.id}` },
    ])
  })

  test('an approved release whose operation Invoicebox admits after all is told as what it came to, never as done', async () => {
    const invoice = await refusedRepeat(world, anna)
    const payment = await paymentOf(world, invoice)
    const staff = (login: string, role: 'operator' | 'approver') =>
      addStaff(world.parts, { login, password: PASSWORD, role, actor: COMMAND_LINE })
    const [author, other, { approvals, deeds }] = [await staff('ivan', 'operator'), await staff('vera', 'approver'), world.parts]
    const order = { payload: { paymentId: payment.id }, author, reason: 'x', key: randomUUID() }
    const submitted = await approvals.submit(deeds.payments.void, order)
    await world.sandbox.settings({ nonIdempotentConfirm: false })
    const id = submitted.state === 'waiting' ? submitted.request.id : ''
    expect(await approvals.approve(id, other)).toMatchObject({ state: 'approved', outcome: 'payment_in_wrong_state: captured' })
    expect((await paymentOf(world, invoice)).state).toBe('captured')
    expect(await world.db('audit_log').where({ action: 'payment_resolved', subject: `payment:${payment.id}` })).toMatchObject([
      { approved_by: `staff:${other.id}` },
    ])
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
    expect(await codeOf(resolve(world, payment, { kind: 'capture', transactionId: 'x1' }))).toBe(
      'resolution_not_allowed: the invoice does not read paid',
    )
    for (const transactionId of ['', ' ', 'x'.repeat(101), 'a\u0000b']) {
      expect(await codeOf(resolve(world, payment, { kind: 'capture', transactionId }))).toBe('bad_input: transactionId')
    }
    expect(await codeOf(resolve(world, payment, { kind: 'void' }, ' '))).toBe('bad_input: reason')
    expect(await codeOf(resolve(world, payment, { kind: 'void' }))).toBe('allowed')
    expect(await codeOf(resolve(world, payment, { kind: 'void' }))).toBe('payment_in_wrong_state: voided')
    expect(await codeOf(resolve(world, { id: invoice.id }, { kind: 'void' }))).toMatch(/^not_found/)
  })

  test.each(['ask-again', 'capture', 'void'] as const)(
    'two people decide at once (%s): one decision counts, one operation, one debit',
    async (kind) => {
      const invoice = await refusedRepeat(world, anna)
      await world.sandbox.settings({ nonIdempotentConfirm: false })
      const payment = await paymentOf(world, invoice)
      const transactionId = await operation(invoice)
      const resolution = kind === 'capture' ? { kind, transactionId } : { kind }
      await Promise.all(Array.from({ length: 4 }, () => codeOf(resolve(world, payment, resolution))))
      expect(await paymentOf(world, invoice)).toMatchObject({ state: 'captured', transactionId })
      expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
      expect(await world.db('audit_log').where({ subject: `payment:${payment.id}` })).toHaveLength(1)
    },
  )
})
