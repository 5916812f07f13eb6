import { randomUUID } from 'node:crypto'
import {
  activeDelegations,
  delegate,
  lapseSignatures,
  readAssigned,
  refuseInvoice,
  requireInvoice,
  withdrawDelegation,
  delegationsOf,
} from '../../src/autopay'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor, StaffRole } from '../../src/shared/actor'
import { refuseUnlessSigned } from '../../src/autopay/refuse-unless-signed'
import { spendingPeriods, spendWithinLimits } from '../../src/autopay/spending'
import { inTransaction } from '../../src/shared/database'
import { parseMoney, toDecimal } from '../../src/shared/money'
import { setStaffEmail } from '../../src/staff'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import { bill, company, rule, runs, told } from './organisations'
import type { Company } from './organisations'

const DAY_MS = 86_400_000
type Five = [StaffActor, StaffActor, StaffActor, StaffActor, StaffActor]

describe.each(ENGINES)('approval of invoices on %s', (engine) => {
  let world: World
  let [vera, oleg, nina, eva, root] = [] as unknown as Five
  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_ROUBLES: '5000', MAIL_URL: 'console:' } })
    const roles = ['approver', 'approver', 'operator', 'viewer', 'admin'] as const
    ;[vera, oleg, nina, eva, root] = (await Promise.all(roles.map(person))) as Five
    for (const { id, login } of [vera, oleg, nina, eva, root])
      await setStaffEmail(world.parts.staff, id, `${login}@example.test`, { author: COMMAND_LINE, reason: 'test' })
  })
  const person = async (role: StaffRole): Promise<StaffActor> => (await StaffPerson.make(world, role)).actor
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  /** An organisation with everybody assigned, and a rule that asks. */
  async function asking(steps: { from: string; approvers: string[] }[] = []): Promise<Company> {
    const acme = await company(world, { steps })
    for (const { id } of [vera, oleg, nina, eva]) await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: id })
    await rule(world, acme, { do: 'ask' })
    return acme
  }

  async function asked(acme: Company, amount = '100.00'): Promise<SandboxInvoice> {
    const invoice = await bill(world, acme, { amount })
    expect(told((await runs(world, { organisationId: acme.id })).items, invoice)).toBe('waiting ask approval_missing')
    return invoice
  }

  const sign = async (invoice: { id: string }, author: StaffActor, key: string = randomUUID()): Promise<string> => {
    const { amount } = await requireInvoice(world.db, author, invoice.id)
    const payload = { invoice: invoice.id, roubles: toDecimal(amount?.minor ?? 0n) }
    return (await world.parts.approvals.submit(world.parts.deeds.invoices.approve, { payload, author, reason: 'Ordered', key })).state
  }
  const release = async (invoice: { id: string }, author: StaffActor, key: string = randomUUID()): Promise<string> => {
    const { amount } = await requireInvoice(world.db, author, invoice.id)
    const payload = { invoice: invoice.id, roubles: toDecimal(amount?.minor ?? 0n) }
    return (await world.parts.approvals.submit(world.parts.deeds.invoices.release, { payload, author, reason: 'Looked at', key })).state
  }
  const queueOf = async (invoice: { id: string }): Promise<string> =>
    String(((await world.db('autopay_invoices').where({ id: invoice.id })) as { queue: string }[])[0]?.queue)
  const outcome = async (acme: Company, invoice: SandboxInvoice): Promise<string> =>
    told((await runs(world, { organisationId: acme.id })).items, invoice)

  /** Who is asked by letter to sign for this organisation: the logins, and how many invoices each is told of, letter by letter. */
  async function lettersTo(acme: Company): Promise<string[]> {
    while ((await world.parts.notices.queue()) > 0);
    const rows: { recipient: string; data: string }[] = await world
      .db('notices as n')
      .join('autopay_outbox as o', 'o.id', 'n.source')
      .where({ 'n.topic': 'autopay_approval', 'o.organisation_id': acme.id })
      .orderBy('o.id')
      .select('n.recipient', 'n.data')
    const logins = new Map([vera, oleg, nina, eva, root].map(({ id, login }) => [`staff:${id}`, login]))
    return rows.map(({ recipient, data }) => `${logins.get(recipient) ?? recipient} ${(JSON.parse(data) as { count: string }).count}`)
  }

  test('anybody of the organisation who may approve signs where no steps are set; then the next run pays', async () => {
    const acme = await asking()
    const invoice = await asked(acme)
    await expect(sign(invoice, eva)).rejects.toMatchObject({ code: 'forbidden' })
    const key = randomUUID()
    expect([await sign(invoice, vera, key), await sign(invoice, vera, key)]).toEqual(['done', 'done'])
    expect(await queueOf(invoice)).toBe('due')
    const isInHand = (id: string): Promise<boolean> => world.parts.isBeingPaid(id)
    expect([await isInHand(invoice.id), await isInHand(randomUUID())]).toEqual([true, false]) // Nothing of ours is added to it.
    await expect(sign(invoice, oleg)).rejects.toMatchObject({ code: 'request_not_open' })
    expect(await outcome(acme, invoice)).toBe('paid pay switch_on')
  })

  test('steps by amount are signed in their order by different persons; whoever is next is told', async () => {
    const acme = await asking([
      { from: '5000', approvers: [vera.id, oleg.id] },
      { from: '50000', approvers: [vera.id, nina.id] },
    ])
    const small = await asked(acme, '100.00')
    await expect(sign(small, nina)).rejects.toMatchObject({ code: 'forbidden' })
    const large = await asked(acme, '600.00')
    await expect(sign(large, nina)).rejects.toMatchObject({ code: 'forbidden' })
    const first = [vera, vera, oleg, oleg].map(({ login }) => `${login} 1`)
    expect((await lettersTo(acme)).sort()).toEqual([...first].sort())
    await sign(large, vera)
    expect(await queueOf(large)).toBe('ask')
    await expect(sign(large, vera)).rejects.toMatchObject({ code: 'already_signed' })
    expect(await world.db('autopay_outbox').where({ organisation_id: acme.id, topic: 'approval' })).toHaveLength(3)
    // Vera has signed and is asked no more; the run's own request, read once more when nothing comes late, asks nobody else.
    expect((await lettersTo(acme)).sort()).toEqual([...first, `${nina.login} 1`].sort())
    await world.passes(11 * 60_000)
    expect((await lettersTo(acme)).sort()).toEqual([...first, `${nina.login} 1`].sort())
    await sign(large, nina)
    await sign(small, oleg)
    expect([await outcome(acme, large), await queueOf(small)]).toEqual(['paid pay switch_on', 'paid'])
  })

  test('an admin whom a step names is written to without being assigned; who may not sign, or has left, is not; contacts hear of results alone', async () => {
    const acme = await asking([
      { from: '5000', approvers: [root.id, vera.id, eva.id] },
      { from: '50000', approvers: [nina.id] },
    ])
    await world.db('organisations').where({ id: acme.id }).update({ contacts: '["buh@acme.example"]' })
    const left = { disabled_at: world.clock.now().toISOString() }
    await world.db('staff').where({ id: vera.id }).update(left)
    await Promise.all(['100.00', '600.00'].map((amount) => bill(world, acme, { amount })))
    await runs(world, { organisationId: acme.id })
    expect(await lettersTo(acme)).toEqual([`${root.login} 2`])
    await world.db('staff').where({ id: vera.id }).update({ disabled_at: null })
    const staffless = await company(world)
    await rule(world, staffless, { do: 'ask' })
    await bill(world, staffless, { amount: '50.00' })
    await runs(world, { organisationId: staffless.id })
    // Nobody is assigned, so that admins alone can sign.
    expect(await lettersTo(staffless)).toEqual([`${root.login} 1`])
  })

  test('changed steps end what was signed, whether an invoice still waits for a signature or is to be paid', async () => {
    const acme = await asking([
      { from: '5000', approvers: [vera.id] },
      { from: '50000', approvers: [oleg.id] },
    ])
    const [half, whole] = [await asked(acme, '600.00'), await asked(acme, '70.00')]
    await sign(half, vera)
    await sign(whole, vera)
    expect([await queueOf(half), await queueOf(whole)]).toEqual(['ask', 'due'])
    const staff = (await readAssigned(world.db, acme.id)).join(' ')
    const steps = `20.00 ${nina.id}; 50.00 ${vera.id}; 500.00 ${oleg.id}`
    const body = { organisationId: acme.id, name: acme.name, vatNumber: acme.vatNumber, perDay: null, perMonth: null, steps, staff }
    const by = { author: COMMAND_LINE, reason: 'Nina looks first', key: randomUUID() }
    await world.parts.deeds.organisations.change.perform(body, by)
    expect([await queueOf(half), await queueOf(whole)]).toEqual(['new', 'new'])
    expect(await world.db('autopay_signatures').where({ invoice_id: half.id }).first('ended_why')).toEqual({ ended_why: 'steps_changed' })
    expect([await outcome(acme, half), await outcome(acme, whole)]).toEqual([
      'waiting ask approval_missing',
      'waiting ask approval_missing',
    ])
    await expect(sign(half, oleg)).rejects.toMatchObject({ code: 'forbidden' })
    for (const invoice of [half, whole]) for (const who of [nina, vera]) await sign(invoice, who)
    await sign(half, oleg)
    expect([await outcome(acme, half), await queueOf(whole)]).toEqual(['paid pay switch_on', 'paid'])
  })

  test('somebody stands in for an approver who is away, but nobody signs twice that way', async () => {
    const acme = await asking([
      { from: '0', approvers: [vera.id] },
      { from: '10', approvers: [vera.id, nina.id] },
    ])
    const invoice = await asked(acme)
    await expect(sign(invoice, oleg)).rejects.toMatchObject({ code: 'forbidden' })
    const now = world.clock.now()
    const span = { beginsAt: now, endsAt: new Date(now.getTime() + DAY_MS) }
    await expect(delegate(world.parts, { toStaff: eva.id, ...span, author: vera })).rejects.toMatchObject({ code: 'bad_input' })
    await delegate(world.parts, { toStaff: oleg.id, ...span, author: vera })
    expect((await lettersTo(acme)).sort()).toEqual([`${oleg.login} 1`, `${vera.login} 1`].sort())
    await sign(invoice, oleg)
    expect(await world.db('autopay_signatures').where({ invoice_id: invoice.id }).first('staff_id', 'on_behalf_of')).toEqual({
      staff_id: oleg.id,
      on_behalf_of: vera.id,
    })
    await expect(sign(invoice, vera)).rejects.toMatchObject({ code: 'already_signed' })
    const [given] = await delegationsOf(world.db, vera.id, now)
    // Who has left, or may not sign any more, has no turn to hand over.
    for (const [gone, back] of [
      [{ disabled_at: now.toISOString() }, { disabled_at: null }],
      [{ role: 'viewer' }, { role: 'approver' }],
    ]) {
      expect(await activeDelegations(world.db, oleg.id, now)).toHaveLength(1)
      await world.db('staff').where({ id: vera.id }).update(gone)
      expect(await activeDelegations(world.db, oleg.id, now)).toEqual([])
      await world.db('staff').where({ id: vera.id }).update(back)
    }
    await withdrawDelegation(world.parts, given?.id ?? '', vera)
    const other = await asked(acme, '120.00')
    await expect(sign(other, oleg)).rejects.toMatchObject({ code: 'forbidden' })
    await sign(invoice, nina)
    expect(await outcome(acme, invoice)).toBe('paid pay switch_on')
  })

  test('a signature lapses after 72 hours, and with a changed amount; a run that counted on it pays nothing', async () => {
    const acme = await asking()
    const far = { expirationDate: new Date(world.clock.now().getTime() + 30 * DAY_MS).toISOString() }
    const invoice = await bill(world, acme, { amount: '100.00', ...far })
    await runs(world, { organisationId: acme.id })
    await sign(invoice, vera)
    await world.passes(3 * DAY_MS + 60_000)
    expect(await lapseSignatures(world.parts)).toBe(1)
    expect(await outcome(acme, invoice)).toBe('waiting ask approval_missing')
    await sign(invoice, vera)
    await world.sandbox.change(invoice, { amount: '101.00' })
    const payload = { invoice: invoice.id, roubles: '100.00' }
    expect(await outcome(acme, invoice)).toBe('waiting ask approval_missing')
    const order = { payload, author: oleg, reason: 'Ordered', key: randomUUID() }
    await expect(world.parts.approvals.submit(world.parts.deeds.invoices.approve, order)).rejects.toMatchObject({ code: 'amount_changed' })
    await sign(invoice, oleg)
    expect(await outcome(acme, invoice)).toBe('paid pay switch_on')
  })

  test('a signature that ends between the decision and the hold stops the payment, and so does a limit that is used up meanwhile', async () => {
    const acme = await asking()
    const invoice = await asked(acme)
    await sign(invoice, vera)
    const hold = { invoiceId: invoice.id, organisationId: acme.id, amount: parseMoney('100.00', 'RUB'), steps: [0], at: world.clock.now() }
    const holds = (of: Partial<typeof hold>) => inTransaction(world.db, (tx) => refuseUnlessSigned(tx, [{ ...hold, ...of }]))
    await holds({})
    const later = new Date(hold.at.getTime() + 4 * DAY_MS)
    for (const other of [{ amount: parseMoney('100.01', 'RUB') }, { organisationId: randomUUID() }, { steps: [0, 1] }, { at: later }])
      await expect(holds(other)).rejects.toMatchObject({ code: 'autopay_not_signed' })

    const whose = { decisionId: 'none', organisationId: acme.id, ruleId: 'rule', payee: 'payee', amount: 101n }
    const no = { day: null, month: null }
    const limits = { organisation: no, rule: no, payeeDay: null }
    const spending = { ...spendingPeriods(world.clock.now(), 'Europe/Moscow'), ...whose, limits }
    for (const one of [{ organisation: { day: 100n, month: null } }, { rule: { day: null, month: 100n } }, { payeeDay: 100n }])
      await expect(
        inTransaction(world.db, (tx) => spendWithinLimits(tx, [{ ...spending, limits: { ...limits, ...one } }])),
      ).rejects.toMatchObject({ code: 'autopay_over_limit' })
  })

  test('above the amount for one person a signature waits for a second one, and the maker is not the checker', async () => {
    const acme = await asking()
    const invoice = await asked(acme, '6000.00')
    expect(await sign(invoice, vera)).toBe('waiting')
    const { id }: { id: string } = await world
      .db('approvals')
      .where({ subject: `invoice:${invoice.id}` })
      .first('id')
    await expect(world.parts.approvals.approve(id, vera)).rejects.toMatchObject({ code: 'own_request' })
    expect(await world.parts.approvals.approve(id, oleg)).toMatchObject({ outcome: 'done' })
    expect(await outcome(acme, invoice)).toBe('paid pay switch_on')
  })

  test('signatures and releases of one person alone count together for a day; with a second signer in the steps they are nobody’s alone', async () => {
    const [acme, two] = [await asking(), await asking([{ from: '0', approvers: [vera.id] }, { from: '0', approvers: [oleg.id] }])] // prettier-ignore
    const paula = await person('approver')
    for (const { id } of [acme, two]) await world.db('organisation_staff').insert({ organisation_id: id, staff_id: paula.id })
    const [first, second, third] = [await asked(acme, '3000.00'), await asked(acme, '1999.00'), await asked(acme, '2.00')]
    const key = randomUUID()
    expect([await sign(first, paula, key), await sign(second, paula), await sign(third, paula)]).toEqual(['done', 'done', 'waiting'])
    // A form that is sent again is told again, and another person begins anew.
    expect([await sign(first, paula, key), await sign(third, oleg)]).toEqual(['done', 'done'])
    for (const amount of ['4000.00', '4001.00']) {
      const both = await asked(two, amount)
      for (const who of [vera, oleg]) expect(await sign(both, who)).toBe('done')
    }
    const states: string[] = []
    for (const amount of ['3000.00', '2001.00']) {
      const held = await asked(acme, amount)
      await refuseInvoice(world.parts, { invoiceId: held.id, author: vera, reason: 'Not ordered' })
      states.push(await release(held, paula))
    }
    expect(states).toEqual(['done', 'waiting'])
  })

  test('refused by a person it stands under Exceptions until somebody lets it go on; so does a duplicate', async () => {
    const acme = await asking()
    const invoice = await asked(acme)
    await refuseInvoice(world.parts, { invoiceId: invoice.id, author: vera, reason: 'Not ordered' })
    expect(await outcome(acme, invoice)).toBe('refused refuse refused_by_person')
    expect(await queueOf(invoice)).toBe('exception')
    const release = (author: StaffActor, of: { id: string }) =>
      world.parts.approvals.submit(world.parts.deeds.invoices.release, {
        payload: { invoice: of.id, roubles: '100.00' },
        author,
        reason: 'It was ordered',
        key: randomUUID(),
      })
    await expect(release(eva, invoice)).rejects.toMatchObject({ code: 'forbidden' })
    await release(oleg, invoice)
    expect(await outcome(acme, invoice)).toBe('waiting ask approval_missing')

    const twin = await bill(world, acme, { amount: '100.00', number: invoice.number })
    expect(await outcome(acme, twin)).toBe('refused refuse duplicate_number')
    await release(oleg, twin)
    expect(await outcome(acme, twin)).toBe('waiting ask approval_missing')
    for (const one of [invoice, twin]) await sign(one, vera)
    expect([await outcome(acme, twin), await queueOf(invoice)]).toEqual(['paid pay switch_on', 'paid'])
    // Whoever let it go on had looked at that one invoice, and at no other.
    const third = await bill(world, acme, { amount: '100.00', number: 'other', description: 'Other', merchantOrderId: 'PO-1' })
    await runs(world, { merchantOrder: 'PO-1' })
    await refuseInvoice(world.parts, { invoiceId: third.id, author: vera, reason: 'Not ordered' })
    await release(oleg, third)
    const fourth = await bill(world, acme, { amount: '100.00', number: 'other', description: 'Else' })
    await runs(world, { organisationId: acme.id })
    await world.sandbox.change(fourth, { status: 'paid' })
    expect(await outcome(acme, third)).toBe('refused refuse duplicate_number')
    await release(oleg, third)
    expect(await outcome(acme, third)).toBe('waiting ask approval_missing')
  })
})
