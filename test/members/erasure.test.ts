import { randomUUID } from 'node:crypto'
import { saveView } from '../../src/backoffice/payments/view-store'
import { readAccount } from '../../src/ledger'
import { addMember, addStaff, creditMember, debitMember, readErasure } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffActor } from '../../src/shared/actor'
import { inTransaction } from '../../src/shared/database'
import { points, refusalOf } from './world'
import { readTables } from '../routes/contents'
import { ENGINES } from '../support/databases'
import { Buyer, PASSWORD, World } from '../support/world'

const DESCRIPTION = 'Путёвка для Заметовой Агриппины'
const PERSON = { fullName: 'Заметова Агриппина Ёлкина', email: 'Agrippina.Zametova@example.org', phone: '+7 (987) 654-32-10' }

describe.each(ENGINES)('the erasure of a person on %s', (engine) => {
  let world: World
  let admin: StaffActor
  let approver: StaffActor

  beforeAll(async () => {
    world = await World.make({ engine, env: { RETURN_URL_HOSTS: 'shop.example' } })
    admin = await addStaff(world.parts, { login: 'chief', password: PASSWORD, role: 'admin', actor: COMMAND_LINE })
    approver = await addStaff(world.parts, { login: 'second', password: PASSWORD, role: 'approver', actor: COMMAND_LINE })
  }, 60_000)
  afterAll(() => world.close())

  const balances = async (): Promise<string[]> => {
    const totals = await Promise.all(['program', 'redeemed', 'adjusted', 'fund', 'paid', 'bank'].map((id) => readAccount(world.db, id)))
    return totals.map(({ id, balance, held, entryCount }) => `${id} ${balance} ${held} ${entryCount}`)
  }

  /** What both have to say to it. */
  const erase = async (memberId: string, reason = 'Просьба участника'): Promise<string | null> => {
    const order = { payload: { memberId }, author: admin, reason, key: randomUUID() }
    const submitted = await world.parts.approvals.submit(world.parts.deeds.members.erase, order)
    if (submitted.state !== 'waiting') throw new Error('one person was enough')
    return (await world.parts.approvals.approve(submitted.request.id, approver)).outcome
  }

  async function payer(): Promise<Buyer> {
    const login = `agrippina-${randomUUID().slice(0, 8)}`
    const { id } = await addMember(world.parts, { login, password: PASSWORD, ...PERSON, actor: COMMAND_LINE })
    await creditMember(world.parts, { login, amount: points('500.00'), reason: 'test', key: randomUUID(), actor: COMMAND_LINE })
    return new Buyer(world, id, login)
  }

  /** A shop may put anything into the link by which its buyer returns. */
  function linked(partnerUrl: string): string {
    const url = new URL(partnerUrl)
    url.searchParams.set('returnUrl', 'https://shop.example/back?buyer=zametova')
    return url.href
  }

  test('leaves no trace of the person in any table, and the books as they were', async () => {
    const anna = await payer()
    const invoice = await world.sandbox.invoice({
      amount: '120.00',
      description: DESCRIPTION,
      customer: { name: PERSON.fullName, email: PERSON.email },
    })
    const looked = await world.sandbox.invoice({ amount: '7.00', description: DESCRIPTION })
    expect((await anna.pays({ partnerUrl: linked(invoice.partnerUrl) })).state).toBe('paid')
    await anna.opens({ partnerUrl: linked(looked.partnerUrl) })
    await world.browser().open(linked(looked.partnerUrl))
    const stranger = world.browser()
    await stranger.submit(await stranger.open('/sign-in'), '/sign-in', { login: anna.login, password: 'a wrong one' })
    const limits = { memberId: anna.id, own: true, perPayment: '1000.00', perDay: null, perMonth: null }
    await world.parts.approvals.submit(world.parts.deeds.members.limits, {
      payload: limits,
      author: admin,
      reason: 'test',
      key: randomUUID(),
    })
    await debitMember(world.parts, {
      login: anna.login,
      amount: points('380.00'),
      reason: 'Остаток',
      key: randomUUID(),
      actor: COMMAND_LINE,
    })
    const view = {
      staffId: admin.id,
      section: 'payments',
      name: PERSON.fullName,
      query: `state=captured&member=${anna.id}`,
      at: new Date(0),
    }
    await inTransaction(world.db, (tx) => saveView(tx, view))
    const before = await balances()

    expect(await erase(anna.id)).toBe('done')

    const everything = [...(await readTables(world.db))].flatMap(([table, rows]) => rows.map((row) => `${table} ${row.toLowerCase()}`))
    const traces = [
      anna.login,
      'agrippina',
      'zametova',
      'заметов',
      'агриппин',
      'ёлкин',
      'елкин',
      '(987)',
      '654-32-10',
      '9876543210',
      'shop.example',
    ]
    // Ids and digests hold any short run of digits by chance, so that the phone is sought in pieces that they cannot hold.
    for (const trace of traces) expect([trace, everything.filter((row) => row.includes(trace))]).toEqual([trace, []])
    expect(await balances()).toEqual(before)
    expect(await world.findings()).toEqual([])
    expect((await anna.browser.open('/account')).url).toContain('/sign-in')
  }, 60_000)

  test('is proved: what went, when, and by whom, with a digest that shows a change', async () => {
    const anna = await payer()
    await debitMember(world.parts, {
      login: anna.login,
      amount: points('500.00'),
      reason: 'Остаток',
      key: randomUUID(),
      actor: COMMAND_LINE,
    })
    expect(await erase(anna.id)).toBe('done')
    const proof = await readErasure(world.db, anna.id)
    expect(proof).toMatchObject({
      author: `staff:${admin.id}`,
      approvedBy: `staff:${approver.id}`,
      isIntact: true,
      record: {
        memberId: anna.id,
        removed: { person: 1, login: 1 },
        booksBefore: { balance: '0.00', entries: '2' },
        booksAfter: { balance: '0.00', entries: '2' },
      },
    })
    await addStaff(world.parts, { login: 'auditor', password: PASSWORD, role: 'auditor', actor: COMMAND_LINE })
    const browser = world.browser()
    await browser.submit(await browser.open('/sign-in'), '/sign-in', { login: 'auditor', password: PASSWORD })
    const page = await browser.open(`/admin/members/${anna.id}/erasure`)
    expect([page.status, page.state]).toEqual([200, 'erasure'])
    const [text, pdf] = await Promise.all(
      ['txt', 'pdf'].map(async (kind) => (await browser.fetch(`/admin/members/${anna.id}/erasure.${kind}`)).text()),
    )
    for (const shown of [page.html, text])
      for (const fact of [anna.id, admin.id, approver.id, proof?.digest ?? '']) expect(shown).toContain(fact)
    expect(pdf?.slice(0, 5)).toBe('%PDF-')
    expect((await browser.open(`/admin/members/${anna.id}`)).html).toContain(`/admin/members/${anna.id}/erasure`)
    await expect(world.db('erasures').where({ member_id: anna.id }).update({ author: 'system:nobody' })).rejects.toMatchObject({
      message: expect.stringContaining('never changed') as string,
    })
    const rows = (await world.db('audit_log').where({ subject: `member:${anna.id}`, action: 'member_erased' })) as object[]
    expect(rows).toMatchObject([{ actor: `staff:${admin.id}`, approved_by: `staff:${approver.id}`, reason: 'Просьба участника' }])
    // Whatever is asked of the member afterwards is refused, and another member may take the login.
    expect(await refusalOf(erase(anna.id))).toBe('member_erased')
    const alias = `erased-${anna.id}`
    expect(
      await refusalOf(
        debitMember(world.parts, { login: alias, amount: points('1.00'), reason: 'x', key: randomUUID(), actor: COMMAND_LINE }),
      ),
    ).toBe('not_enough_available')
    expect(
      await refusalOf(
        creditMember(world.parts, { login: alias, amount: points('1.00'), reason: 'x', key: randomUUID(), actor: COMMAND_LINE }),
      ),
    ).toBe('member_erased')
    await addMember(world.parts, { login: anna.login, password: PASSWORD, actor: COMMAND_LINE })
  }, 60_000)

  test('is refused while points are left, available or held', async () => {
    const anna = await payer()
    expect(await refusalOf(erase(anna.id))).toBe('member_has_points')
    const invoice = await world.sandbox.invoice({ amount: '500.00' })
    await world.sandbox.misbehave({ on: 'business.confirm', kind: 'lose-request', times: 1 })
    await anna.pays(invoice)
    expect(await anna.balance()).toEqual({ available: '0.00', held: '500.00' })
    expect(await refusalOf(erase(anna.id))).toBe('member_has_points')
    expect(await world.parts.db('member_people').where({ member_id: anna.id })).toHaveLength(1)
  }, 60_000)

  test('points that arrive between the request and the approval keep the person', async () => {
    const anna = await payer()
    await debitMember(world.parts, {
      login: anna.login,
      amount: points('500.00'),
      reason: 'Остаток',
      key: randomUUID(),
      actor: COMMAND_LINE,
    })
    const order = { payload: { memberId: anna.id }, author: admin, reason: 'Просьба', key: randomUUID() }
    const submitted = await world.parts.approvals.submit(world.parts.deeds.members.erase, order)
    await creditMember(world.parts, { login: anna.login, amount: points('1.00'), reason: 'late', key: randomUUID(), actor: COMMAND_LINE })
    if (submitted.state !== 'waiting') throw new Error('one person was enough')
    expect((await world.parts.approvals.approve(submitted.request.id, approver)).outcome).toBe('member_has_points')
    expect(await readErasure(world.db, anna.id)).toBeUndefined()
  }, 60_000)
})
