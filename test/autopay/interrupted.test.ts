import { beginRun, carryOutRun, listItems, readTotals } from '../../src/autopay'
import type { FaultPoint } from '../../src/payments'
import { COMMAND_LINE } from '../../src/shared/actor'
import { dayOf, monthOf } from '../../src/shared/days'
import { paymentOf, resolve, settled, strikes } from '../payments/steps'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import { bill, company, rule, runs, told } from './organisations'
import type { Company } from './organisations'

describe.each(ENGINES)('a run of automatic payment that was interrupted on %s', (engine) => {
  let world: World
  let atStep: (step: FaultPoint) => void = () => undefined
  beforeAll(async () => {
    world = await World.make({ engine, faultPoint: (step) => atStep(step) })
  })
  afterEach(async () => {
    atStep = () => undefined
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const bills = (acme: Company, count: number): Promise<SandboxInvoice[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => bill(world, acme, { amount: `${index + 1}.00` })))
  const paid = async (invoices: readonly SandboxInvoice[]): Promise<number> =>
    (await Promise.all(invoices.map((invoice) => world.sandbox.operationsOn(invoice)))).flat().length

  test('is ended with what it has paid, before the next one begins', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const invoices = await bills(acme, 3)
    const dead = await beginRun(world.parts, { author: COMMAND_LINE, scope: { organisationId: acme.id } })
    let isStopping = false
    atStep = (step) => {
      if (step === 'after-answer') isStopping = true
    }
    expect(dead && (await carryOutRun(world.parts, dead, { isStopping: () => isStopping }))).toBe('handed over')
    const next = await runs(world, { organisationId: acme.id })
    expect(await paid(invoices)).toBe(3)
    const items = await listItems(world.db, dead?.id ?? '', {}, { limit: 10 })
    expect(items.map(({ outcome }) => outcome)).toEqual(['paid', 'paid', 'paid'])
    expect(next.items).toEqual([])
    expect(
      await world
        .db('autopay_runs')
        .where({ id: dead?.id ?? '' })
        .first('state', 'problem'),
    ).toEqual({
      state: 'failed',
      problem: 'its process ended',
    })
  })

  test('tells of all that waits, whether it was decided about or not', async () => {
    const acme = await company(world, { on: false })
    await rule(world, acme)
    const known = await bills(acme, 2)
    const scope = { organisationId: acme.id }
    await runs(world, scope)
    const [fresh] = (await bills(acme, 1)) as [SandboxInvoice]
    const dead = await beginRun(world.parts, { author: COMMAND_LINE, scope })
    const readAll = ({ listed }: { listed?: number }): void => {
      isStopping ||= (listed ?? 0) > 0
    }
    let isStopping = false
    const how = { isStopping: () => isStopping, onProgress: (_run: unknown, progress: { listed?: number }) => readAll(progress) }
    expect(dead && (await carryOutRun(world.parts, dead, how))).toBe('handed over')
    await runs(world, scope)
    const items = await listItems(world.db, dead?.id ?? '', {}, { limit: 10 })
    expect([...known, fresh].map((one) => told(items, one))).toEqual([
      'waiting wait switch_off',
      'waiting wait switch_off',
      'waiting wait not_decided',
    ])
  })

  test('a payment that is not answered yet has spent of the budget what the limits count, and is not told as paid', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const [invoice] = (await bills(acme, 1)) as [SandboxInvoice]
    await strikes(world, invoice, { kind: 'lose-answer' })
    const { items } = await runs(world, { organisationId: acme.id })
    expect(told(items, invoice)).toBe('waiting pay in_check')
    const month = monthOf(dayOf(world.clock.now(), 'Europe/Moscow'))
    const totals = () => readTotals(world.db, { month, zone: 'Europe/Moscow', organisationIds: [acme.id] })
    expect(await totals()).toMatchObject([{ paid: { count: 0, amount: 0n }, counted: 100n }])
    expect((await settled(world, invoice)).state).toBe('captured')
    expect(await totals()).toMatchObject([{ paid: { count: 1, amount: 100n }, counted: 100n }])
  })

  test('a payment of an earlier run that a person looks into is told as such', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const [invoice] = (await bills(acme, 1)) as [SandboxInvoice]
    await strikes(world, invoice, { kind: 'lose-answer' })
    await runs(world, { organisationId: acme.id })
    expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('waiting pay in_check')
    await world.sandbox.settings({ nonIdempotentConfirm: true })
    expect((await settled(world, invoice)).state).toBe('review')
    await world.sandbox.settings({ nonIdempotentConfirm: false })
    expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('waiting pay in_review')
    const [operation] = await world.sandbox.operationsOn(invoice)
    await resolve(world, await paymentOf(world, invoice), { kind: 'capture', transactionId: operation?.id ?? 'none' })
  })
})
