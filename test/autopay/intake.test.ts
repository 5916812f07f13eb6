import { randomUUID } from 'node:crypto'
import { readOrganisations, refuseInvoice, takeIn } from '../../src/autopay'
import type { DueInvoice, KeptInvoice } from '../../src/autopay'
import { findSimilar } from '../../src/autopay/find-similar'
import { toDue } from '../../src/autopay/invoice-row'
import { openInvoices, readInvoices } from '../../src/autopay/open-invoices'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, plus } from '../../src/shared/clock'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import { bill, company, itemOf, rule, runs, told } from './organisations'
import type { Company } from './organisations'

describe.each(ENGINES)('the intake of invoices on %s', (engine) => {
  let world: World
  let acme: Company
  beforeAll(async () => {
    world = await World.make({ engine })
    acme = await company(world)
  })
  afterEach(async () => {
    await world.sandbox.behave()
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  const reads = async (scope = {}) => takeIn(world.parts, await readOrganisations(world.db), scope)
  const kept = (id: string) => world.db('autopay_invoices').where({ id }).first()
  const changes = (id: string) => world.db('autopay_changes').where({ invoice_id: id }).orderBy('id').select('field', 'before', 'after')

  test('without organisations nobody is asked', async () => {
    const before = (await world.sandbox.requests()).length
    expect(await takeIn(world.parts, [])).toMatchObject({ listed: 0 })
    expect(await world.sandbox.requests()).toHaveLength(before)
  })

  test('takes what names one of our tax numbers, page after page, and nobody else’s; the name of a private payer is not kept', async () => {
    const ours = await Promise.all(Array.from({ length: 60 }, (_, index) => bill(world, acme, { amount: `${index + 1}.00` })))
    const foreign = await world.sandbox.invoice({ amount: '5.00', customer: { type: 'legal', name: 'Other', vatNumber: '7799999999' } })
    const person = await world.sandbox.invoice({
      amount: '6.00',
      customer: { type: 'private', name: 'Anna Petrova', vatNumber: acme.vatNumber },
    })
    expect((await reads()).listed).toBe(61)
    for (const { id } of ours) expect(await kept(id)).toMatchObject({ queue: 'new', payer_name: acme.name })
    expect(await kept(foreign.id)).toBeUndefined()
    expect(await kept(person.id)).toMatchObject({ payer_name: '' })
    expect((await world.sandbox.requests()).filter(({ path }) => path.includes('/business/api/invoice')).length).toBe(2)
    await Promise.all(ours.map((invoice) => world.sandbox.change(invoice, { status: 'canceled' })))
    await world.sandbox.change(person, { status: 'canceled' })
  })

  test('what is open is read in the order of deadlines: of those that are not decided about, nothing else gives the order', async () => {
    const firm = await company(world)
    const days = [9, 3, 7, 5, 8, 4, 6, 2]
    const due = (day: number) => ({ amount: `${day}.00`, expirationDate: plus(world.clock.now(), day * DAY).toISOString() })
    const bills = await Promise.all(days.map((day) => bill(world, firm, due(day))))
    await reads({ organisationId: firm.id })
    const open = await openInvoices(world.db, { organisationId: firm.id })
    expect(open.map(({ amount }) => amount.minor)).toEqual([2n, 3n, 4n, 5n, 6n, 7n, 8n, 9n].map((roubles) => roubles * 100n))
    await Promise.all(bills.map((invoice) => world.sandbox.change(invoice, { status: 'canceled' })))
  })

  test('an invoice that leaves the list while it is read moves the others up a place, and none of them is missed', async () => {
    const ours = await Promise.all(Array.from({ length: 60 }, (_, index) => bill(world, acme, { amount: `${index + 100}.00` })))
    const known = async () =>
      (
        await readInvoices(
          world.db,
          ours.map(({ id }) => id),
        )
      ).map(({ id }) => id)
    let left: string | undefined
    await takeIn(world.parts, await readOrganisations(world.db), {}, async () => {
      if (left !== undefined) return
      const [first = ''] = await known()
      left = first
      await world.sandbox.change({ id: first }, { status: 'canceled' })
    })
    expect(left).not.toBe('')
    expect(await known()).toHaveLength(60)
    await Promise.all(ours.map((invoice) => world.sandbox.change(invoice, { status: 'canceled' })))
  })

  test('remembers what has changed; a changed amount undoes what was decided and said', async () => {
    await rule(world, acme, { description: 'Мебель', do: 'ask' })
    const invoice = await bill(world, acme, { amount: '100.00', description: 'Мебель' })
    await runs(world)
    expect(await kept(invoice.id)).toMatchObject({ queue: 'ask', next_step: expect.anything() as number })
    const at = world.clock.now()
    await world.db('autopay_signatures').insert({
      id: '00000000-0000-7000-8000-000000000001',
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
    await world.sandbox.change(invoice, { amount: '120.00' })
    await reads()
    expect(await kept(invoice.id)).toMatchObject({ queue: 'new', next_step: null, decision_id: null })
    expect(await changes(invoice.id)).toEqual([{ field: 'amount', before: '100.00 RUB', after: '120.00 RUB' }])
    expect(await world.db('autopay_signatures').where({ invoice_id: invoice.id }).first('ended_why')).toEqual({
      ended_why: 'amount_changed',
    })
  })

  test('what leaves the list is read once more by its id: cancelled, expired, paid otherwise', async () => {
    const [cancelled, paid] = await Promise.all([bill(world, acme, { amount: '11.00' }), bill(world, acme, { amount: '12.00' })])
    const expiring = await bill(world, acme, {
      amount: '13.00',
      expirationDate: new Date(world.clock.now().getTime() + 60_000).toISOString(),
    })
    await runs(world)
    await world.sandbox.change(cancelled, { status: 'canceled' })
    await world.sandbox.change(paid, { status: 'paid' })
    await world.passes(61_000)
    const { items } = await runs(world)
    expect([told(items, cancelled), told(items, paid)]).toEqual(['refused refuse cancelled', 'refused refuse paid'])
    expect(told(items, expiring)).toMatch(/^refused refuse (expired|cancelled)$/)
    for (const { id } of [cancelled, paid, expiring]) expect(await kept(id)).toMatchObject({ queue: 'closed' })
    expect(await changes(cancelled.id)).toEqual([{ field: 'status', before: 'pending', after: 'canceled' }])
    await world.sandbox.change(cancelled, { status: 'pending' })
    await reads()
    expect(await kept(cancelled.id)).toMatchObject({ queue: 'new' })
  })

  test('an odd invoice is kept apart with its problem, and comes back once it can be read', async () => {
    const poison = await bill(world, acme, { amount: '5.00', amountRaw: '0.005', number: '733-9' })
    const dollars = await bill(world, acme, { amount: '5.00', currencyId: 'USD' })
    await runs(world)
    expect(await kept(poison.id)).toMatchObject({ queue: 'exception', amount: null, number: '733-9' })
    expect(await kept(dollars.id)).toMatchObject({ queue: 'exception', problem: 'The currency "USD" is not served here.' })
    await world.sandbox.change(poison, { amountRaw: null })
    const { items } = await runs(world)
    expect(itemOf(items, poison)).toMatchObject({ decision: 'hold' })
    expect((await changes(poison.id)).map(({ field }: { field: string }) => field).sort()).toEqual([
      'amount',
      'due_at',
      'problem',
      'status',
    ])
  })

  test('what a person has refused stays refused, also when it could not be understood for a while, and when it costs something else', async () => {
    await rule(world, acme, { description: 'Отказано' })
    const invoice = await bill(world, acme, { amount: '61.00', description: 'Отказано' })
    await reads()
    await refuseInvoice(world.parts, { invoiceId: invoice.id, author: COMMAND_LINE, reason: 'Not ours' })
    await world.sandbox.change(invoice, { amountRaw: '0.005' })
    expect(told((await runs(world)).items, invoice)).toBe('waiting hold not_understood')
    await world.sandbox.change(invoice, { amountRaw: null })
    expect(told((await runs(world)).items, invoice)).toBe('refused refuse refused_by_person')
    await world.sandbox.change(invoice, { amount: '61.01' })
    expect(told((await runs(world)).items, invoice)).toBe('refused refuse refused_by_person')
    expect(await world.sandbox.operationsOn(invoice)).toEqual([])
  })

  test('by order: a second payable invoice of one order is a duplicate, whatever its amount', async () => {
    await rule(world, acme, { description: 'Срочно' })
    const first = await bill(world, acme, { amount: '50.00', description: 'Срочно, часть', merchantOrderId: 'PO-77' })
    const second = await bill(world, acme, { amount: '60.00', description: 'Срочно, иначе', merchantOrderId: 'PO-77' })
    const { items } = await runs(world, { merchantOrder: 'PO-77' })
    expect([told(items, first), told(items, second)]).toEqual(['paid pay switch_on', 'refused refuse duplicate_order'])
    expect(items).toHaveLength(2)
    const visible = await bill(world, acme, {
      amount: '70.00',
      description: 'Срочно 3',
      merchantOrderId: 'hidden',
      merchantOrderIdVisible: '№ 5/11',
    })
    expect(told((await runs(world, { merchantOrder: '№ 5/11' })).items, visible)).toBe('paid pay switch_on')
  })

  test('of many that are alike the one that was paid a moment ago is found, and the first one of all', async () => {
    const like = await company(world)
    const now = world.clock.now()
    const ago = (days: number): Date => new Date(now.getTime() - days * 86_400_000)
    const same = {
      organisation_id: like.id,
      description: 'Подписка',
      payer_name: like.name,
      amount: 4_100,
      currency: 'RUB',
      due_at: ago(-5).toISOString(),
    }
    const seen = { first_seen_at: now.toISOString(), last_seen_at: now.toISOString(), queued_at: now.toISOString() }
    const add = async (number: string, days: number, of: { queue: string; status: string }): Promise<string> => {
      const [id, place] = [randomUUID(), randomUUID()]
      await world.db('autopay_invoices').insert({ id, place, number, issued_at: ago(days).toISOString(), ...same, ...seen, ...of })
      return id
    }
    for (let days = 80; days > 20; days -= 10) await add(`old-${days}`, days, { queue: 'paid', status: 'paid' })
    for (let days = 13; days > 6; days -= 1) await add(`open-${days}`, days, { queue: 'exception', status: 'pending' })
    await add('fresh', 2, { queue: 'closed', status: 'paid' })
    const id = await add('again', 1, { queue: 'new', status: 'pending' })
    const again = toDue((await readInvoices(world.db, [id]))[0] as KeptInvoice) as DueInvoice
    const numbers = (await findSimilar(world.db, [again], now)).get(id)?.map(({ number }) => number)
    expect(numbers).toEqual(['fresh', 'open-7', 'open-8', 'open-9', 'open-10', 'open-13'])
    await world.db('autopay_invoices').where({ organisation_id: like.id }).delete()
  })

  test('while Invoicebox cannot be read the run ends with its reason, and pays nothing', async () => {
    await world.sandbox.misbehave({ on: 'business.list', kind: 'status', status: 500, times: 20 })
    const { problem, items } = await runs(world)
    expect(problem).toBe('Invoicebox could not be read: server-error')
    expect(items.filter(({ outcome }) => outcome === 'paid')).toEqual([])
    expect(await world.db('autopay_runs').orderBy('id', 'desc').first('state')).toEqual({ state: 'failed' })
  })
})
