import { randomUUID } from 'node:crypto'
import { dayText } from '../../src/backoffice/fund/words'
import { PORTION } from '../../src/backoffice/portion'
import type { StaffRole } from '../../src/shared/actor'
import { addDays, dayOf } from '../../src/shared/days'
import type { Page } from '../support/browser'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'
import { bill, company, rule, runs } from '../autopay/organisations'
import type { Company } from '../autopay/organisations'
import { until } from '../support/until'
import { paymentOf } from '../payments/steps'

const plain = ({ html }: Page): string => html.replaceAll('\u00a0', ' ').replace(/\s+/g, ' ')
const ROOT = '/admin/autopay'

describe('the pages of automatic payment', () => {
  let world: World
  let acme: Company
  const people = new Map<StaffRole, StaffPerson>()
  beforeAll(async () => {
    world = await World.make({ env: { MODE: 'demo', TWO_EYES_ROUBLES: '5000' } })
    acme = await company(world, { perMonth: 100_000n })
    for (const role of ['admin', 'operator', 'approver', 'support', 'auditor'] as const) {
      const person = await StaffPerson.make(world, role)
      await person.signsIn()
      people.set(role, person)
      if (role !== 'support') await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: person.actor.id })
    }
    await rule(world, acme, { description: 'Аренда' })
    await rule(world, acme, { description: 'Мебель', do: 'ask' })
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const as = (role: StaffRole) => (people.get(role) as StaffPerson).browser
  const open = (path: string, role: StaffRole = 'operator'): Promise<Page> => as(role).open(`${ROOT}${path}`)

  test('with nothing to tell each page says so', async () => {
    for (const path of ['', '/queue/mine', '/queue/exceptions', '/plan', '/runs', '/report', '/turns']) {
      const page = await open(path)
      expect([path, page.status]).toEqual([path, 200])
      expect(plain(page)).toContain('Разделы автооплаты')
      expect(plain(page)).toContain('id="autopay-switch"')
    }
    expect((await open('/queue/none')).status).toBe(404)
    for (const [path, told] of [
      ['/queue/due?least=abc', 'Сумма в отборе не разобрана'],
      ['/report?month=ноябрь', 'Месяц не разобран, показан нынешний'],
    ] as const) {
      const page = await open(path)
      expect([path, page.status, plain(page).includes(told)]).toEqual([path, 400, true])
    }
    expect((await open('/queue/due?least=abc')).html).toContain('value="abc"')
  })

  test('a run is started on its page, shows what became of each invoice, and the report counts it', async () => {
    const rent = await bill(world, acme, { amount: '1500.00', description: 'Аренда, ноябрь', number: '417-1' })
    const table = await bill(world, acme, { amount: '2000.00', description: 'Мебель, стол', number: '418-1' })
    const odd = await bill(world, acme, { amount: '5.00', amountRaw: '0.005', number: '419-1' })
    const started = await as('operator').submit(await open('/runs'), `${ROOT}/runs`, { organisation: acme.id })
    expect(started.url).toMatch(/\/admin\/autopay\/runs\/[0-9a-f-]{36}$/)
    let run = started
    await until(async () => (run = await as('operator').open(started.url)).state === 'autopay-run')
    expect(plain(run)).toMatch(/Оплачено: 1 на 1 500,00 ₽[\s\S]*Ждёт: 2 на 2 000,00 ₽/)
    expect(await paymentOf(world, rent)).toMatchObject({ state: 'captured' })

    expect(plain(await open('/queue/paid'))).toContain('417-1')
    expect(plain(await open('/queue/mine', 'approver'))).toContain('418-1')
    expect(plain(await open('/queue/mine', 'auditor'))).toContain('В этой очереди счетов нет')
    expect(plain(await open('/queue/others', 'auditor'))).toContain('418-1')
    expect(plain(await open('/queue/exceptions'))).toContain(odd.id.slice(0, 8))
    expect(plain(await open('/queue/paid?number=41%25'))).toContain('В этой очереди счетов нет')
    expect(plain(await open('/queue/paid?least=1499&most=1501'))).toMatch(/417-1[\s\S]*/)
    const report = plain(await open('/report'))
    expect(report).toMatch(/1 на 1 500,00 ₽[\s\S]*100 000,00 ₽[\s\S]*1 %/)
    const csv = await (await as('auditor').fetch(`${ROOT}/report.csv`)).text()
    expect(csv).toMatch(/^outcome;at;/)
    expect(csv).toContain(`paid;`)
    expect(csv).toMatch(new RegExp(`waiting;.*${table.id}`))
    expect(await (await as('auditor').fetch(`${ROOT}/queue.csv?tab=others`)).text()).toContain(table.id)
    const overview = plain(await open(''))
    const today = dayOf(world.clock.now(), 'Europe/Moscow')
    expect([6, 7].map((days) => overview.includes(dayText(addDays(today, days), 'ru')))).toEqual([true, false])
    expect(overview).toMatch(/Ждут меня: 1[\s\S]*Что нужно оплатить за неделю[\s\S]*1 на 2 000,00 ₽/)
    expect(plain(await open('/plan'))).toMatch(/К оплате 0 на 0,00 ₽[\s\S]*418-1[\s\S]*Нужно согласие/)
  })

  test('the home page tells what waits for a signature and what needs a look; the search finds invoices and organisations for those who may know', async () => {
    const lines = async (role: StaffRole) =>
      plain(await as(role).open('/admin')).match(/(?:Счета ждут моего согласия|Исключения автооплаты): \d+/g)
    expect([await lines('approver'), await lines('support'), await lines('auditor')]).toEqual([
      ['Счета ждут моего согласия: 1', 'Исключения автооплаты: 1'],
      null,
      null,
    ])
    const finds = async (role: StaffRole, q: string) => (await as(role).open(`/admin/search?q=${encodeURIComponent(q)}`)).state
    expect([await finds('approver', '418-1'), await finds('support', '418-1')]).toEqual(['autopay-invoice', 'search'])
    expect([await finds('auditor', acme.vatNumber), await finds('support', acme.vatNumber)]).toEqual(['autopay-organisation', 'search'])
    const row: { id: string } = await world.db('autopay_invoices').where({ number: '418-1' }).first('id')
    expect([await finds('approver', row.id.toUpperCase()), await finds('support', row.id)]).toEqual(['autopay-invoice', 'search'])
    // Two of one number are listed, with how they stand.
    const like = (await world.db('autopay_invoices').where({ id: row.id }).first()) as Record<string, unknown>
    const twin = { ...like, id: randomUUID(), place: randomUUID(), queue: 'new', next_step: null, decision_id: null }
    await world.db('autopay_invoices').insert(twin)
    const both = plain(await as('approver').open('/admin/search?q=418-1'))
    expect([both.includes('Счета организаций'), both.includes('ждёт согласия, шаг 1'), both.includes('ещё не решено')]).toEqual([
      true,
      true,
      true,
    ])
    await world.db('autopay_invoices').where({ id: twin.id }).delete()
  })

  test('a plan of more than one page is paged in its order, filtered, and summed over all of it; its file has every line', async () => {
    const like = (await world.db('autopay_invoices').where({ number: '418-1' }).first()) as Record<string, unknown>
    const anew = { ...like, queue: 'new', next_step: null, decision_id: null }
    const twins = Array.from({ length: PORTION + 5 }, (_, index) => ({
      ...anew,
      id: randomUUID(),
      place: randomUUID(),
      number: `P-${index}`,
      description: index < 3 ? `Ничьё ${index}` : `Мебель ${index}`,
    }))
    for (const twin of twins) await world.db('autopay_invoices').insert(twin)
    const linesOf = ({ html }: Page): string[] => [...html.matchAll(/autopay\/invoices\/([0-9a-f-]{36})"/g)].map(([, id = '']) => id)
    const first = await open('/plan')
    const next = /href="(\/admin\/autopay\/plan\?after=[^"]+)"[^>]*rel="next"/.exec(first.html)?.[1] ?? 'none'
    const second = await as('operator').open(next)
    expect([linesOf(first).length, linesOf(second).length]).toEqual([PORTION, 7])
    expect(new Set([...linesOf(first), ...linesOf(second)]).size).toBe(PORTION + 7)
    expect([plain(first), plain(second)].map((page) => /К оплате \d+ на [^<]+/.exec(page)?.[0])).toEqual(
      Array(2).fill('К оплате 0 на 0,00 ₽'),
    )
    expect(plain(second)).toMatch(new RegExp(`>${PORTION + 1}<[\\s\\S]*К началу`))

    const held = await open('/plan?decision=hold&gate=rule')
    expect([linesOf(held).sort(), plain(held).includes(`Отобрано 3 из ${PORTION + 7}`)]).toEqual([
      twins
        .slice(0, 3)
        .map(({ id }) => id)
        .sort(),
      true,
    ])
    expect(plain(held)).toMatch(/Решение: посмотреть ×[\s\S]*Что остановило: правило ×/)
    expect(plain(await open('/plan?decision=ask&gate=rule'))).toContain('Таких счетов в плане нет')
    const asked = await open(`/plan?gate=approval&organisation=${acme.id}`)
    expect(asked.html).toContain(`gate=approval&amp;after=`)
    expect(plain(await open(`/plan?organisation=${randomUUID()}`))).toContain('Таких счетов в плане нет')
    expect((await open('/plan?decision=none')).status).toBe(400)

    const file = async (query: string): Promise<string[]> =>
      (await (await as('auditor').fetch(`${ROOT}/plan.csv${query}`)).text()).trim().split(/\r?\n/)
    expect([(await file('')).length, (await file('?gate=rule')).length]).toEqual([PORTION + 8, 4])
    expect((await file(''))[0]).toContain('turn;invoice;number;organisation;amount;currency;due;decision;gate;why')
    expect((await file('?gate=rule'))[1]).toMatch(/;P-\d;.*;2000\.00;RUB;.*;hold;rule;/)
    expect((await as('approver').fetch(`${ROOT}/plan.csv`)).status).toBe(403)
    expect((await open('/plan', 'approver')).html).not.toContain('plan.csv')
    await world.db('autopay_invoices').whereLike('number', 'P-%').delete()
  })

  test('an invoice is approved in two steps, with its history, and the next run pays it', async () => {
    const listed = await open('/queue/mine', 'approver')
    const id = /autopay\/invoices\/([0-9a-f-]{36})/.exec(listed.html)?.[1] ?? ''
    const page = await open(`/invoices/${id}`, 'approver')
    const action = `${ROOT}/invoices/${id}/approve`
    const preview = await as('approver').submit(page, action, { reasonKind: 'agreement', reason: 'Ordered in October' })
    expect(plain(preview)).toContain('Согласовать оплату счёта 418-1 на 2 000,00 ₽ из фонда')
    const done = await as('approver').submit(preview, action)
    expect(plain(done)).toMatch(/Готово[\s\S]*к оплате[\s\S]*Согласовал approver-/)
    await runs(world, { organisationId: acme.id })
    expect(plain(await open(`/invoices/${id}`, 'approver'))).toMatch(/оплачен[\s\S]*Оплата:/)
  })

  test('many are approved at once; above the amount for one person they wait; sent twice it changes nothing more', async () => {
    for (const [number, amount] of [
      ['420-1', '100.00'],
      ['420-2', '200.00'],
      ['420-3', '6000.00'],
    ] as const)
      await bill(world, acme, { amount, number, description: `Мебель ${number}` })
    await runs(world, { organisationId: acme.id })
    const listed = await open('/queue/mine', 'approver')
    const picks = [...listed.html.matchAll(/name="pick" value="([^"]+)"/g)].map(([, value = '']) => value)
    expect(picks).toHaveLength(3)
    const token = /name="_csrf" value="([^"]+)"/.exec(listed.html)?.[1] ?? ''
    const send = (fields: Record<string, string>): Promise<Page> =>
      as('approver').open(`${ROOT}/approve`, {
        method: 'POST',
        body: new URLSearchParams([
          ['_csrf', token],
          ...picks.map((pick) => ['pick', pick] as [string, string]),
          ...Object.entries(fields),
        ]),
        headers: { origin: world.url, 'sec-fetch-site': 'same-origin' },
      })
    const shown = await send({ reason: 'x' })
    expect(plain(shown)).toContain('Всего 3 на 6 300,00 ₽')
    const key = /name="key" value="([^"]+)"/.exec(shown.html)?.[1] ?? ''
    for (let times = 0; times < 2; times++)
      expect(plain(await send({ reason: 'All ordered', key, confirmed: 'yes' }))).toContain(
        'Согласовано: 2. Ждут второго сотрудника: 1. Не получилось: 0.',
      )
    expect(await world.db('autopay_signatures').where({ reason: 'All ordered' })).toHaveLength(2)
    // With a form of their own somebody learns why nothing came of it: two are to be paid by now, and one waits for its second person.
    const late = await send({ reason: 'Late', key: randomUUID(), confirmed: 'yes' })
    expect(plain(late)).toContain('Согласовано: 0. Ждут второго сотрудника: 1. Не получилось: 2 (подписи больше не ждут: 2).')
  })

  test('somebody who is assigned to no organisation sees nothing of it, and an unknown invoice is as unknown as a foreign one', async () => {
    const { id }: { id: string } = await world.db('autopay_invoices').first('id')
    expect((await open(`/invoices/${id}`, 'support')).status).toBe(404)
    expect((await open('/invoices/00000000-0000-0000-0000-000000000000')).status).toBe(404)
    expect(plain(await open('/queue/paid', 'support'))).toContain('В этой очереди счетов нет')
    expect(plain(await open('/report', 'support'))).not.toContain(acme.name)
    expect(plain(await open('', 'support'))).not.toContain('Останется в фонде')
  })

  test('a turn is handed over and taken back', async () => {
    const page = await open('/turns', 'approver')
    const stand = people.get('operator')?.actor.login ?? ''
    const given = await as('approver').submit(page, `${ROOT}/turns`, {
      to: stand,
      from: '2026-01-01',
      until: new Date(world.clock.now()).toISOString().slice(0, 10),
    })
    expect([given.status, given.state]).toEqual([400, 'autopay-turns'])
    expect([plain(given).includes('Последний день: не раньше первого'), given.html.includes(`value="${stand}"`)]).toEqual([true, true])
    const [own, auditor] = [people.get('approver')?.actor.login ?? '', people.get('auditor')?.actor.login ?? '']
    for (const [to, told] of [
      ['nobody', 'Сотрудника «nobody» нет'],
      [own, 'передают другому сотруднику'],
      [auditor, `«${auditor}» не может согласовывать`],
    ] as const) {
      const back = await as('approver').submit(page, `${ROOT}/turns`, { to })
      expect([to, back.status, plain(back).includes(told), back.html.includes(`value="${to}"`)]).toEqual([to, 400, true, true])
    }
    const today = /name="until" type="date" value="([^"]+)"/.exec(page.html)?.[1] ?? ''
    const done = await as('approver').submit(page, `${ROOT}/turns`, { to: stand, from: today, until: today })
    expect(plain(done)).toContain(`${stand} за approver-`)
    expect(plain(await as('approver').submit(done, /withdraw$/))).toContain('Никто никого не замещает')
    // Late copies of both forms.
    expect(plain(await as('approver').submit(page, `${ROOT}/turns`, { to: stand, from: today, until: today }))).toContain('Никто никого')
    expect((await as('approver').submit(done, /withdraw$/)).status).toBe(200)
  })

  test('what support may not see stays unsaid: what the fund has left, and who a sole proprietor is', async () => {
    const person = await company(world, { on: false })
    const [vat_number, name] = ['770100000012', 'ИП Петров Иван']
    await world.db('organisations').where({ id: person.id }).update({ vat_number, name })
    for (const role of ['support', 'operator'] as const) {
      const { actor } = people.get(role) as StaffPerson
      await world.db('organisation_staff').insert({ organisation_id: person.id, staff_id: actor.id })
    }
    await rule(world, person, { description: 'Связь' })
    await bill(world, { ...person, vatNumber: vat_number, name }, { amount: '10.00', description: 'Связь', number: '420-1' })
    await runs(world)
    const seen = async (role: StaffRole): Promise<string[]> => {
      const plan = await open('/plan', role)
      const invoice = /href="(\/admin\/autopay\/invoices\/[^"]+)"[^>]*>420-1</.exec(plan.html)?.[1] ?? ''
      const pages = [plan, await open('/organisations', role), await as(role).open(invoice)]
      return pages.map((page) => plain(page))
    }
    for (const page of await seen('support')) {
      for (const hidden of ['Петров', vat_number, 'останется']) expect(page).not.toContain(hidden)
      expect(page).toContain('ИП П*** И***')
    }
    const [plan = '', list = '', invoice = ''] = await seen('operator')
    expect([plan, list]).toEqual([expect.stringContaining('останется'), expect.stringContaining(vat_number)])
    expect(invoice).toContain('Петров')
  })

  test('long lists come in portions', async () => {
    const at = world.clock.now().toISOString()
    const rows = Array.from({ length: PORTION }, (_, n) => ({
      id: randomUUID(),
      vat_number: String(7_800_000_000 + n),
      name: `ООО ${String(n).padStart(3, '0')}`,
      contacts: '[]',
      steps: '[]',
      switch: 'off',
      created_at: at,
    }))
    await world.db('organisations').insert(rows)
    const first = await open('/organisations', 'admin')
    expect([first.html.includes('>ООО 000<'), first.html.includes('>ООО «Ромашка')]).toEqual([true, false])
    const next = /href="(\/admin\/autopay\/organisations\?after=[^"]+)"/.exec(first.html)?.[1] ?? 'none'
    const second = await as('admin').open(next)
    expect([second.html.includes('>ООО 000<'), second.html.includes(acme.name)]).toEqual([false, true])
    expect(second.html).toContain(`href="${ROOT}/organisations"`)
    expect((await as('admin').open(`${ROOT}/organisations?after=${randomUUID()}`)).html).toContain('>ООО 000<')
    const ids = rows.map(({ id }) => id)
    await world.db('organisations').whereIn('id', ids).delete()
  })

  test('the home page counts the requests alone that the reader may know of', async () => {
    const theirs = await company(world, { on: false })
    const { actor } = people.get('admin') as StaffPerson
    const payload = {
      organisationId: theirs.id,
      name: theirs.name,
      vatNumber: '7800000001',
      perDay: null,
      perMonth: null,
      steps: '',
      staff: '',
    }
    const order = { payload, author: actor, reason: 'a test', key: randomUUID() }
    const submitted = await world.parts.approvals.submit(world.parts.deeds.organisations.change, order)
    expect(submitted.state).toBe('waiting')
    const counted = async (role: StaffRole) => /Запросы ждут моего согласия: (\d+)/.exec(plain(await as(role).open('/admin')))?.[1]
    const before = await counted('approver')
    await world.db('organisation_staff').insert({ organisation_id: theirs.id, staff_id: (people.get('approver') as StaffPerson).actor.id })
    expect([before, await counted('approver')]).toEqual(['0', '1'])
  })
})
