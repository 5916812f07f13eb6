import { beginRun } from '../../src/autopay'
import { finishRun } from '../../src/autopay/finish-run'
import { noteProgress } from '../../src/autopay/run-store'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffRole } from '../../src/shared/actor'
import { newSortedId } from '../../src/shared/ids'
import type { Page } from '../support/browser'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import { bill, company, rule, runs } from '../autopay/organisations'
import type { Company } from '../autopay/organisations'
import { until } from '../support/until'

const plain = ({ html }: Page): string => html.replaceAll('\u00a0', ' ').replace(/\s+/g, ' ')
const ROOT = '/admin/autopay'

/** Six invoices of a company that four rules or none decide about. @returns the rule that holds one of them */
async function billed(world: World, firm: Company): Promise<string> {
  await rule(world, firm, { description: 'Вода' })
  const holding = await rule(world, firm, { description: 'Кофе', do: 'hold' })
  await rule(world, firm, { description: 'Ремонт', limits: { invoice: '1000.00' } })
  await bill(world, firm, { amount: '10.00', number: '700-1', description: 'Вода' })
  await bill(world, firm, { amount: '20.00', number: '700-2', description: 'Кофе' })
  await bill(world, firm, { amount: '3000.00', number: '700-3', description: 'Ремонт' })
  await bill(world, firm, { amount: '40.00', number: '700-4', description: 'Неизвестно' })
  await bill(world, firm, { amount: '10.00', number: '700-1', description: 'Вода' })
  await bill(world, firm, { amount: '250.00', number: '700-6', description: 'Заграница', currencyId: 'USD' })
  return holding
}

describe('what pages of automatic payment say of one company', () => {
  let world: World
  let firm: Company
  let holding: string
  const people = new Map<StaffRole, StaffPerson>()
  beforeAll(async () => {
    world = await World.make({ env: { MODE: 'demo', TWO_EYES_ROUBLES: '5000' } })
    firm = await company(world, { perMonth: 50_000n })
    for (const role of ['admin', 'operator', 'approver', 'auditor'] as const) {
      const person = await StaffPerson.make(world, role)
      await person.signsIn()
      people.set(role, person)
    }
    const operator = people.get('operator') as StaffPerson
    await world.db('organisation_staff').insert({ organisation_id: firm.id, staff_id: operator.actor.id })
    holding = await billed(world, firm)
    const ran = await operator.browser.submit(await open('/runs'), `${ROOT}/runs`, { organisation: firm.id })
    await until(async () => (await operator.browser.open(ran.url)).state === 'autopay-run')
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const as = (role: StaffRole) => (people.get(role) as StaffPerson).browser
  const open = (path: string, role: StaffRole = 'operator'): Promise<Page> => as(role).open(`${ROOT}${path}`)

  /** The page of an invoice by its number, as the admin sees it. */
  const invoicePage = async (number: string, { id: organisation_id } = firm): Promise<Page> => {
    const row: { id: string } = await world.db('autopay_invoices').where({ number, organisation_id }).first('id')
    return open(`/invoices/${row.id}`, 'admin')
  }

  /** The first run of the company. */
  const firstRun = async (): Promise<string> => {
    const row: { id: string } = await world.db('autopay_runs').where({ organisation_id: firm.id }).orderBy('id').first('id')
    return row.id
  }

  test('what holds an invoice decides what can be done: only a duplicate or a refusal is let go on', async () => {
    const held = await invoicePage('700-2')
    expect(held.html).not.toContain('/release"')
    expect(held.html).toContain(`href="${ROOT}/rules/${holding}"`)
    const over = await invoicePage('700-3')
    expect([over.html.includes('/release"'), /href="[^"]*\/rules\/[0-9a-f-]{36}"/.test(over.html)]).toEqual([false, true])
    const none = await invoicePage('700-4')
    expect(none.html).not.toContain('/release"')
    expect(none.html).toContain(`href="${ROOT}/rules/new?organisation=${firm.id}"`)
    const twin: { id: string } = await world
      .db('autopay_invoices')
      .where({ number: '700-1', queue: 'exception', organisation_id: firm.id })
      .first('id')
    expect((await open(`/invoices/${twin.id}`)).html).toContain('/release"')
    const refused = await refuses('700-4')
    expect(refused.html).toContain('/release"')
    expect(plain(refused)).toContain('По итогам проверки: not ours')
  })

  const invoiceAs = async (role: StaffRole, number: string, of = firm): Promise<Page> => as(role).open((await invoicePage(number, of)).url)
  const refuses = async (number: string, of = firm): Promise<Page> =>
    as('operator').submit(await invoiceAs('operator', number, of), /refuse$/, { reasonKind: 'check', reason: 'not ours' })

  test('page, file and run call the same invoices paid, waiting and refused, of this month alone', async () => {
    const other = await company(world, { perMonth: 50_000n })
    await world.db('organisation_staff').insert({ organisation_id: other.id, staff_id: (people.get('operator') as StaffPerson).actor.id })
    await billed(world, other)
    const run = await runs(world, { organisationId: other.id })
    await refuses('700-4', other)
    const report = plain(await open(`/report?organisation=${other.id}`))
    expect(report).toMatch(/1 на 10,00 ₽<[\s\S]*50 000,00 ₽<[\s\S]*3 на 3 020,00 ₽<[\s\S]*2 на 50,00 ₽</)
    const outcomes = async (query: string): Promise<Record<string, number>> => {
      const rows = (await (await as('auditor').fetch(`${ROOT}/report.csv?organisation=${other.id}${query}`)).text())
        .trim()
        .split(/\r?\n/)
        .slice(1)
      return Object.fromEntries(['paid', 'waiting', 'refused'].map((one) => [one, rows.filter((row) => row.startsWith(`${one};`)).length]))
    }
    expect(await outcomes('')).toEqual({ paid: 1, waiting: 3, refused: 2 })
    expect(await outcomes('&month=2020-01')).toEqual({ paid: 0, waiting: 3, refused: 0 })
    const csv = await (await as('auditor').fetch(`${ROOT}/report.csv?organisation=${other.id}`)).text()
    expect(csv).toMatch(/^outcome;.*;month_spent;month_budget\r?\n/)
    expect(csv).toMatch(/paid;.*;10\.00;50000\.00/)

    const page = await open(`/runs/${run.id}`)
    expect(plain(page)).toMatch(/Оплачено: 1 на 10,00 ₽[\s\S]*Ждёт: 4 на 3 060,00 ₽[\s\S]*Отклонено: 1 на 10,00 ₽/)
    expect(plain(page)).toMatch(/10,00 ₽<[\s\S]*50 000,00 ₽<[\s\S]*>\s*(&lt;|&#60;) 1 %/)
    expect(page.html).toContain(`href="${ROOT}/runs/${run.id}/invoices.csv"`)
    const file = await (await as('operator').fetch(`${ROOT}/runs/${run.id}/invoices.csv`)).text()
    expect(file).toMatch(/paid;.*700-1;.*;10\.00;50000\.00/)
    expect(file).toMatch(/waiting;.*700-6/)
    expect((await as('approver').fetch(`${ROOT}/runs/${run.id}/invoices.csv`)).status).toBe(403)
    expect((await as('approver').open(`${ROOT}/runs/${run.id}`)).status).toBe(404)
  })

  test('an invoice that cannot be understood is told with its number and what is wrong, in the language of its reader', async () => {
    const page = await invoicePage('700-6')
    expect(plain(page)).toContain('Счета в валюте USD шлюз не оплачивает')
    expect(plain(page)).toContain('Заграница')
    expect(plain(page)).not.toContain('0,00 ₽')
    expect(plain(page)).not.toContain('его примет ближайший запуск')
    for (const path of ['/queue/exceptions?number=700-6', '/plan', `/runs/${await firstRun()}`])
      expect([path, plain(await open(path))]).toEqual([path, expect.stringMatching(/700-6[\s\S]*Счета в валюте USD/)])
    expect(await (await as('operator').fetch(`${ROOT}/queue.csv?tab=exceptions&number=700-6`)).text()).toContain('Счета в валюте USD')
  })

  test('whoever does not see every organisation reads on the plan that others are paid out of the same fund', async () => {
    const alone = 'Посчитаны только счета ваших организаций. Фонд общий'
    expect(plain(await open('/plan'))).toContain(alone)
    expect(plain(await open('/plan?lang=en'))).toContain('Only the invoices of your organisations are counted.')
    expect(plain(await open('/plan?lang=ru'))).toContain(alone)
    for (const role of ['admin', 'auditor'] as const)
      expect([role, plain(await open('/plan', role)).includes(alone)]).toEqual([role, false])
  })

  test('queues say why: what is held, by its rule; what was paid, by which rule', async () => {
    expect(plain(await open('/queue/exceptions?number=700-2'))).toMatch(/700-2[\s\S]*Правило[\s\S]{0,80}придерж/)
    const run = { id: await firstRun() }
    const page = plain(await open(`/runs/${run.id}?outcome=paid`))
    expect(page).not.toContain('Автооплата включена')
    expect(page).toMatch(/aria-current="page">Оплачено[\s\S]*Правило/)
    expect(page).toContain(`<a class="chip" href="${ROOT}/runs/${run.id}">Все`)
  })

  test('whoever must sign sees the nearest deadline first, page after page', async () => {
    await rule(world, firm, { description: 'Охрана', do: 'ask' })
    const in_ = (days: number): string => new Date(world.clock.now().getTime() + days * 86_400_000).toISOString()
    for (const [number, days] of [
      ['701-1', 9],
      ['701-2', 3],
      ['701-3', 6],
    ] as const)
      await bill(world, firm, { amount: '10.00', number, description: `Охрана ${number}`, expirationDate: in_(days) })
    await runs(world, { organisationId: firm.id })
    const numbers = (page: Page): string[] => [...page.html.matchAll(/>(701-\d)</g)].map(([, number = '']) => number)
    const query = `organisation=${firm.id}`
    expect(numbers(await open(`/queue/mine?${query}`))).toEqual(['701-2', '701-3', '701-1'])
    const first: { place: string } = await world.db('autopay_invoices').where({ number: '701-2' }).first('place')
    expect(numbers(await open(`/queue/mine?${query}&before=${first.place}`))).toEqual(['701-3', '701-1'])
    const page = await invoiceAs('operator', '701-2')
    const done = await as('operator').submit(
      await as('operator').submit(page, /approve$/, { reasonKind: 'agreement', reason: 'Yes' }),
      /approve$/,
    )
    expect(plain(done)).toMatch(/к оплате[\s\S]*Согласовано: подписей 1 из 1/)
    expect(plain(done).split('История')[0]).not.toContain('Нужно согласие')
  })

  test('runs of other organisations are neither shown nor in the way of one’s own', async () => {
    const stranger = await company(world, { on: false })
    const at = new Date(world.clock.now().getTime()).toISOString()
    const rows = Array.from({ length: 60 }, (_, n) => ({
      id: newSortedId(),
      key: `foreign-${n}`,
      started_by: 'system:test',
      organisation_id: stranger.id,
      state: 'done',
      token: 1,
      step: 'telling',
      started_at: at,
      seen_alive_at: at,
      ended_at: at,
    }))
    for (const row of rows) await world.db('autopay_runs').insert(row)
    for (const path of ['', '/runs']) {
      const seen = (await open(path)).html
      expect([path, rows.some(({ id }) => seen.includes(id)), seen.includes('Запусков ещё не было')]).toEqual([path, false, false])
    }
    expect((await open('/runs', 'admin')).html).toContain(rows.at(-1)?.id)
    const list = plain(await open('/runs'))
    expect(list).toContain(firm.name)
    expect(list).toMatch(/1 на 10,00 ₽/)
  })

  test('how many invoices a run for everything has read and tried is told to whoever may see every organisation', async () => {
    const at = world.clock.now().toISOString()
    const run = {
      id: newSortedId(),
      key: 'everything',
      started_by: 'system:test',
      state: 'done',
      token: 1,
      step: 'telling',
      started_at: at,
    }
    await world.db('autopay_runs').insert({ ...run, seen_alive_at: at, ended_at: at, listed: 4711, total: 3717, done: 2517 })
    for (const path of ['', '/runs', `/runs/${run.id}`]) {
      const [all, own] = [(await open(path, 'admin')).html, (await open(path)).html]
      const told = (page: string) => ['4711', '3717', '2517', 'закончен раньше'].filter((figure) => page.includes(figure))
      expect([path, told(all), told(own), own.includes(run.id)]).toEqual([path, ['4711', '3717', '2517', 'закончен раньше'], [], true])
    }
    await world.db('autopay_runs').where({ id: run.id }).delete()
  })

  test('while a run is under way, whoever would start another is led to it; its page changes with every step', async () => {
    const run = await beginRun(world.parts, { author: COMMAND_LINE, scope: { organisationId: firm.id } })
    if (!run) throw new Error('It was begun before.')
    const led = await as('operator').submit(await open('/runs'), `${ROOT}/runs`, { organisation: firm.id })
    expect(new URL(led.url, world.url).pathname).toBe(`${ROOT}/runs/${run.id}`)
    expect(plain(led)).toContain('уже идёт')
    const before = led.state
    await noteProgress(world.db, run, { step: 'reading', listed: 300 }, world.clock.now())
    expect((await as('operator').open(led.url)).state).not.toBe(before)
    await world.db('organisations').where({ id: firm.id }).update({ switch: 'stopped' })
    await noteProgress(world.db, run, { step: 'paying', total: 1100, done: 127 }, world.clock.now())
    await finishRun(world.parts, run, { problem: null, said: [] })
    expect(plain(await as('operator').open(led.url))).toMatch(/закончен раньше[\s\S]*127 из 1100/)
    await world.db('organisations').where({ id: firm.id }).update({ switch: 'on' })
  })
})
