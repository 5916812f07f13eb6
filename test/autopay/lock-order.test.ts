import { randomUUID } from 'node:crypto'
import { lapseSignatures, requireOrganisation, signInvoice, syncPayments } from '../../src/autopay'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor } from '../../src/shared/actor'
import { DAY } from '../../src/shared/clock'
import type { Tx } from '../../src/shared/database'
import { parseMoney } from '../../src/shared/money'
import { someoneWaits } from '../support/locks'
import type { SandboxInvoice } from '../support/sandbox-control'
import { StaffPerson } from '../support/staff'
import { until } from '../support/until'
import { World } from '../support/world'
import { bill, company, rule, runs, told } from './organisations'
import type { Company } from './organisations'

/** On PostgreSQL, where two that lock the same rows in opposite orders stop each other for a second, and one of them begins anew. */
describe('invoices are locked before what was said about them, and in the order of their ids', () => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine: 'postgres' })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  /** Keeps a row for itself, lets others come up to it, and then asks whether they hold another one that a reading of this one would need next. */
  async function othersHold(
    first: { readonly table: 'autopay_invoices'; readonly where: object },
    second: { readonly table: 'autopay_invoices' | 'autopay_signatures'; readonly where: object },
    others: () => Promise<unknown>,
  ): Promise<boolean> {
    const lock = (tx: Tx, { table, where }: typeof second) => tx(table).where(where).forUpdate().select('id')
    const held = await world.db.transaction(async (tx) => {
      expect(await lock(tx, first)).toHaveLength(1)
      const waiting = others()
      await until(() => someoneWaits(world.db))
      const isHeld = await tx
        .transaction((inner) => lock(inner, second).noWait())
        .then(
          () => false,
          () => true,
        )
      return { isHeld, waiting }
    })
    await held.waiting
    return held.isHeld
  }

  async function signed(): Promise<{ acme: Company; vera: StaffActor; invoice: SandboxInvoice }> {
    const vera = (await StaffPerson.make(world, 'approver')).actor
    const oleg = (await StaffPerson.make(world, 'approver')).actor
    const steps = [
      { from: '0', approvers: [vera.id] },
      { from: '1', approvers: [oleg.id] },
    ]
    const acme = await company(world, { steps })
    for (const { id } of [vera, oleg]) await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: id })
    await rule(world, acme, { do: 'ask' })
    const invoice = await bill(world, acme, { amount: '100.00' })
    expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('waiting ask approval_missing')
    const order = { invoiceId: invoice.id, amount: parseMoney('100.00', 'RUB'), author: vera, reason: 'Ordered', key: randomUUID() }
    await signInvoice(world.parts, order)
    return { acme, vera, invoice }
  }

  const ofInvoice = ({ id }: SandboxInvoice) => ({ table: 'autopay_invoices', where: { id } }) as const
  const ofSignature = ({ id }: SandboxInvoice) => ({ table: 'autopay_signatures', where: { invoice_id: id } }) as const
  const ended = async ({ id }: SandboxInvoice): Promise<string[]> =>
    world.db('autopay_signatures').where({ invoice_id: id }).pluck('ended_why')

  test('by whoever changes the steps of an organisation', async () => {
    const { acme, vera, invoice } = await signed()
    const { name, vatNumber, perDay, perMonth } = await requireOrganisation(world.db, COMMAND_LINE, acme.id)
    expect([perDay, perMonth]).toEqual([null, null])
    const payload = { organisationId: acme.id, name, vatNumber, perDay: null, perMonth: null, steps: `0.00 ${vera.id}`, staff: vera.id }
    const by = { author: COMMAND_LINE, reason: 'test', key: randomUUID() }
    const change = () => world.parts.deeds.organisations.change.perform(payload, by)
    expect(await othersHold(ofInvoice(invoice), ofSignature(invoice), change)).toBe(false)
    expect(await ended(invoice)).toEqual(['steps_changed'])
  })

  test('by the job that ends signatures of three days ago', async () => {
    const { invoice } = await signed()
    const later = { ...world.parts, clock: { now: () => new Date(world.clock.now().getTime() + 4 * DAY) } }
    expect(await othersHold(ofInvoice(invoice), ofSignature(invoice), () => lapseSignatures(later))).toBe(false)
    expect(await ended(invoice)).toEqual(['lapsed'])
  })

  test('by the job that notices what became of payments', async () => {
    const acme = await company(world)
    await rule(world, acme)
    const both = [await bill(world, acme, { amount: '10.00' }), await bill(world, acme, { amount: '11.00' })]
    await runs(world, { organisationId: acme.id })
    const [low = '', high = ''] = both.map(({ id }) => id).sort()
    for (const id of [high, low]) await world.db('autopay_invoices').where({ id }).update({ queue: 'paying' })
    const of = (id: string) => ({ table: 'autopay_invoices', where: { id } }) as const
    expect(await othersHold(of(low), of(high), () => syncPayments(world.db, world.clock.now()))).toBe(false)
    expect(await world.db('autopay_invoices').whereIn('id', [low, high]).pluck('queue')).toEqual(['paid', 'paid'])
  })
})
