import { randomUUID } from 'node:crypto'
import {
  acceptDifference,
  acceptPaidOtherwise,
  beginRun,
  carryOut,
  listDifferences,
  listRuns,
  reconcile,
  reconcileNightly,
  remarkDifference,
} from '../../src/reconciliation'
import type { Comparison } from '../../src/reconciliation'
import { addStaff } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { Author } from '../../src/shared/actor'
import { DAY, HOUR, MINUTE, SECOND } from '../../src/shared/clock'
import { iso } from '../../src/shared/database'
import { dayOf, dayStart } from '../../src/shared/days'
import { Refusal } from '../../src/shared/refusals'
import { disableStaff } from '../../src/staff'
import { paymentOf } from '../payments/steps'
import type { SandboxInvoice } from '../support/sandbox-control'
import { ENGINES } from '../support/databases'
import { until } from '../support/until'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'

const ZONE = 'Europe/Moscow'

describe.each(ENGINES)('reconciliation on %s', (engine) => {
  let world: World
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_POINTS: '150' } })
    await world.sandbox.settings({}) // The sandbox begins with an invoice that is paid.
    for (const { invoiceId } of (await compare()).differences) await world.sandbox.change({ id: invoiceId }, { status: 'pending' })
    anna = await world.member({ points: '5000.00' })
  })
  afterEach(async () => {
    await world.sandbox.behave()
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const compare = (resolves = false): Promise<Comparison> => reconcile(world.parts, { author: COMMAND_LINE, resolves })
  const paid = async (amount: string): Promise<SandboxInvoice> => {
    const invoice = await world.sandbox.invoice({ amount })
    expect((await anna.pays(invoice)).state).toBe('paid')
    return invoice
  }
  const openOf = async ({ id }: { id: string }) =>
    (await listDifferences(world.db, {}, { limit: 100 })).filter(({ invoiceId }) => invoiceId === id)
  const codeOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'done',
      (error: unknown) => (error instanceof Refusal ? error.code : Promise.reject(error as Error)),
    )

  test('cancelled after it was paid: found each time until it is settled, then the points go back once', async () => {
    const invoice = await paid('100.00')
    const { available } = await anna.balance()
    await world.sandbox.cancelByMerchant(invoice)
    for (let time = 0; time < 2; time++)
      expect((await compare()).differences).toMatchObject([
        { invoiceId: invoice.id, kind: 'captured_here_cancelled_there', resolved: false },
      ])
    expect(await openOf(invoice)).toHaveLength(1)
    expect((await compare(true)).differences).toMatchObject([{ kind: 'captured_here_cancelled_there', resolved: true }])
    expect((await compare(true)).differences).toEqual([])
    expect([(await paymentOf(world, invoice)).state, (await anna.balance()).available]).toEqual(['reversed', plus(available, '100.00')])
    const [ended] = (await listDifferences(world.db, { all: true }, { limit: 100 })).filter(({ invoiceId }) => invoiceId === invoice.id)
    expect(ended).toMatchObject({ resolution: 'points_returned', resolvedBy: 'system:reconciliation' })
  })

  test('above the amount for one person nothing goes back by itself', async () => {
    const invoice = await paid('200.00')
    await world.sandbox.cancelByMerchant(invoice)
    expect((await compare(true)).differences).toMatchObject([{ invoiceId: invoice.id, resolved: false }])
    expect((await paymentOf(world, invoice)).state).toBe('captured')
    const [difference] = await openOf(invoice)
    const { approvals, deeds } = world.parts
    const order = { payload: { differenceId: difference?.id ?? '' }, author: COMMAND_LINE, reason: 'a shop has closed', key: `k-${engine}` }
    const submitted = await approvals.submit(deeds.differences.giveBack, order)
    if (submitted.state !== 'waiting') throw new Error('It did not wait.')
    const approver = await addStaff(world.parts, { login: 'approver', password: PASSWORD, role: 'approver', actor: COMMAND_LINE })
    expect(await approvals.approve(submitted.request.id, approver)).toMatchObject({ outcome: 'done' })
    expect(await openOf(invoice)).toEqual([])
  })

  test('whoever closes a difference whose payment was reversed by another way stands in the audit log, and must still have the right', async () => {
    const invoice = await paid('100.00')
    await world.sandbox.cancelByMerchant(invoice)
    await compare()
    const [difference] = await openOf(invoice)
    const { approvals, deeds, staff } = world.parts
    const operator = () =>
      addStaff(world.parts, { login: `operator-${randomUUID()}`, password: PASSWORD, role: 'operator', actor: COMMAND_LINE })
    const [olga, gone] = [await operator(), await operator()]
    await disableStaff(staff, gone.id, { author: COMMAND_LINE, reason: 'has left' })
    const by = (author: Author) => ({ author, reason: 'a shop has closed', key: randomUUID() })
    await approvals.submit(deeds.payments.reverse, { payload: { paymentId: (await paymentOf(world, invoice)).id }, ...by(COMMAND_LINE) })
    const close = (author: Author) =>
      approvals.submit(deeds.differences.giveBack, { payload: { differenceId: difference?.id ?? '' }, ...by(author) })
    expect(await codeOf(close(gone))).toBe('forbidden')
    expect(await openOf(invoice)).toHaveLength(1)
    expect(await codeOf(close(olga))).toBe('done')
    expect(await openOf(invoice)).toEqual([])
    const closed = { subject: `difference:${difference?.id ?? ''}`, action: 'difference_accepted' }
    expect(await world.db('audit_log').where(closed).pluck('actor')).toEqual([`staff:${olga.id}`])
  })

  test('what a person has accepted does not come back until its facts change; what is gone is closed', async () => {
    const [card, late] = [await world.sandbox.invoice({ amount: '10.00' }), await world.sandbox.invoice({ amount: '20.00' })]
    for (const invoice of [card, late]) await world.sandbox.change(invoice, { status: 'paid' })
    expect((await compare()).differences).toHaveLength(2)
    const [found] = await openOf(card)
    const id = found?.id ?? ''
    await remarkDifference(world.parts, { id, remark: 'the shop was asked', author: COMMAND_LINE })
    expect(await openOf(card)).toMatchObject([{ remark: 'the shop was asked' }])
    // Of two at one moment one closes it, and the other is not told so.
    const closes = () => codeOf(acceptDifference(world.parts, { id, remark: 'paid by card', author: COMMAND_LINE }))
    expect((await Promise.all([closes(), closes(), closes()])).sort()).toEqual(['done', 'request_not_open', 'request_not_open'])
    expect(await world.db('audit_log').where({ action: 'difference_accepted', subject: `difference:${id}` })).toHaveLength(1)
    expect(await codeOf(acceptDifference(world.parts, { id, remark: 'again', author: COMMAND_LINE }))).toBe('request_not_open')
    // A form from before it was closed does not take away what was said then.
    expect(await codeOf(remarkDifference(world.parts, { id, remark: 'not asked yet', author: COMMAND_LINE }))).toBe('request_not_open')
    expect((await listDifferences(world.db, { all: true }, { limit: 9 })).find((one) => one.id === id)?.remark).toBe('paid by card')
    await world.sandbox.change(late, { status: 'pending' })
    expect((await compare()).differences).toEqual([])
    expect((await listDifferences(world.db, { all: true }, { limit: 2 })).map(({ resolution }) => resolution).sort()).toEqual([
      'accepted',
      'gone',
    ])
    await world.sandbox.change(card, { amount: '11.00' })
    expect((await compare()).differences).toMatchObject([{ invoiceId: card.id, kind: 'paid_there_unknown_here' }])
    await world.sandbox.change(card, { status: 'pending' })
  })

  test('what was paid by card is accepted in bulk, as far as the person has looked; repeated it does nothing', async () => {
    const made = await Promise.all([1, 2, 3].map(() => world.sandbox.invoice({ amount: '10.00' })))
    for (const invoice of made) await world.sandbox.change(invoice, { status: 'paid' })
    await compare()
    const [newest] = await listDifferences(world.db, { kind: 'paid_there_unknown_here' }, { limit: 1 })
    const unseen = await world.sandbox.invoice({ amount: '10.00' })
    await world.sandbox.change(unseen, { status: 'paid' })
    await compare()
    const accept = (): Promise<number> =>
      acceptPaidOtherwise(world.parts, { upTo: newest?.id ?? '', remark: 'by card', author: COMMAND_LINE })
    expect([await accept(), await accept()]).toEqual([3, 0])
    expect((await compare()).differences.map(({ invoiceId }) => invoiceId)).toEqual([unseen.id])
    for (const invoice of [...made, unseen]) await world.sandbox.change(invoice, { status: 'pending' })
    await compare()
  })

  test('a run is alive while it waits for Invoicebox; once its process is dead another begins fifteen seconds later, and what slept that long writes nothing', async () => {
    const start = world.clock.now().getTime()
    const at = (seconds: number) => ({ ...world.parts, clock: { now: () => new Date(start + seconds * SECOND) } })
    const begin = (seconds: number) => beginRun(at(seconds), { author: COMMAND_LINE, resolves: false })
    const invoice = await world.sandbox.invoice({ amount: '10.00' })
    await world.sandbox.change(invoice, { status: 'paid' })
    const [left, isAsleep, wakes] = [await begin(0), gate(), gate()]
    const { invoicebox } = world.parts
    const listInvoices: typeof invoicebox.listInvoices = async (query) => {
      const read = await invoicebox.listInvoices(query)
      isAsleep.open()
      await wakes.opened
      return read
    }
    const slept = left && carryOut({ ...at(10), invoicebox: { ...invoicebox, listInvoices } }, left)
    await isAsleep.opened
    const beats = () => world.db('reconciliation_runs').where({ id: left?.id, seen_alive_at: iso(new Date(start + 10 * SECOND)) })
    await until(async () => (await beats()).length > 0)
    expect(await codeOf(begin(24))).toBe('reconciliation_running')
    await world.sandbox.change(invoice, { status: 'pending' })
    const next = await begin(26)
    expect((await listRuns(world.db, 2)).map(({ id, state }) => [id, state])).toEqual([
      [next?.id, 'running'],
      [left?.id, 'failed'],
    ])
    expect(next && (await carryOut(at(27), next))).toBeNull()
    wakes.open()
    expect(await slept).toBe('Another process has taken the comparison over.')
    expect(await openOf(invoice)).toEqual([])
    expect((await listRuns(world.db, 1))[0]).toMatchObject({ id: next?.id, state: 'done' })
  })

  test('only one at a time; a run whose process has died is taken over; each night has one run', async () => {
    const left = await beginRun(world.parts, { author: COMMAND_LINE, resolves: false })
    expect(await codeOf(compare())).toBe('reconciliation_running')
    const deps = { ...world.parts, clock: { now: () => new Date(Date.now() + 20 * MINUTE) } }
    expect(await reconcileNightly(deps, ZONE)).toBe(1)
    expect((await listRuns(world.db, 1))[0]).toMatchObject({ id: left?.id, state: 'done', problem: null })
    if (left) await carryOut(world.parts, left) // The process was only slow: it can write nothing any more.
    expect((await listRuns(world.db, 1))[0]).toMatchObject({ state: 'done', token: 2n })

    const midnight = dayStart(dayOf(new Date(Date.now() + 2 * DAY), ZONE), ZONE)
    const at = (afterMidnight: number) => ({ ...world.parts, clock: { now: () => new Date(midnight.getTime() + afterMidnight) } })
    expect(await reconcileNightly(at(3 * HOUR + 29 * MINUTE), ZONE)).toBe(0)
    const nights = await Promise.all([1, 2, 3].map(() => reconcileNightly(at(3 * HOUR + 31 * MINUTE), ZONE)))
    expect(nights.sort()).toEqual([0, 0, 1])
    expect(await reconcileNightly(at(23 * HOUR), ZONE)).toBe(0)
    expect((await listRuns(world.db, 1))[0]).toMatchObject({ startedBy: 'system:reconciliation', resolves: true, state: 'done' })
  })

  test('a list that cannot be read closes nothing and says so', async () => {
    const invoice = await world.sandbox.invoice({ amount: '10.00' })
    await world.sandbox.change(invoice, { status: 'paid' })
    await compare()
    await world.sandbox.settings({ statusMissing: true })
    expect((await compare()).unread).toContain('without a status')
    await world.sandbox.settings({ statusMissing: false })
    expect(await openOf(invoice)).toHaveLength(1)
    expect((await listRuns(world.db, 1))[0]).toMatchObject({
      state: 'failed',
      problem: expect.stringContaining('without a status') as string,
    })
    await world.sandbox.change(invoice, { status: 'pending' })
  })
})

const plus = (a: string, b: string): string => ((Number(a) * 100 + Number(b) * 100) / 100).toFixed(2)

/** Something that is waited for. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { opened, open }
}
