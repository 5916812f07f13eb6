import { randomUUID } from 'node:crypto'
import { changeRule, switchRule } from '../../src/autopay'
import { openInvoices } from '../../src/autopay/open-invoices'
import { collectContext } from '../../src/autopay/collect-context'
import { considerAll } from '../../src/autopay/consider'
import { keepDecisions } from '../../src/autopay/decision-store'
import { readOrganisations, takeIn } from '../../src/autopay'
import { payOne } from '../../src/autopay/pay-one'
import type { Paying } from '../../src/autopay/pay-one'
import { setFloor } from '../../src/fund'
import type { FaultPoint } from '../../src/payments'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, HOUR, plus, SECOND } from '../../src/shared/clock'
import { inTransaction } from '../../src/shared/database'
import { dayEnd, dayOf } from '../../src/shared/days'
import { money, parseMoney } from '../../src/shared/money'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import { bill, company, rule, runs, told } from './organisations'
import type { Company } from './organisations'

const ZONE = 'Europe/Moscow'

describe.each(ENGINES)('what changes while a run pays on %s', (engine) => {
  let world: World
  let atStep: (step: FaultPoint) => void | Promise<void> = () => undefined
  beforeAll(async () => {
    world = await World.make({ engine, faultPoint: (step) => atStep(step) })
  })
  afterEach(async () => {
    atStep = () => undefined
    await floor('0')
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const floor = (amount: string) => setFloor(world.parts, { amount: parseMoney(amount, 'RUB'), reason: 'A test', actor: COMMAND_LINE })
  const leaves = async (roubles: number): Promise<void> => floor((Number((await world.fund()).balance) - roubles).toFixed(2))
  /** Does something once, before the first hold of the run. */
  const beforeTheFirstHold = (meanwhile: () => Promise<unknown>): void => {
    let isFirst = true
    atStep = async (step) => {
      if (step !== 'before-hold' || !isFirst) return
      isFirst = false
      await meanwhile()
    }
  }
  const within = (milliseconds: number): string => plus(world.clock.now(), milliseconds).toISOString()

  test('a floor of the fund that was raised between the decision and the hold is kept to', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const invoice = await bill(world, acme, { amount: '300.00' })
    beforeTheFirstHold(() => leaves(299))
    const { items } = await runs(world, { organisationId: acme.id })
    expect(told(items, invoice)).toBe('waiting wait fund_short')
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
    await leaves(300)
    expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('paid pay switch_on')
  })

  test('a rule that is added between the decision and the hold is kept to: what it holds back is not paid any more, in that very run', async () => {
    const acme = await company(world)
    await rule(world, acme, { priority: 50 })
    const invoice = await bill(world, acme, { amount: '70.00', description: 'Аренда' })
    const body = { name: 'Стой', when: { description: 'Аренда' }, do: 'hold', limits: {}, priority: 1 } as const
    const change = { ruleId: randomUUID(), organisationId: acme.id, basedOn: 0, body, enabled: true }
    beforeTheFirstHold(() => changeRule(world.parts, change, { author: COMMAND_LINE, reason: 'A test' }))
    const { items } = await runs(world, { organisationId: acme.id })
    expect(told(items, invoice)).toBe('waiting hold rule_holds')
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
  })

  test('a rule that is switched off between the decision and the hold stops nobody whom it does not concern', async () => {
    const acme = await company(world)
    await rule(world, acme, { priority: 50 })
    const other = await rule(world, acme, { description: 'Аренда', priority: 1 })
    const invoice = await bill(world, acme, { amount: '70.00' })
    beforeTheFirstHold(() => switchRule(world.parts, { ruleId: other, isOn: false }, { author: COMMAND_LINE, reason: 'A test' }))
    expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('paid pay switch_on')
  })

  const bills = (acme: Company, count: number, words: string, of: Record<string, unknown> = {}): Promise<SandboxInvoice[]> =>
    Promise.all(
      Array.from({ length: count }, (_, index) =>
        bill(world, acme, { amount: `${index + 1}.00`, description: `${words} ${index}`, ...of }),
      ),
    )

  test('what the fund does not reach for any more keeps it from lower priorities, however many chunks later they come', async () => {
    const acme = await company(world)
    await rule(world, acme, { description: 'Важно', priority: 1 })
    await rule(world, acme, { description: 'Прочее', priority: 9 })
    const soon = await bills(acme, 16, 'Важно', { expirationDate: within(5 * HOUR) })
    const rent = await bill(world, acme, { amount: '500.00', description: 'Важно, аренда', expirationDate: within(9 * HOUR) })
    const others = await bills(acme, 20, 'Прочее', { expirationDate: within(3 * HOUR) })
    const anna = await world.member({ points: '500.00' })
    const ready = await anna.opens(await world.sandbox.invoice({ amount: '300.00' }))
    await leaves(900)
    beforeTheFirstHold(() => anna.confirms(ready))
    const { items } = await runs(world, { organisationId: acme.id })
    expect(new Set(soon.map((one) => told(items, one)))).toEqual(new Set(['paid pay switch_on']))
    expect(told(items, rent)).toBe('waiting wait fund_short')
    expect(new Set(others.map((one) => told(items, one)))).toEqual(new Set(['waiting wait fund_kept']))
  })

  test('what the fund does not reach for any more keeps it from lower priorities of the same chunk as well', async () => {
    const acme = await company(world)
    await rule(world, acme, { description: 'Важно', priority: 1 })
    await rule(world, acme, { description: 'Прочее', priority: 9 })
    const rent = await bill(world, acme, { amount: '500.00', description: 'Важно, аренда', expirationDate: within(9 * HOUR) })
    const later = await bill(world, acme, { amount: '20.00', description: 'Важно, вода', expirationDate: within(10 * HOUR) })
    const others = await bills(acme, 6, 'Прочее', { expirationDate: within(3 * HOUR) })
    const anna = await world.member({ points: '600.00' })
    const ready = await anna.opens(await world.sandbox.invoice({ amount: '600.00' }))
    await leaves(900)
    beforeTheFirstHold(() => anna.confirms(ready))
    const { items } = await runs(world, { organisationId: acme.id })
    expect(told(items, rent)).toBe('waiting wait fund_short')
    expect(new Set(others.map((one) => told(items, one)))).toEqual(new Set(['waiting wait fund_kept']))
    // As in the plan: what is left may do for others of the same priority.
    expect(told(items, later)).toBe('paid pay switch_on')
    for (const one of [rent, ...others]) expect(await world.sandbox.operationsOn(one)).toEqual([])
  })

  test('what cannot be understood any more, is cancelled or gets another payer is told as it stands, once, and keeps no run from its end', async () => {
    const [acme, other] = [await company(world), await company(world)]
    await rule(world, acme)
    const soon = await bills(acme, 16, 'Связь', { expirationDate: within(5 * HOUR) })
    const [odd, cancelled, moved, foreign, late] = (await bills(acme, 5, 'Вода', { expirationDate: within(9 * HOUR) })) as [
      SandboxInvoice,
      SandboxInvoice,
      SandboxInvoice,
      SandboxInvoice,
      SandboxInvoice,
    ]
    beforeTheFirstHold(async () => {
      await world.sandbox.change(odd, { amountRaw: '0.005' })
      await world.sandbox.change(cancelled, { status: 'canceled' })
      await world.sandbox.change(moved, { customer: { type: 'legal', name: other.name, vatNumber: other.vatNumber } })
      await world.sandbox.change(foreign, { customer: { type: 'legal', name: 'ООО', vatNumber: '7799999999' } })
    })
    const { items, problem } = await runs(world, { organisationId: acme.id })
    expect([problem, items.length]).toEqual([null, 21])
    expect(new Set([...soon, late].map((one) => told(items, one)))).toEqual(new Set(['paid pay switch_on']))
    expect([odd, cancelled, moved, foreign].map((one) => told(items, one))).toEqual([
      'waiting hold not_understood',
      'refused refuse cancelled',
      'refused refuse not_theirs',
      'refused refuse not_theirs',
    ])
  })

  test('an invoice whose reading grows old while others are held before it is not paid on it, but read anew in that very run', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const all = await bills(acme, 3, 'Вода')
    const confirms = async (): Promise<number> => (await world.sandbox.requests()).filter(({ path }) => path.endsWith('/confirm')).length
    const before = await confirms()
    let holds = 0
    atStep = (step) => {
      if (step === 'before-hold' && ++holds === 2) world.clock.move(6 * SECOND)
    }
    const { items } = await runs(world, { organisationId: acme.id })
    expect(new Set(all.map((one) => told(items, one)))).toEqual(new Set(['paid pay switch_on']))
    // The first was held before; the other two were read again, and each was confirmed once.
    expect((await confirms()) - before).toBe(3)
    for (const one of all) expect(await world.sandbox.operationsOn(one)).toHaveLength(1)
  })

  test('a run in which every reading grows old before its hold comes to its end, and pays nothing on it', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const all = await bills(acme, 2, 'Вода')
    let tries = 0
    atStep = (step) => {
      if (step !== 'before-hold') return
      tries += 1
      world.clock.move(6 * SECOND)
    }
    const { items, problem } = await runs(world, { organisationId: acme.id })
    expect([problem, tries]).toEqual([null, 4])
    expect(all.map((one) => told(items, one))).toEqual(all.map(() => 'waiting pay not_sent'))
    for (const one of all) expect(await world.sandbox.operationsOn(one)).toEqual([])
  })

  /** A decision to pay, as a run makes it at that moment, with what the payment needs besides. */
  async function decidedAt(at: Date, { id: invoiceId }: SandboxInvoice): Promise<Omit<Paying, 'permit'>> {
    const then = { ...world.parts, clock: { now: () => at } }
    await takeIn(then, await readOrganisations(world.db), { invoiceId })
    const open = await openInvoices(world.db, { invoiceId })
    const context = await collectContext(then, open)
    const { items } = await considerAll(open, context, new Map())
    const keeping = { runId: null, at, organisations: context.organisations, before: new Map(), signed: () => [] }
    const [decision] = await inTransaction(world.db, (tx) => keepDecisions(tx, items, keeping))
    const { outcome } = await world.parts.invoicebox.listInvoices({ ids: [invoiceId], page: 1, pageSize: 1 }, { as: 'background' })
    const [due, invoice] = [open[0], outcome.kind === 'page' ? outcome.invoices[0] : undefined]
    if (!due || !invoice || decision?.decision !== 'pay') throw new Error('It is not to be paid.')
    return { invoice, due, decision, context, readAt: at, leaving: money(0n, 'RUB') }
  }

  async function paysAt(at: Date, paying: Omit<Paying, 'permit'>): Promise<string | null> {
    const permit = await world.parts.invoicebox.reserve({ as: 'background', atLeast: 1 })
    if (!permit) throw new Error('No slot.')
    return payOne({ ...world.parts, clock: { now: () => at } }, { ...paying, permit }).finally(() => permit.giveBack())
  }

  test('a rule whose last day ends between the decision and the hold pays nothing more: what is paid counts in a day on which it is valid', async () => {
    const acme = await company(world)
    const today = dayOf(world.clock.now(), ZONE)
    const midnight = dayEnd(today, ZONE)
    await rule(world, acme, { validUntil: today })
    const invoice = await bill(world, acme, { amount: '80.00', expirationDate: within(9 * DAY) })
    const paying = await decidedAt(plus(midnight, -SECOND), invoice)
    expect(await paysAt(midnight, paying)).toBe('rule_off')
    expect(await paysAt(plus(midnight, -1), paying)).toBeNull()
    expect(await world.db('autopay_spending').where({ organisation_id: acme.id }).select('day')).toMatchObject([{}])
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
  })
})
