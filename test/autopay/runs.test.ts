import {
  beginRun,
  carryOutRun,
  listItems,
  listRuns,
  releaseInvoice,
  runOnSchedule,
  switchAutopay,
  syncPayments,
  whyText,
} from '../../src/autopay'
import { reversePayment } from '../../src/payments'
import type { FaultPoint } from '../../src/payments'
import { setFloor } from '../../src/fund'
import { spendingPeriods, spendWithinLimits } from '../../src/autopay/spending'
import { COMMAND_LINE } from '../../src/shared/actor'
import { inTransaction } from '../../src/shared/database'
import { parseMoney } from '../../src/shared/money'
import { createTexts } from '../../src/shared/texts'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import { bothFunds, paymentOf, paymentsOf, settled, strikes } from '../payments/steps'
import { bill, company, itemOf, rule, runs, told } from './organisations'
import type { Company } from './organisations'

describe.each(ENGINES)('a run of automatic payment on %s', (engine) => {
  let world: World
  /** What happens when a payment comes to a step; a test that wants something sets it. */
  let atStep: (step: FaultPoint) => void | Promise<void> = () => undefined
  beforeAll(async () => {
    world = await World.make({ engine, faultPoint: (step) => atStep(step) })
  })
  afterEach(async () => {
    atStep = () => undefined
    await world.sandbox.behave()
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const bills = (acme: Company, count: number, of: Record<string, unknown> = {}): Promise<SandboxInvoice[]> =>
    Promise.all(Array.from({ length: count }, (_, index) => bill(world, acme, { amount: `${index + 1}.00`, ...of })))
  const paid = async (invoices: readonly SandboxInvoice[]): Promise<number> =>
    (await Promise.all(invoices.map((invoice) => world.sandbox.operationsOn(invoice)))).flat().length
  const stop = (acme: Company) =>
    switchAutopay(world.parts, { state: 'stopped', organisationId: acme.id, author: COMMAND_LINE, reason: 'A test' })

  test('pays what its rules allow, once, from the fund alone, and tells why not the rest', async () => {
    const acme = await company(world)
    await rule(world, acme, { description: 'Аренда' })
    await rule(world, acme, { description: 'Мебель', do: 'ask' })
    await rule(world, acme, { description: 'Разное', do: 'hold' })
    const rent = await bill(world, acme, { amount: '1500.00', description: 'Аренда, ноябрь' })
    const furniture = await bill(world, acme, { amount: '2000.00', description: 'Мебель' })
    const other = await bill(world, acme, { amount: '300.00', description: 'Разное' })
    const unknown = await bill(world, acme, { amount: '400.00', description: 'Неизвестно что' })
    const again = await bill(world, acme, { amount: '1500.00', description: 'Аренда, ноябрь' })
    const before = await world.fund()
    const { items, problem } = await runs(world, { organisationId: acme.id })
    expect(problem).toBeNull()
    expect([rent, furniture, other, unknown, again].map((one) => told(items, one))).toEqual([
      'paid pay switch_on',
      'waiting ask approval_missing',
      'waiting hold rule_holds',
      expect.stringMatching(/^waiting hold no_rule/),
      'refused refuse duplicate_words',
    ])
    expect(itemOf(items, rent)?.why.map(({ gate }) => gate)).toEqual([
      'status',
      'duplicate',
      'rule',
      'limits',
      'fund',
      'approval',
      'switch',
    ])
    expect(await paymentOf(world, rent)).toMatchObject({ state: 'captured' })
    expect(Number((await world.fund()).balance)).toBe(Number(before.balance) - 1500)
    const next = await runs(world, { organisationId: acme.id })
    expect(next.items.filter(({ outcome }) => outcome === 'paid')).toEqual([])
    expect(await paymentsOf(world, rent)).toHaveLength(1)
    const { ours, theirs } = await bothFunds(world)
    expect(ours).toBe(theirs)
  })

  test('while it is off, and after it was stopped, nothing is paid, and it says so', async () => {
    const acme = await company(world, { on: false })
    await rule(world, acme)
    const [invoice] = await bills(acme, 1)
    expect(told((await runs(world, { organisationId: acme.id })).items, invoice as SandboxInvoice)).toBe('waiting wait switch_off')
    expect(await paid(await Promise.resolve([invoice as SandboxInvoice]))).toBe(0)
  })

  test('two at once: the second is refused until the first has ended; each invoice is paid once', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const invoices = await bills(acme, 5)
    const order = { author: COMMAND_LINE, scope: { organisationId: acme.id } }
    const first = await beginRun(world.parts, order)
    await expect(beginRun(world.parts, order)).rejects.toMatchObject({ code: 'autopay_running' })
    await Promise.all([first && carryOutRun(world.parts, first), first && carryOutRun(world.parts, first)])
    await runs(world, { organisationId: acme.id })
    expect(await paid(invoices)).toBe(5)
    expect((await world.payments()).filter(({ invoiceId }) => invoices.some(({ id }) => id === invoiceId))).toHaveLength(5)
  })

  test('stopped in mid-run: nothing more is held, and what was held is finished', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const invoices = await bills(acme, 24)
    let seen = 0
    atStep = async (step) => {
      if (step === 'before-hold' && ++seen === 18) await stop(acme)
    }
    const { items } = await runs(world, { organisationId: acme.id })
    const done = items.filter(({ outcome }) => outcome === 'paid').length
    expect(done).toBeGreaterThanOrEqual(16)
    expect(done).toBeLessThan(24)
    expect(await paid(invoices)).toBe(done)
    expect(new Set(items.filter(({ outcome }) => outcome === 'waiting').map(({ why }) => why.at(-1)?.code))).toEqual(
      new Set(['switch_stopped']),
    )
  })

  test('a rule that is switched off in mid-run pays nothing more', async () => {
    const acme = await company(world)
    const id = await rule(world, acme)
    const invoices = await bills(acme, 24)
    let seen = 0
    atStep = async (step) => {
      if (step === 'before-hold' && ++seen === 18) await world.db('autopay_rules').where({ id }).update({ state: 'off' })
    }
    const { items } = await runs(world, { organisationId: acme.id })
    const done = items.filter(({ outcome }) => outcome === 'paid').length
    expect(done).toBeLessThan(24)
    expect(await paid(invoices)).toBe(done)
    expect(items.find(({ outcome }) => outcome === 'waiting')).toMatchObject({ decision: 'hold' })
  })

  test('no limit is broken, though the payments of a chunk are made at the same time', async () => {
    const acme = await company(world, { perDay: 100n })
    await rule(world, acme, { description: 'A', limits: { day: '30.00' } })
    await rule(world, acme, { description: 'B' })
    const [first, second] = [await bills(acme, 10, { amount: '7.00', description: undefined }), [] as SandboxInvoice[]]
    for (const invoice of first) await world.sandbox.change(invoice, { description: `A ${invoice.number}` })
    for (let index = 0; index < 10; index++) second.push(await bill(world, acme, { amount: '11.00', description: `B ${index}` }))
    const { items } = await runs(world, { organisationId: acme.id })
    const sum = (invoices: readonly SandboxInvoice[]): bigint =>
      items
        .filter(({ outcome, invoiceId }) => outcome === 'paid' && invoices.some(({ id }) => id === invoiceId))
        .reduce((total, { amount }) => total + (amount?.minor ?? 0n), 0n)
    expect(sum(first)).toBe(2_800n)
    expect(sum(second)).toBe(6_600n)
    expect(told(items, second.at(-1) as SandboxInvoice)).toMatch(/over_budget_day|switch_on/)
  })

  test('a rule that is taken away and written anew goes on with what its name has spent', async () => {
    const acme = await company(world)
    const first = await rule(world, acme, { limits: { day: '10.00', month: '15.00' } })
    const [paidBefore] = (await bills(acme, 1, { amount: '7.00' })) as [SandboxInvoice]
    expect(told((await runs(world, { organisationId: acme.id })).items, paidBefore)).toBe('paid pay switch_on')
    const { name }: { name: string } = await world.db('autopay_rules').where({ id: first }).first('name')
    await world.db('autopay_rules').where({ id: first }).update({ state: 'removed' })
    const second = await rule(world, acme, { name, limits: { day: '10.00' } })
    const [more] = (await bills(acme, 1, { amount: '4.00' })) as [SandboxInvoice]
    expect(told((await runs(world, { organisationId: acme.id })).items, more)).toBe('waiting wait over_day')
    const no = { day: null, month: null }
    const whose = { decisionId: 'none', organisationId: acme.id, ruleId: second, payee: 'payee', amount: 400n }
    const limits = { organisation: no, rule: { day: 1_000n, month: null }, payeeDay: null }
    const spending = { ...spendingPeriods(world.clock.now(), 'Europe/Moscow'), ...whose, limits }
    await expect(inTransaction(world.db, (tx) => spendWithinLimits(tx, [spending]))).rejects.toMatchObject({ code: 'autopay_over_limit' })
  })

  test('the part of the fund that is kept for buyers stays, and the nearest deadline comes first', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const in_ = (hours: number) => new Date(world.clock.now().getTime() + hours * 3_600_000).toISOString()
    const later = await bill(world, acme, { amount: '300.00', expirationDate: in_(30) })
    const sooner = await bill(world, acme, { amount: '300.00', expirationDate: in_(5) })
    const balance = (await world.fund()).balance
    const floor = (amount: string) => setFloor(world.parts, { amount: parseMoney(amount, 'RUB'), reason: 'A test', actor: COMMAND_LINE })
    await floor((Number(balance) - 400).toFixed(2))
    const { items } = await runs(world, { organisationId: acme.id })
    await floor('0')
    expect([told(items, sooner), told(items, later)]).toEqual(['paid pay switch_on', 'waiting wait fund_short'])
  })

  test('an answer is lost: it waits as being checked, recovery captures it, one operation upstream', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const [invoice] = (await bills(acme, 1)) as [SandboxInvoice]
    await strikes(world, invoice, { kind: 'lose-answer' })
    const { id, items } = await runs(world, { organisationId: acme.id })
    expect(told(items, invoice)).toBe('waiting pay in_check')
    const [said] = itemOf(items, invoice)?.why.slice(-1) ?? []
    const reader = { language: 'ru', t: createTexts().translator('ru') } as const
    expect(said && whyText(said, reader)).toMatch(/^Оплата отправлена, ответа пока нет/)
    expect((await settled(world, invoice)).state).toBe('captured')
    await syncPayments(world.db, world.clock.now())
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
    // Nor does the run say any more that there is no answer.
    expect(told(await listItems(world.db, id, {}, { limit: 1 }), invoice)).toBe('paid pay switch_on')
    expect(await world.db('autopay_invoices').where({ id: invoice.id }).first('queue')).toEqual({ queue: 'paid' })
  })

  test('one that Invoicebox refuses is held for a person and not tried in each run; its neighbours are paid', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const [poison, other] = (await bills(acme, 2)) as [SandboxInvoice, SandboxInvoice]
    await strikes(world, poison, { kind: 'status', status: 422 })
    const { items } = await runs(world, { organisationId: acme.id })
    expect(told(items, other)).toBe('paid pay switch_on')
    expect(told(items, poison)).toMatch(/^waiting (hold rejected_before|pay in_check)$/)
    await settled(world, poison)
    await runs(world, { organisationId: acme.id })
    expect(await world.sandbox.operationsOn(poison)).toEqual([])
    expect((await paymentsOf(world, poison)).length).toBe(1)
  })

  test('a duplicate stays one after its twin was paid by somebody else, and after the twin has left the list', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const [twin, copy] = [
      await bill(world, acme, { amount: '31.00', number: '700-1', description: 'A' }),
      await bill(world, acme, { amount: '31.00', number: '700-1', description: 'B' }),
    ]
    const [part, other] = [
      await bill(world, acme, { amount: '32.00', number: '701-1', merchantOrderId: 'PO-9', description: 'C' }),
      await bill(world, acme, { amount: '33.00', number: '701-2', merchantOrderId: 'PO-9', description: 'D' }),
    ]
    await runs(world, { merchantOrder: 'PO-9' }).then(({ items }) => expect(told(items, other)).toBe('refused refuse duplicate_order'))
    expect((await paymentOf(world, part)).state).toBe('captured')
    await world.db('organisations').where({ id: acme.id }).update({ switch: 'off' })
    expect(told((await runs(world, { organisationId: acme.id })).items, copy)).toBe('refused refuse duplicate_number')
    await world.sandbox.change(twin, { status: 'paid' })
    await world.db('organisations').where({ id: acme.id }).update({ switch: 'on' })
    for (let times = 0; times < 2; times += 1)
      expect(told((await runs(world, { organisationId: acme.id })).items, copy)).toBe('refused refuse duplicate_number')
    expect(await world.db('autopay_invoices').where({ id: twin.id }).first('queue', 'status')).toEqual({ queue: 'closed', status: 'paid' })
    expect(await world.sandbox.operationsOn(copy)).toEqual([])
  })

  test('a payment that was taken back is not made again until a person lets it go on', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const [invoice] = (await bills(acme, 1)) as [SandboxInvoice]
    expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('paid pay switch_on')
    const { id } = await paymentOf(world, invoice)
    await world.sandbox.change(invoice, { status: 'pending' })
    await world.passes(1_000)
    await reversePayment(world.parts, { paymentId: id, reason: 'the shop has closed', author: COMMAND_LINE })
    for (let times = 0; times < 2; times += 1)
      expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('waiting hold reversed_before')
    expect(await world.db('autopay_invoices').where({ id: invoice.id }).first('queue')).toEqual({ queue: 'exception' })
    await world.passes(1_000)
    const amount = parseMoney('1.00', 'RUB')
    await releaseInvoice(world.parts, { invoiceId: invoice.id, amount, author: COMMAND_LINE, reason: 'It is open again', key: 'again' })
    expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('paid pay switch_on')
    expect(await paymentsOf(world, invoice)).toHaveLength(2)
  })

  test('by the clock: one run for each moment, whatever the number of workers', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const invoices = await bills(acme, 2)
    const now = world.clock.now()
    const schedule = { expression: `${now.getUTCMinutes()} ${now.getUTCHours()} * * *`, zone: 'UTC' }
    const carried = await Promise.all([runOnSchedule(world.parts, schedule), runOnSchedule(world.parts, schedule)])
    expect(carried.reduce((sum, one) => sum + one, 0)).toBe(1)
    expect(await paid(invoices)).toBe(2)
    expect(await runOnSchedule(world.parts, schedule)).toBe(0)
    expect((await listRuns(world.db, { organisations: undefined }, { limit: 1 }))[0]).toMatchObject({
      state: 'done',
      startedBy: 'system:autopay',
    })
    expect(await runOnSchedule(world.parts, null)).toBe(0)
  })
})
