import { randomUUID } from 'node:crypto'
import { delegate, refuseInvoice, releaseInvoice, signInvoice, withdrawDelegation } from '../../src/autopay'
import { lockOrganisation } from '../../src/autopay/organisation-store'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor } from '../../src/shared/actor'
import { DAY, plus } from '../../src/shared/clock'
import { inTransaction } from '../../src/shared/database'
import { parseMoney } from '../../src/shared/money'
import { changeRole, disableStaff } from '../../src/staff'
import { until } from '../support/until'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import { bill, company, rule, runs, told } from './organisations'

/** On PostgreSQL, where somebody can write while another one waits. */
describe('a turn to sign that was handed over', () => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine: 'postgres' })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  /** How many have come to wait for an organisation, or for an invoice. */
  let locked = 0
  beforeAll(() => {
    const ofOne = /^select \* from "(organisations|autopay_invoices)" where "id" = \$1 for (no key )?update$/
    world.db.on('query', ({ sql }: { sql: string }) => (locked += ofOne.test(sql) ? 1 : 0))
  })

  test('and is taken back while the stand-in waits to sign is not theirs any more', async () => {
    const [vera, oleg] = [(await StaffPerson.make(world, 'approver')).actor, (await StaffPerson.make(world, 'approver')).actor]
    const acme = await company(world, { steps: [{ from: '0', approvers: [vera.id] }] })
    for (const { id } of [vera, oleg]) await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: id })
    await rule(world, acme, { do: 'ask' })
    const invoice = await bill(world, acme, { amount: '100.00' })
    expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('waiting ask approval_missing')
    const now = world.clock.now()
    await delegate(world.parts, { toStaff: oleg.id, beginsAt: now, endsAt: plus(now, DAY), author: vera })
    const given: { id: string } = await world.db('autopay_delegations').where({ from_staff: vera.id }).first('id')

    let locks = 0
    world.db.on('query', ({ sql }: { sql: string }) => (locks += /"organisations".*for no key update/.test(sql) ? 1 : 0))
    const amount = parseMoney('100.00', 'RUB')
    const order = { invoiceId: invoice.id, amount, author: oleg, reason: 'Ordered', key: randomUUID() }
    const signing = await inTransaction(world.db, async (tx) => {
      await lockOrganisation(tx, acme.id)
      const waiting = Promise.allSettled([signInvoice(world.parts, order)])
      await until(() => locks === 2)
      await withdrawDelegation(world.parts, given.id, vera)
      return { waiting }
    })
    const [signed] = await signing.waiting
    expect(signed).toMatchObject({ status: 'rejected', reason: { code: 'forbidden' } })
    expect(await world.db('autopay_signatures').where({ invoice_id: invoice.id })).toEqual([])
  })

  test('who loses the role or the organisation while their word about an invoice is on its way has said nothing', async () => {
    const acme = await company(world)
    await rule(world, acme, { do: 'ask' })
    const invoice = await bill(world, acme, { amount: '100.00' })
    await runs(world, { organisationId: acme.id })
    const amount = parseMoney('100.00', 'RUB')
    const assigned = async () => {
      const { actor } = await StaffPerson.make(world, 'approver')
      await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: actor.id })
      return actor
    }
    const said = (author: StaffActor) => {
      const order = { invoiceId: invoice.id, amount, author, reason: 'Ordered', key: randomUUID() }
      return [signInvoice, refuseInvoice, releaseInvoice].map((say) => say(world.parts, order))
    }
    const by = () => ({ author: COMMAND_LINE, reason: 'Gone', key: randomUUID() })
    const { staff } = world.parts
    for (const lose of [disableStaff, (of: typeof staff, id: string) => changeRole(of, id, 'support', by())]) {
      const late = await assigned()
      await lose(staff, late.id, by())
      for (const word of await Promise.allSettled(said(late)))
        expect(word).toMatchObject({ status: 'rejected', reason: { code: 'forbidden' } })
    }

    const moved = await assigned()
    const words = await inTransaction(world.db, async (tx) => {
      await lockOrganisation(tx, acme.id)
      await tx('autopay_invoices').where({ id: invoice.id }).forUpdate().select('id')
      const before = locked
      const waiting = Promise.allSettled(said(moved))
      await until(() => locked === before + 3)
      await tx('organisation_staff').where({ staff_id: moved.id }).delete()
      return { waiting }
    })
    for (const word of await words.waiting) expect(word).toMatchObject({ status: 'rejected', reason: { code: 'not_found' } })
    expect(await world.db('autopay_signatures').where({ invoice_id: invoice.id })).toEqual([])
    expect(await world.db('autopay_verdicts').where({ invoice_id: invoice.id })).toEqual([])
  })
})
