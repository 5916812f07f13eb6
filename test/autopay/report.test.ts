import { readFileSync, readdirSync } from 'node:fs'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dueMoment, listPaid, readDueWeek, readHeldWeek, readTotals, refuseInvoice, tellMonth } from '../../src/autopay'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, plus } from '../../src/shared/clock'
import { addDays, dayOf, monthOf, nextMonth } from '../../src/shared/days'
import { setStaffEmail } from '../../src/staff'
import { ENGINES } from '../support/databases'
import { readLetter } from '../support/mail-server'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import { bill, company, rule, runs } from './organisations'

const ZONE = 'Europe/Moscow'

const bodyOf = (letter: string): string => readLetter({ source: letter }).body.replaceAll('\u00a0', ' ')

describe.each(ENGINES)('what people are told of automatic payment on %s', (engine) => {
  let world: World
  const letters = mkdtempSync(join(tmpdir(), 'letters-'))
  beforeAll(async () => {
    world = await World.make({ engine, env: { MAIL_URL: `file:${letters}` } })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  test('the month counts what was paid, waits and was refused; the week what falls due; results go to the contacts, requests to whoever signs, once', async () => {
    const acme = await company(world, { contacts: ['buh@acme.example'], perMonth: 1_000n })
    const { actor: vera } = await StaffPerson.make(world, 'approver')
    await setStaffEmail(world.parts.staff, vera.id, 'vera@acme.example', { author: COMMAND_LINE, reason: 'test' })
    await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: vera.id })
    await rule(world, acme, { description: 'Аренда' })
    await rule(world, acme, { description: 'Мебель', do: 'ask' })
    const at = world.clock.now()
    const in_ = (days: number) => new Date(at.getTime() + days * 86_400_000).toISOString()
    await bill(world, acme, { amount: '100.00', description: 'Аренда' })
    await bill(world, acme, { amount: '200.00', description: 'Мебель', expirationDate: in_(2) })
    await bill(world, acme, { amount: '50.00', description: 'Мебель другая', expirationDate: in_(20) })
    const unknown = await bill(world, acme, { amount: '300.00', description: 'Неизвестно' })
    await runs(world, { organisationId: acme.id })

    const of = { month: monthOf(dayOf(at, ZONE)), zone: ZONE, organisationIds: [acme.id] }
    expect(await readTotals(world.db, of)).toEqual([
      {
        organisationId: acme.id,
        paid: { count: 1, amount: 10_000n },
        counted: 10_000n,
        // What no rule fits is held for a person: it may still be paid.
        waiting: { count: 3, amount: 55_000n },
        refused: { count: 0, amount: 0n },
      },
    ])
    expect(await listPaid(world.db, of, { limit: 10 })).toMatchObject([{ description: 'Аренда', amount: { minor: 10_000n } }])
    expect(await listPaid(world.db, { ...of, month: '2020-01-01' }, { limit: 10 })).toEqual([])
    const week = await readDueWeek(world.db, { organisationIds: [acme.id], now: at, zone: ZONE })
    const today = dayOf(at, ZONE)
    expect(week.filter(({ count }) => count > 0)).toEqual([{ day: addDays(today, 2), count: 1, amount: 20_000n }])
    // What is under Exceptions is told beside it, as long as it may still be paid.
    const held = (days = 0): ReturnType<typeof readHeldWeek> =>
      readHeldWeek(world.db, { organisationIds: [acme.id], now: plus(at, days * DAY), zone: ZONE })
    expect([await held(), await held(-7)]).toEqual([
      { count: 1, amount: 30_000n },
      { count: 0, amount: 0n },
    ])

    await runs(world, { organisationId: acme.id })
    while ((await world.parts.notices.queue()) > 0);
    while ((await world.parts.notices.sendMail()) > 0);
    const written = readdirSync(letters).map((name) => readFileSync(join(letters, name), 'utf8'))
    const subjects = await world.db('notices').whereLike('topic', 'autopay%').orderBy('id').select('topic', 'state')
    expect(subjects).toEqual([
      { topic: 'autopay_digest', state: 'sent' },
      { topic: 'autopay_approval', state: 'sent' },
    ])
    expect(written.map((letter) => /^To: (.*)$/m.exec(letter)?.[1]?.trim()).sort()).toEqual(['buh@acme.example', 'vera@acme.example'])
    expect(JSON.stringify(await world.db('notices').select('recipient', 'data'))).not.toContain('@acme.example')
    expect(written.map(bodyOf).filter((text) => text.includes('потрачено 100,00 ₽ из 1 000,00 ₽'))).toHaveLength(1)
    expect(JSON.stringify(await world.db('audit_log').select())).not.toContain('@acme.example')
    await refuseInvoice(world.parts, { invoiceId: unknown.id, author: vera, reason: 'Nobody knows it' })
    expect(await held()).toEqual({ count: 0, amount: 0n })
  })

  test('a month that is over is told once, with what is spent of the budget, to those alone for whom something became of it', async () => {
    const acme = await company(world, { contacts: ['buh@month.example'] })
    const quiet = await company(world, { contacts: ['no@quiet.example'] })
    await rule(world, acme, { description: 'Вода' })
    for (let times = 0; times < 2; times++) await bill(world, acme, { amount: '70.00', number: '9-1', description: 'Вода' })
    await bill(world, quiet, { amount: '5.00', description: 'Ждёт' })
    for (const { id } of [acme, quiet]) await runs(world, { organisationId: id })
    expect(await tellMonth(world, ZONE)).toBe(0)
    const month = monthOf(dayOf(world.clock.now(), ZONE))
    const next = { db: world.db, clock: { now: () => new Date(`${nextMonth(month)}T12:00:00Z`) } }
    // Somebody who upgrades in the middle of a month writes to nobody about the month before.
    const late = { db: world.db, clock: { now: () => new Date(`${nextMonth(month).slice(0, 8)}22T12:00:00Z`) } }
    expect(await tellMonth(late, ZONE)).toBe(0)
    await Promise.all([tellMonth(next, ZONE), tellMonth(next, ZONE)])
    expect(await tellMonth(next, ZONE)).toBe(0)
    const told: { organisation_id: string }[] = await world.db('autopay_outbox').where({ topic: 'month' }).select('organisation_id')
    const times = ({ id }: { id: string }): number => told.filter(({ organisation_id }) => organisation_id === id).length
    expect([times(acme), times(quiet)]).toEqual([1, 0])

    const before = new Set(readdirSync(letters))
    while ((await world.parts.notices.queue()) > 0);
    while ((await world.parts.notices.sendMail()) > 0);
    const fresh = readdirSync(letters).filter((name) => !before.has(name))
    const bodies = fresh.map((name) => bodyOf(readFileSync(join(letters, name), 'utf8')))
    const letter = bodies.find((text) => text.includes(acme.name) && text.includes('/report?month=')) ?? ''
    expect(letter).toMatch(/1 на 70,00 ₽[\s\S]*0 на 0,00 ₽[\s\S]*1 на 70,00 ₽[\s\S]*потрачено 70,00 ₽, без бюджета/)
    expect(letter).toContain(`/admin/autopay/report?month=${month.slice(0, 7)}`)
  })

  test('a request that waits for the mail server is written as things stand when it goes: nobody taken off the organisation gets it, and it counts what still waits', async () => {
    const acme = await company(world)
    const staff = [(await StaffPerson.make(world, 'approver')).actor, (await StaffPerson.make(world, 'approver')).actor] as const
    for (const { id, login } of staff) {
      await setStaffEmail(world.parts.staff, id, `${login}@late.example`, { author: COMMAND_LINE, reason: 'test' })
      await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: id })
    }
    await rule(world, acme, { do: 'ask' })
    const [one] = [await bill(world, acme, { amount: '11.00' }), await bill(world, acme, { amount: '22.00' })]
    await runs(world, { organisationId: acme.id })
    while ((await world.parts.notices.queue()) > 0);
    await world.db('organisation_staff').where({ staff_id: staff[0].id }).delete()
    const payload = { invoice: one.id, roubles: '11.00' }
    await world.parts.approvals.submit(world.parts.deeds.invoices.approve, { payload, author: staff[1], reason: 'Ordered', key: acme.id })
    const before = new Set(readdirSync(letters))
    while ((await world.parts.notices.sendMail()) > 0);
    const fresh = readdirSync(letters).filter((name) => !before.has(name))
    const written = fresh.map((name) => readFileSync(join(letters, name), 'utf8')).filter((letter) => letter.includes('@late.example'))
    expect(written.map((letter) => /^To: (.*)$/m.exec(letter)?.[1]?.trim())).toEqual([`${staff[1].login}@late.example`])
    expect(written.map(bodyOf).join()).toMatch(/22,00 ₽/)
  })

  test('a moment of the schedule is the operator’s, and one that was missed long ago is not made up for', () => {
    const schedule = { expression: '30 9 * * 1-5', zone: ZONE }
    const monday = (time: string): Date => new Date(`2026-11-23T${time}:00Z`)
    expect(dueMoment(schedule, monday('06:31'))).toEqual(monday('06:30'))
    expect(dueMoment(schedule, monday('06:29'))).toBeUndefined()
    expect(dueMoment(schedule, monday('06:41'))).toBeUndefined()
    expect(dueMoment(schedule, new Date('2026-11-22T06:31:00Z'))).toBeUndefined()
  })
})
