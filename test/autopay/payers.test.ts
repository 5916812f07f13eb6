import { readHistory, readOrganisations, switchAutopay, takeIn } from '../../src/autopay'
import type { InvoiceHistory } from '../../src/autopay'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { FaultPoint } from '../../src/payments'
import type { SandboxInvoice } from '../support/sandbox-control'
import { World } from '../support/world'
import { paymentOf } from '../payments/steps'
import { bill, company, itemOf, rule, runs, told } from './organisations'
import type { Company } from './organisations'

describe('whose invoice it is', () => {
  let world: World
  /** What happens when a payment comes to a step; a test that wants something sets it. */
  let atStep: (step: FaultPoint) => void | Promise<void> = () => undefined
  beforeAll(async () => {
    world = await World.make({ faultPoint: (step) => atStep(step) })
  })
  afterEach(async () => {
    atStep = () => undefined
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const kept = (invoice: SandboxInvoice) => world.db('autopay_invoices').where({ id: invoice.id }).first('queue', 'organisation_id')
  const turn = (acme: Company, state: 'on' | 'stopped') =>
    switchAutopay(world.parts, { state, organisationId: acme.id, author: COMMAND_LINE, reason: 'A test' })
  const legal = ({ vatNumber, name }: { vatNumber: string; name: string }) => ({ customer: { type: 'legal', name, vatNumber } })
  const STRANGER = legal({ vatNumber: '7801234567', name: 'A stranger' })
  const NOBODY = [STRANGER, { customer: { type: 'private', name: 'Anna Petrova' } }, { customer: {} }]
  const reads = async () => takeIn(world.parts, await readOrganisations(world.db))

  test('an invoice whose payer became somebody else is closed, and never paid from the fund', async () => {
    const acme = await company(world)
    await rule(world, acme)
    await turn(acme, 'stopped')
    const invoices: SandboxInvoice[] = []
    for (const index of [1, 2, 3]) invoices.push(await bill(world, acme, { amount: `${index}.00`, description: `N ${index}` }))
    const waiting = await runs(world, { organisationId: acme.id })
    expect(invoices.map((invoice) => told(waiting.items, invoice))).toEqual(Array(3).fill('waiting wait switch_stopped'))
    for (const [index, payer] of NOBODY.entries()) await world.sandbox.change(invoices[index] as SandboxInvoice, payer)
    await turn(acme, 'on')
    const { items } = await runs(world, { organisationId: acme.id })
    for (const invoice of invoices) {
      expect(itemOf(items, invoice)).toBeUndefined()
      expect(await world.sandbox.operationsOn(invoice)).toEqual([])
      expect(await kept(invoice)).toMatchObject({ queue: 'closed' })
    }
    const [first] = invoices as [SandboxInvoice]
    await world.sandbox.change(first, legal(acme))
    expect(told((await runs(world, { organisationId: acme.id })).items, first)).toBe('paid pay switch_on')
  })

  test('the history of an invoice that moved to another organisation tells each what was decided while it was theirs', async () => {
    const [acme, other] = [await company(world), await company(world)]
    await rule(world, acme, { name: 'secret rule', do: 'hold' })
    const invoice = await bill(world, acme, { amount: '8.00', description: 'moves' })
    await runs(world, { organisationId: acme.id })
    const theirs = { id: invoice.id, organisationId: acme.id }
    const named = (history: InvoiceHistory): string[] => history.decisions.map(({ rule: one }) => one?.name ?? 'none')
    expect(named(await readHistory(world.db, theirs, { isWhole: false }))).toEqual(['secret rule'])
    await world.sandbox.change(invoice, legal(other))
    await runs(world, { organisationId: other.id })
    const moved = { id: invoice.id, organisationId: other.id }
    const seen = await readHistory(world.db, moved, { isWhole: false })
    expect(named(seen)).toEqual(['none'])
    expect([seen.changes.map(({ field }) => field), named(seen).includes('secret rule')]).toEqual([['payer'], false])
    expect(named(await readHistory(world.db, moved, { isWhole: true }))).toEqual(['none', 'secret rule'])
  })

  test('a payer that changes while a run pays stops the payment: a stranger’s is closed, another organisation’s is decided about anew', async () => {
    const [acme, other] = [await company(world), await company(world)]
    await rule(world, acme)
    const invoices: SandboxInvoice[] = []
    for (let index = 1; index <= 20; index += 1)
      invoices.push(await bill(world, acme, { amount: `${index}.00`, description: `M ${index}`, expirationDate: dueIn(index) }))
    const [theirs, nobodys] = invoices.slice(18) as [SandboxInvoice, SandboxInvoice]
    let isMoved = false
    atStep = async (step) => {
      if (step !== 'before-hold' || isMoved) return
      isMoved = true
      await world.sandbox.change(theirs, legal(other))
      await world.sandbox.change(nobodys, STRANGER)
    }
    const { items } = await runs(world, { organisationId: acme.id })
    expect(items.filter(({ outcome }) => outcome === 'paid')).toHaveLength(18)
    expect(await world.sandbox.operationsOn(theirs)).toEqual([])
    expect(await world.sandbox.operationsOn(nobodys)).toEqual([])
    expect(await kept(theirs)).toMatchObject({ organisation_id: other.id })
    expect(await kept(nobodys)).toMatchObject({ queue: 'closed' })
    await rule(world, other)
    await runs(world)
    expect(await paymentOf(world, theirs)).toMatchObject({ state: 'captured', organisationId: other.id })
  })

  test('what was signed for one organisation does not count for another, and what is paid stays with whoever paid', async () => {
    const [acme, other] = [await company(world), await company(world)]
    for (const one of [acme, other]) await rule(world, one, { description: 'Мебель', do: 'ask' })
    const invoice = await bill(world, acme, { amount: '100.00', description: 'Мебель' })
    await runs(world)
    const at = world.clock.now()
    await world.db('autopay_signatures').insert({
      id: '00000000-0000-7000-8000-000000000002',
      invoice_id: invoice.id,
      step: 0,
      amount: 10_000,
      currency: 'RUB',
      staff_id: 'somebody',
      reason: 'x',
      key: 'k',
      signed_at: at.toISOString(),
      lapses_at: new Date(at.getTime() + 1e8).toISOString(),
    })
    await world.sandbox.change(invoice, legal(other))
    expect(told((await runs(world)).items, invoice)).toBe('waiting ask approval_missing')
    expect(await kept(invoice)).toEqual({ queue: 'ask', organisation_id: other.id })
    expect(await world.db('autopay_signatures').where({ invoice_id: invoice.id }).first('ended_why')).toEqual({
      ended_why: 'payer_changed',
    })
    expect(await world.db('autopay_changes').where({ invoice_id: invoice.id }).select('field', 'before', 'after')).toEqual([
      { field: 'payer', before: null, after: other.vatNumber },
    ])

    await rule(world, acme, { description: 'Ковёр' })
    const carpet = await bill(world, acme, { amount: '50.00', description: 'Ковёр' })
    expect(told((await runs(world, { organisationId: acme.id })).items, carpet)).toBe('paid pay switch_on')
    await world.sandbox.change(carpet, legal(other))
    await takeIn(world.parts, await readOrganisations(world.db), { invoiceId: carpet.id })
    await reads()
    expect(await kept(carpet)).toEqual({ queue: 'paid', organisation_id: acme.id })
  })

  const dueIn = (hours: number): string => new Date(world.clock.now().getTime() + hours * 3_600_000).toISOString()
})
