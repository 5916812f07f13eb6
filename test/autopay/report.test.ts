import { readFileSync, readdirSync } from 'node:fs'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { dueMoment, listPaid, readDueWeek, readTotals } from '../../src/autopay'
import { addDays, dayOf, monthOf } from '../../src/shared/days'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import { bill, company, rule, runs } from './organisations'

const ZONE = 'Europe/Moscow'

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

  test('the month counts what was paid, waits and was refused; the week what falls due; letters go to the contacts, once', async () => {
    const acme = await company(world, { contacts: ['buh@acme.example'], perMonth: 1_000n })
    await rule(world, acme, { description: 'Аренда' })
    await rule(world, acme, { description: 'Мебель', do: 'ask' })
    const at = world.clock.now()
    const in_ = (days: number) => new Date(at.getTime() + days * 86_400_000).toISOString()
    await bill(world, acme, { amount: '100.00', description: 'Аренда' })
    await bill(world, acme, { amount: '200.00', description: 'Мебель', expirationDate: in_(2) })
    await bill(world, acme, { amount: '50.00', description: 'Мебель другая', expirationDate: in_(20) })
    await bill(world, acme, { amount: '300.00', description: 'Неизвестно' })
    await runs(world, { organisationId: acme.id })

    const of = { month: monthOf(dayOf(at, ZONE)), zone: ZONE, organisationIds: [acme.id] }
    expect(await readTotals(world.db, of)).toEqual([
      {
        organisationId: acme.id,
        paid: { count: 1, amount: 10_000n },
        waiting: { count: 2, amount: 25_000n },
        refused: { count: 1, amount: 30_000n },
      },
    ])
    expect(await listPaid(world.db, of, { limit: 10 })).toMatchObject([{ description: 'Аренда', amount: { minor: 10_000n } }])
    expect(await listPaid(world.db, { ...of, month: '2020-01-01' }, { limit: 10 })).toEqual([])
    const week = await readDueWeek(world.db, { organisationIds: [acme.id], now: at, zone: ZONE })
    const today = dayOf(at, ZONE)
    expect(week.filter(({ count }) => count > 0)).toEqual([{ day: addDays(today, 2), count: 1, amount: 20_000n }])

    await runs(world, { organisationId: acme.id })
    while ((await world.parts.notices.queue()) > 0);
    while ((await world.parts.notices.sendMail()) > 0);
    const written = readdirSync(letters).map((name) => readFileSync(join(letters, name), 'utf8'))
    const subjects = await world.db('notices').whereLike('topic', 'autopay%').orderBy('id').select('topic', 'state')
    expect(subjects).toEqual([
      { topic: 'autopay_digest', state: 'sent' },
      { topic: 'autopay_approval', state: 'sent' },
    ])
    expect(written).toHaveLength(2)
    for (const letter of written) expect(letter).toContain('buh@acme.example')
    expect(JSON.stringify(await world.db('notices').select('recipient', 'data'))).not.toContain('buh@acme.example')
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
