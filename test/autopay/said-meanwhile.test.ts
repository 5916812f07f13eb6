import { randomUUID } from 'node:crypto'
import { beginRun, listItems, readOrganisations, refuseInvoice, requireInvoice, takeIn } from '../../src/autopay'
import { keepDecisions } from '../../src/autopay/decision-store'
import { finishRun } from '../../src/autopay/finish-run'
import { keepPlan } from '../../src/autopay/keep-plan'
import { makePlan } from '../../src/autopay/make-plan'
import { readInvoices } from '../../src/autopay/open-invoices'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor } from '../../src/shared/actor'
import { inTransaction } from '../../src/shared/database'
import { toDecimal } from '../../src/shared/money'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import { bill, company, rule, runs, told } from './organisations'
import type { Company } from './organisations'

describe.each(ENGINES)('what somebody says about an invoice while it is decided about on %s', (engine) => {
  let world: World
  let vera: StaffActor
  let acme: Company
  let invoice: SandboxInvoice
  beforeAll(async () => {
    world = await World.make({ engine })
    vera = (await StaffPerson.make(world, 'approver')).actor
  })
  beforeEach(async () => {
    acme = await company(world)
    await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: vera.id })
    await rule(world, acme, { do: 'ask' })
    invoice = await bill(world, acme, { amount: '600.00' })
    await runs(world, { organisationId: acme.id })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const stands = async (): Promise<unknown> => (await readInvoices(world.db, [invoice.id]))[0]?.queue

  /** Decides about everything of the company, as a run does; meanwhile somebody says something; then what was decided is kept. */
  async function decides(meanwhile: () => Promise<unknown>): Promise<readonly string[]> {
    const { items, context } = await makePlan(world.parts, { organisationId: acme.id })
    expect(items.map(({ decision }) => decision.decision)).toEqual(['ask'])
    await meanwhile()
    const keeping = { runId: null, at: context.now, organisations: context.organisations, before: new Map(), signed: () => [] }
    return (await inTransaction(world.db, (tx) => keepDecisions(tx, items, keeping))).map(({ decision }) => decision)
  }

  async function signs(): Promise<void> {
    const { amount } = await requireInvoice(world.db, vera, invoice.id)
    const payload = { invoice: invoice.id, roubles: toDecimal(amount?.minor ?? 0n) }
    await world.parts.approvals.submit(world.parts.deeds.invoices.approve, { payload, author: vera, reason: 'Ordered', key: randomUUID() })
  }

  test('an invoice that was signed meanwhile stays to be paid', async () => {
    expect(await decides(signs)).toEqual([])
    expect(await stands()).toBe('due')
  })

  test('an invoice that was refused meanwhile stays refused', async () => {
    expect(await decides(() => refuseInvoice(world.parts, { invoiceId: invoice.id, author: vera, reason: 'A fraud' }))).toEqual([])
    expect(await stands()).toBe('exception')
  })

  test('where nobody said anything the decision is kept', async () => {
    expect(await decides(() => Promise.resolve())).toEqual(['ask'])
    expect(await stands()).toBe('ask')
  })

  test('the report of a run does not ask for a signature that was given while it decided for the last time', async () => {
    const run = await beginRun(world.parts, { author: COMMAND_LINE, scope: { organisationId: acme.id } })
    if (!run) throw new Error('It was begun before.')
    const other = await bill(world, acme, { amount: '700.00' })
    await takeIn(world.parts, await readOrganisations(world.db), run.scope)
    const plan = await makePlan(world.parts, run.scope)
    await signs()
    await finishRun(world.parts, run, { problem: null, said: await keepPlan(world.parts, run, plan) })
    const items = await listItems(world.db, run.id, {}, { limit: 10 })
    expect([invoice, other].map((one) => told(items, one))).toEqual(['waiting wait changed_meanwhile', 'waiting ask approval_missing'])
    const next = await runs(world, { organisationId: acme.id })
    expect(told(next.items, invoice)).toBe('paid pay switch_on')
  })

  test.each([
    ['decided for the last time', true],
    ['was interrupted', false],
  ])('the report of a run tells as refused what somebody refused while it %s', async (_when, isToItsEnd) => {
    const run = await beginRun(world.parts, { author: COMMAND_LINE, scope: { organisationId: acme.id } })
    if (!run) throw new Error('It was begun before.')
    const plan = await makePlan(world.parts, run.scope)
    await refuseInvoice(world.parts, { invoiceId: invoice.id, author: vera, reason: 'A fraud' })
    await finishRun(world.parts, run, { problem: null, said: isToItsEnd ? await keepPlan(world.parts, run, plan) : null })
    expect(told(await listItems(world.db, run.id, {}, { limit: 10 }), invoice)).toBe('refused refuse refused_by_person')
  })
})
