import { randomUUID } from 'node:crypto'
import { readRequest } from '../../src/approvals'
import { lockMember } from '../../src/members'
import { checkPayment, reversePayment } from '../../src/payments'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Author, StaffActor, StaffRole } from '../../src/shared/actor'
import { addStaff } from '../../src/members'
import { readAccount } from '../../src/ledger'
import { Refusal } from '../../src/shared/refusals'
import { MINUTE } from '../../src/shared/clock'
import { cutOff } from '../support/cut-off'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { alertsAbout, bothFunds, paymentOf, refusedRepeat, settled, strikes } from './steps'

const GATEWAY: Author = { kind: 'system', name: 'reconciliation' }

describe.each(ENGINES)('a captured payment is undone on %s', (engine) => {
  let world: World
  let anna: Buyer
  let staff: Record<'operator' | 'approver', StaffActor>
  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_POINTS: '150' } })
    const add = (role: StaffRole): Promise<StaffActor> =>
      addStaff(world.parts, { login: role, password: PASSWORD, role, actor: COMMAND_LINE })
    staff = { operator: await add('operator'), approver: await add('approver') }
    await world.sandbox.fund({ balance: (await world.fund()).balance })
  })
  beforeEach(async () => {
    anna = await world.member({ points: '500.00' })
  })
  afterEach(async () => {
    await world.sandbox.behave()
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const paid = async (amount = '100.00'): Promise<{ invoice: SandboxInvoice; id: string }> => {
    const invoice = await world.sandbox.invoice({ amount })
    expect((await anna.pays(invoice)).state).toBe('paid')
    return { invoice, id: (await paymentOf(world, invoice)).id }
  }
  const reverse = (id: string, author: Author = COMMAND_LINE) =>
    reversePayment(world.parts, { paymentId: id, reason: 'the shop has closed', author })
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'done',
      (error: unknown) => (error instanceof Refusal ? error.code : Promise.reject(error as Error)),
    )

  test('once, whoever asks how often: the points, the fund, the history, the promised event, the audit row, the alert', async () => {
    const { invoice, id } = await paid()
    await world.sandbox.cancelByMerchant(invoice)
    expect(await checkPayment(world.parts, { paymentId: id, author: COMMAND_LINE })).toBe('invoice-canceled')
    expect(await alertsAbout(world, id)).toEqual(['paid_then_cancelled'])
    const codes = await Promise.all(Array.from({ length: 8 }, () => codeOf(reverse(id, GATEWAY))))
    expect(codes).toContain('done')
    expect(await codeOf(reverse(id, GATEWAY))).toBe('done')
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
    const { ours, theirs } = await bothFunds(world)
    expect(ours).toBe(theirs)
    const rows = async (table: string, where: object): Promise<number> => (await world.db(table).where(where)).length
    expect(await rows('payment_events', { payment_id: id, to_state: 'reversed' })).toBe(1)
    expect(await rows('outbox', { payment_id: id, topic: 'payment.reversed' })).toBe(1)
    expect(await rows('audit_log', { subject: `payment:${id}`, action: 'payment_reversed' })).toBe(1)
    expect(await alertsAbout(world, id)).toEqual([])
    expect((await anna.browser.open(`/pay?invoiceId=${invoice.id}`)).state).toBe('cancelled')
  })

  test('what the second look had put into suspense goes back as well', async () => {
    const { ours: before } = await bothFunds(world)
    const suspense = async (): Promise<bigint> => (await readAccount(world.db, 'suspense')).balance
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    const page = await anna.opens(invoice)
    await world.sandbox.change(invoice, { amount: '103.00' })
    await anna.confirms(page)
    await world.passes(60_000)
    expect(await suspense()).toBe(300n)
    await world.sandbox.cancelByMerchant(invoice)
    await reverse((await paymentOf(world, invoice)).id, GATEWAY)
    expect([await suspense(), (await bothFunds(world)).ours, (await bothFunds(world)).theirs]).toEqual([0n, before, before])
  })

  test('never while the invoice reads paid; by the gateway itself only when it reads cancelled; otherwise by a person', async () => {
    const { invoice, id } = await paid()
    expect(await codeOf(reverse(id))).toBe('resolution_not_allowed')
    await world.sandbox.change(invoice, { foreign: true })
    expect(await codeOf(reverse(id, GATEWAY))).toBe('resolution_not_allowed')
    expect((await reverse(id)).state).toBe('reversed')
    await world.sandbox.change(invoice, { foreign: false })
    await world.sandbox.cancelByMerchant(invoice)
  })

  test('one person alone gives back only what still reads cancelled when it is done', async () => {
    const { invoice, id } = await paid()
    await world.sandbox.change(invoice, { foreign: true })
    const { reverse: deed } = world.parts.deeds.payments
    const by = { author: staff.operator, reason: 'x', key: randomUUID() }
    const weighed = { minor: 10_000n, unit: 'PTS' } as const
    expect(await codeOf(deed.perform({ paymentId: id }, { ...by, weighed }))).toBe('resolution_not_allowed')
    expect(await anna.balance()).toEqual({ available: '400.00', held: '0.00' })
    await world.sandbox.change(invoice, { foreign: false })
    await world.sandbox.cancelByMerchant(invoice)
    expect(await codeOf(deed.perform({ paymentId: id }, { ...by, weighed }))).toBe('done')
  })

  test('a form that is sent again while Invoicebox cannot be read is told that it is done', async () => {
    const { invoice, id } = await paid()
    await world.sandbox.cancelByMerchant(invoice)
    const { approvals, deeds } = world.parts
    const order = { payload: { paymentId: id }, author: staff.operator, reason: 'cancelled', key: randomUUID() }
    expect(await approvals.submit(deeds.payments.reverse, order)).toMatchObject({ state: 'done' })
    await world.sandbox.misbehave({ on: 'business.get', kind: 'lose-request', times: 9 })
    expect(await approvals.submit(deeds.payments.reverse, order)).toMatchObject({ state: 'done', result: { state: 'reversed' } })
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
  })

  test('only what is captured, and only by whom it is allowed', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'status', status: 422 })
    await anna.pays(invoice)
    expect(await codeOf(reverse((await paymentOf(world, invoice)).id))).toBe('payment_in_wrong_state')
    expect(await codeOf(reverse(invoice.id))).toBe('not_found')
    const { id } = await paid('10.00')
    expect(await codeOf(reverse(id, staff.approver))).toBe('forbidden')
    expect(await codeOf(reverse(id, { kind: 'member', id: anna.id, login: anna.login }))).toBe('forbidden')
  })

  test('a locked member gets the points on the account', async () => {
    const { invoice, id } = await paid()
    await lockMember(world.parts, { login: anna.login, reason: 'a check', actor: COMMAND_LINE })
    await world.sandbox.cancelByMerchant(invoice)
    await reverse(id)
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
  })

  test('above the amount for one person it waits for a second one, who is named in the audit log', async () => {
    const { invoice, id } = await paid('200.00')
    await world.sandbox.cancelByMerchant(invoice)
    const order = { payload: { paymentId: id }, author: staff.operator, reason: 'cancelled', key: 'k1' }
    const { approvals, deeds } = world.parts
    expect(await approvals.look(deeds.payments.reverse, { paymentId: id })).toMatchObject({
      needsSecond: true,
      before: { state: 'captured', available: '300.00 PTS' },
      after: { state: 'reversed', available: '500.00 PTS' },
    })
    const submitted = await approvals.submit(deeds.payments.reverse, order)
    if (submitted.state !== 'waiting') throw new Error('It did not wait.')
    expect(await anna.balance()).toEqual({ available: '300.00', held: '0.00' })
    expect(await codeOf(approvals.approve(submitted.request.id, staff.operator))).toMatch(/forbidden|own_request/)
    expect(await approvals.approve(submitted.request.id, staff.approver)).toMatchObject({ outcome: 'done' })
    expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
    const [row] = (await world.db('audit_log').where({ subject: `payment:${id}`, action: 'payment_reversed' })) as { approved_by: string }[]
    expect(row?.approved_by).toBe(`staff:${staff.approver.id}`)
  })

  test.each(['before', 'after'] as const)(
    'approved, and cut off %s it was done, it is done once; of two requests only one says so',
    async (when) => {
      const { invoice, id } = await paid('200.00')
      await world.sandbox.cancelByMerchant(invoice)
      const review = await refusedRepeat(world, anna)
      const { id: inReview } = await paymentOf(world, review)
      const { payments } = world.parts.deeds
      const asked = async (deed: typeof payments.void, paymentId: string, isCut: boolean) => {
        const approvals = isCut ? cutOff(world, deed, when) : world.parts.approvals
        const order = { payload: { paymentId }, author: staff.operator, reason: 'support said so', key: randomUUID() }
        const submitted = await approvals.submit(deed, order)
        if (submitted.state !== 'waiting') throw new Error('It did not wait.')
        return { id: submitted.request.id, approve: () => approvals.approve(submitted.request.id, staff.approver), approvals }
      }
      for (const [deed, paymentId] of [
        [payments.reverse, id],
        [payments.void, inReview],
      ] as const) {
        const [cut, other] = [await asked(deed, paymentId, true), await asked(deed, paymentId, false)]
        await expect(cut.approve()).rejects.toThrow('the database is gone')
        const second = await other.approve()
        world.clock.move(2 * MINUTE)
        await Promise.all([cut.approvals.tidyUp(), world.parts.approvals.tidyUp()])
        const first = await readRequest(world.db, cut.id)
        expect([first?.outcome, second.outcome].sort()).toEqual(['done', 'nothing_changed'])
        expect(
          await world.db('audit_log').where({ subject: `payment:${paymentId}`, approved_by: `staff:${staff.approver.id}` }),
        ).toHaveLength(1)
      }
      expect(await anna.balance()).toEqual({ available: '500.00', held: '0.00' })
    },
  )

  test('reviews that one person ends by hand count together: what goes above the amount waits', async () => {
    const { approvals, deeds } = world.parts
    const states: string[] = []
    for (const key of ['first', 'second', 'third']) {
      const invoice = await world.sandbox.invoice({ amount: '60.00' })
      await strikes(world, invoice, { kind: 'lose-request' })
      await anna.pays(invoice)
      await world.sandbox.change(invoice, { amount: '400.00' })
      const { id: paymentId, state } = await settled(world, invoice)
      const order = { payload: { paymentId }, author: staff.operator, reason: 'support said so', key }
      for (let again = 0; again < 2; again++) states.push(state, (await approvals.submit(deeds.payments.void, order)).state)
    }
    expect(states).toEqual([...Array.from({ length: 4 }, () => ['review', 'done']).flat(), 'review', 'waiting', 'review', 'waiting'])
  })

  test('a review whose invoice last read paid always needs two people to be given back, and only one look', async () => {
    const invoice = await refusedRepeat(world, anna)
    const payment = await paymentOf(world, invoice)
    const { approvals, deeds } = world.parts
    expect((await approvals.look(deeds.payments.void, { paymentId: payment.id })).needsSecond).toBe(true)
    expect((await approvals.look(deeds.payments.capture, { paymentId: payment.id, transactionId: 'x1' })).needsSecond).toBe(false)
    await world.sandbox.settings({ nonIdempotentConfirm: false })
    expect(await checkPayment(world.parts, { paymentId: payment.id, author: staff.operator })).toBe('captured')
  })

  test('a payment that is on its way is asked about at once, with its own operation id', async () => {
    const invoice = await world.sandbox.invoice({ amount: '100.00' })
    await strikes(world, invoice, { kind: 'lose-answer' })
    expect((await anna.pays(invoice)).state).toBe('checking')
    const { id, operationId } = await paymentOf(world, invoice)
    expect(await checkPayment(world.parts, { paymentId: id, author: staff.operator })).toBe('captured')
    expect((await world.sandbox.operationsOn(invoice)).map(({ partnerOperationId }) => partnerOperationId)).toEqual([operationId])
    expect(await checkPayment(world.parts, { paymentId: id, author: staff.operator })).toBe('invoice-paid')
  })
})
