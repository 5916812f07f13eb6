import { randomUUID } from 'node:crypto'
import { readRequest } from '../../src/approvals'
import { delegate, delegationsOf, refuseInvoice, requireInvoice, withdrawDelegation } from '../../src/autopay'
import type { InvoiceDeeds } from '../../src/autopay'
import type { StaffActor } from '../../src/shared/actor'
import { DAY, plus } from '../../src/shared/clock'
import { toDecimal } from '../../src/shared/money'
import { cutOff } from '../support/cut-off'
import { ENGINES } from '../support/databases'
import type { SandboxInvoice } from '../support/sandbox-control'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import { bill, company, rule, runs, told } from './organisations'
import type { Company } from './organisations'

describe.each(ENGINES)('what people say of an invoice counts once on %s', (engine) => {
  let world: World
  let [vera, oleg, nina] = [] as unknown as [StaffActor, StaffActor, StaffActor]
  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_ROUBLES: '5000' } })
    ;[vera, oleg, nina] = (await Promise.all(
      (['approver', 'approver', 'operator'] as const).map(async (role) => (await StaffPerson.make(world, role)).actor),
    )) as [StaffActor, StaffActor, StaffActor]
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  /** An organisation with everybody assigned, and a rule that asks. */
  async function asking(): Promise<Company> {
    const acme = await company(world)
    for (const { id } of [vera, oleg, nina]) await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: id })
    await rule(world, acme, { do: 'ask' })
    return acme
  }
  const outcome = async (acme: Company, invoice: SandboxInvoice): Promise<string> =>
    told((await runs(world, { organisationId: acme.id })).items, invoice)
  async function asked(acme: Company, amount = '100.00'): Promise<SandboxInvoice> {
    const invoice = await bill(world, acme, { amount })
    expect(await outcome(acme, invoice)).toBe('waiting ask approval_missing')
    return invoice
  }
  const says = async (word: keyof InvoiceDeeds, invoice: { id: string }, author: StaffActor, key: string): Promise<string> => {
    const { amount } = await requireInvoice(world.db, author, invoice.id)
    const payload = { invoice: invoice.id, roubles: toDecimal(amount?.minor ?? 0n) }
    return (await world.parts.approvals.submit(world.parts.deeds.invoices[word], { payload, author, reason: 'Looked at', key })).state
  }
  const sign = (invoice: { id: string }, author: StaffActor, key: string = randomUUID()) => says('approve', invoice, author, key)
  const release = (invoice: { id: string }, author: StaffActor, key: string = randomUUID()) => says('release', invoice, author, key)
  const queueOf = async (invoice: { id: string }): Promise<string> =>
    String(((await world.db('autopay_invoices').where({ id: invoice.id })) as { queue: string }[])[0]?.queue)

  test('a turn that was taken back is not handed over again by a late copy of the form', async () => {
    const beginsAt = world.clock.now()
    const form = { toStaff: oleg.id, beginsAt, endsAt: plus(beginsAt, DAY), author: vera, key: randomUUID() }
    await Promise.all([delegate(world.parts, form), delegate(world.parts, form)])
    const given = await delegationsOf(world.db, vera.id, beginsAt)
    expect(given).toHaveLength(1)
    await expect(delegate(world.parts, { ...form, toStaff: nina.id })).rejects.toMatchObject({ code: 'key_reused' })
    for (const copy of ['first', 'second']) {
      await withdrawDelegation(world.parts, given[0]?.id ?? '', vera)
      await delegate(world.parts, form)
      expect([copy, await delegationsOf(world.db, vera.id, beginsAt)]).toEqual([copy, []])
    }
    await expect(withdrawDelegation(world.parts, given[0]?.id ?? '', oleg)).rejects.toMatchObject({ code: 'not_found' })
    const withdrawn = { actor: `staff:${vera.id}`, action: 'autopay_delegation_withdrawn' }
    expect(await world.db('audit_log').where(withdrawn)).toHaveLength(1)
  })

  test('an invoice that somebody has let go on since is not refused again by a late copy of the form', async () => {
    const acme = await asking()
    const invoice = await asked(acme)
    const form = { invoiceId: invoice.id, author: oleg, reason: 'A fraud', key: randomUUID() }
    await refuseInvoice(world.parts, form)
    await release(invoice, vera)
    await refuseInvoice(world.parts, form)
    expect(await queueOf(invoice)).toBe('new')
    await refuseInvoice(world.parts, { ...form, key: randomUUID() })
    expect(await queueOf(invoice)).toBe('exception')
  })

  test('a form that is sent again does nothing more, whatever was done since: neither a release over a refusal nor a signature', async () => {
    const acme = await asking()
    const [invoice, released, signed] = [await asked(acme), randomUUID(), randomUUID()]
    const refuse = (): Promise<void> => refuseInvoice(world.parts, { invoiceId: invoice.id, author: oleg, reason: 'A fraud' })
    await refuse()
    await release(invoice, vera, released)
    expect(await queueOf(invoice)).toBe('new')
    await refuse()
    expect([await release(invoice, vera, released), await queueOf(invoice)]).toEqual(['done', 'exception'])
    await release(invoice, nina)
    expect(await outcome(acme, invoice)).toBe('waiting ask approval_missing')
    await sign(invoice, vera, signed)
    await refuse()
    await release(invoice, oleg)
    expect(await outcome(acme, invoice)).toBe('waiting ask approval_missing')
    expect([await sign(invoice, vera, signed), await queueOf(invoice)]).toEqual(['done', 'ask'])
    expect(await sign(invoice, vera)).toBe('done')
  })

  test.each(['before', 'after'] as const)(
    'an approved release and signature that were cut off %s they were done are done once',
    async (when) => {
      const acme = await asking()
      const invoice = await asked(acme, '6000.00')
      await refuseInvoice(world.parts, { invoiceId: invoice.id, author: vera, reason: 'Not ordered' })
      const { release: letGo, approve } = world.parts.deeds.invoices
      for (const [deed, author] of [
        [letGo, nina],
        [approve, vera],
      ] as const) {
        // prettier-ignore
        const approvals = cutOff(world, deed, when)
        const payload = { invoice: invoice.id, roubles: '6000.00' }
        const submitted = await approvals.submit(deed, { payload, author, reason: 'Ordered', key: randomUUID() })
        if (submitted.state !== 'waiting') throw new Error('It was done at once')
        await expect(approvals.approve(submitted.request.id, oleg)).rejects.toThrow('the database is gone')
        await world.passes(2 * 60_000)
        await Promise.all([approvals.tidyUp(), approvals.tidyUp()])
        expect(await readRequest(world.db, submitted.request.id)).toMatchObject({ outcome: 'done' })
        if (deed === letGo) expect(await outcome(acme, invoice)).toBe('waiting ask approval_missing')
      }
      expect([await outcome(acme, invoice), await queueOf(invoice)]).toEqual(['paid pay switch_on', 'paid'])
    },
  )

  test('whoever has asked for a second person asks once for an invoice, by however many forms, until that request is decided', async () => {
    const acme = await asking()
    const invoice = await asked(acme, '6000.00')
    const { approvals, deeds } = world.parts
    const payload = { invoice: invoice.id, roubles: '6000.00' }
    const ask = async (author: StaffActor, key: string, of = payload): Promise<string> => {
      const submitted = await approvals.submit(deeds.invoices.approve, { payload: of, author, reason: 'Looked at', key })
      return submitted.state === 'waiting' ? submitted.request.id : submitted.state
    }
    const keys = [randomUUID(), randomUUID(), randomUUID(), randomUUID()] as const
    const requests = new Set(await Promise.all(keys.map((key) => ask(vera, key))))
    expect(requests.size).toBe(1)
    const [first = ''] = requests
    expect(await ask(oleg, randomUUID())).not.toBe(first)
    expect((await approvals.waitingOn(`invoice:${invoice.id}`, oleg)).map(({ maker }) => maker)).toMatchObject([
      { id: oleg.id },
      { id: vera.id },
    ])

    await approvals.refuse(first, oleg, 'Not yet')
    // A form that was answered with that request stands for it, and for nothing else.
    for (const key of keys) await expect(ask(vera, key)).rejects.toMatchObject({ code: 'request_not_open', detail: 'refused' })
    await expect(ask(vera, keys[3], { ...payload, roubles: '6001.00' })).rejects.toMatchObject({ code: 'key_reused' })
    const anew = await ask(vera, randomUUID())
    expect([anew === first, await ask(vera, randomUUID())]).toEqual([false, anew])
  })
})
