import { startProof } from '../../src/backoffice/home/prove-money'
import { beginProof, isProofDue, readProofs } from '../../src/backoffice/home/proofs'
import { COMMAND_LINE, STAFF_ROLES } from '../../src/shared/actor'
import { openAlerts } from '../../src/shared/alerts'
import { HOUR, MINUTE, plus } from '../../src/shared/clock'
import { newSortedId } from '../../src/shared/ids'
import { tell } from '../../src/shared/told'
import { kindOf } from '../routes/objects'
import { ENGINES } from '../support/databases'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'

/** Texts as a person reads them. */
const plain = (html: string): string => html.replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ')

describe('the home page', () => {
  let world: World
  let operator: StaffPerson
  beforeAll(async () => {
    world = await World.make()
    operator = await StaffPerson.make(world, 'operator')
    await operator.password()
  })
  afterAll(() => world.close())

  test('answers its four questions, and tells each role what it may know', async () => {
    for (const role of STAFF_ROLES) {
      const person = await StaffPerson.make(world, role)
      await person.signsIn()
      const page = await person.browser.open('/admin')
      const text = plain(page.html)
      expect([role, page.state]).toEqual([role, 'home'])
      for (const question of ['Деньги в порядке?', 'Хватит ли фонда?', 'Что ждёт меня?', 'Доступен ли Инвойсбокс?'])
        expect(text).toContain(question)
      expect([role, text.includes('1 000 000,00 ₽')]).toEqual([role, role !== 'support'])
      expect([role, page.html.includes('action="/admin/proofs"')]).toEqual([role, ['operator', 'auditor', 'admin'].includes(role)])
      expect([role, text.includes('Запросы ждут моего согласия')]).toEqual([role, ['approver', 'admin'].includes(role)])
    }
  })

  test('«Проверить сейчас» proves the books in the background, and says when', async () => {
    const before = await operator.browser.open('/admin')
    expect(plain(before.html)).toContain('Ещё не проверяли')
    await operator.browser.submit(before, '/admin/proofs')
    await world.parts.background.idle(20_000)
    const after = plain((await operator.browser.open('/admin')).html)
    expect(after).toContain('Да: все правила книг доказаны')
    expect(after).toMatch(/Проверено \d\d\.\d\d\.\d\d \d\d:\d\d МСК/)
  })

  test('while it runs the page shows how far it is, and a second one is not begun', async () => {
    const id = await beginProof(world.db, { name: 'test', at: world.clock.now(), steps: 3 })
    const page = await operator.browser.open('/admin')
    expect([page.state, plain(page.html)]).toEqual(['home-0', expect.stringContaining('сделано 0 из 3')])
    expect(page.html).toContain('<progress')
    expect(await startProof(world.parts, operator.actor)).toBeNull()
    await world.db('proofs').where({ id }).delete()
  })

  test('books that are wrong are told on the page and by an alert, which closes with a reason', async () => {
    await world.db('ledger_accounts').where({ id: 'fund' }).increment('balance', 1)
    await (
      await startProof(world.parts, operator.actor)
    )?.over
    await world.db('ledger_accounts').where({ id: 'fund' }).decrement('balance', 1)
    const page = await operator.browser.open('/admin')
    expect(plain(page.html)).toContain('Нет: нарушено')
    expect(plain(page.html)).toContain('Книги не сходятся')
    const [alert] = await world.alerts()
    const viewer = await StaffPerson.make(world, 'viewer')
    const seen = await viewer.password()
    expect([plain(seen.html).includes('Книги не сходятся'), seen.html.includes('/close')]).toEqual([true, false])
    const token = /name="_csrf" value="([^"]+)"/.exec(seen.html)?.[1] ?? ''
    const refused = await viewer.browser.post(`${world.url}/admin/alerts/${alert?.id ?? ''}/close`, { _csrf: token, reason: 'me' })
    expect(refused.status).toBe(403)
    const closed = await operator.browser.submit(page, `/admin/alerts/${alert?.id ?? ''}/close`, { reason: 'Planted by a test' })
    expect(plain(closed.html)).toContain('Открытых тревог нет')
    await (
      await startProof(world.parts, COMMAND_LINE)
    )?.over
    expect(plain((await operator.browser.open('/admin')).html)).toContain('Да: все правила')
  })

  test('a review is not closed like an alert: it ends with a decision about its payment', async () => {
    const at = world.clock.now()
    await world.db.transaction((tx) => openAlerts(tx, [{ kind: 'payment_in_review', subject: 'p', detail: 'Look at it.', at }]))
    expect((await operator.browser.open('/admin')).html).not.toContain('/close"')
  })

  test('alerts made at one moment are told apart by what they are about, and lead there, as far as their reader may go', async () => {
    const at = world.clock.now()
    const anna = await world.member({ points: '500.00' })
    const invoices = [
      await world.sandbox.invoice({ amount: '10.00', number: '324' }),
      await world.sandbox.invoice({ amount: '20.00', number: '325' }),
    ]
    for (const invoice of invoices) await anna.pays(invoice)
    const payments = await world.payments()
    const offer = await kindOf('/admin/catalogue/:id').make(world, anna)
    const staffSubject = `staff:${operator.actor.id}`
    const detail = tell('told.second_look_fails', { outcome: 'unavailable timeout' })
    await world.db.transaction((tx) =>
      openAlerts(tx, [
        ...payments.map(({ id }) => ({ kind: 'second_look_fails', subject: id, detail, at }) as const),
        { kind: 'notice_failed', subject: 'mail', detail: 'test', at },
        { kind: 'fund_below', subject: `fund:${newSortedId()}`, detail: 'test', at },
        { kind: 'staff_changed_by_command_line', subject: staffSubject, detail: 'test', at },
        { kind: 'reconciliation_failed', subject: 'reconciliation', detail: 'test', at },
        { kind: 'voucher_stock_low', subject: offer, detail: 'test', at },
        { kind: 'clock_off', subject: 'host:gateway-node-02.example.test', detail: 'test', at },
      ]),
    )
    const { html } = await operator.browser.open('/admin')
    const links = (page: string): (string | undefined)[] => [...page.matchAll(/<a href="([^"]+)" data-row>/g)].map(([, href]) => href)
    for (const { id, invoiceNumber } of payments) {
      expect(links(html)).toContain(`/admin/payments/${id}`)
      expect(plain(html)).toContain(`Закрыть тревогу: Не удаётся перепроверить оплату · ${invoiceNumber} · `)
    }
    expect(plain(html)).toContain('не удаётся прочитать для сравнения: не получен, время ожидания вышло.')
    expect(links(html)).toEqual(
      expect.arrayContaining([
        '/admin/notices?state=failed',
        '/admin/fund',
        '/admin/reconciliation',
        expect.stringMatching(/^\/admin\/catalogue\/./),
      ]),
    )
    expect(plain(html)).toContain(`Сотрудника изменили из командной строки · ${operator.actor.login}`)
    expect(plain(html)).toContain('Письмо или вызов не доставлены · письмо')
    expect(plain(html)).toContain('Заканчиваются коды ваучеров · Кофе')
    expect(plain(html)).toContain('Часы сервера сбиты · gateway-node-02.example.test')
    // Numbers keep to one line, in the list and above each form.
    for (const { invoiceNumber } of payments) expect(html.split(`<span class="whole">${invoiceNumber}</span>`)).toHaveLength(3)
    expect(links(html)).not.toContain(`/admin/staff/${operator.actor.id}`)
    const admin = await StaffPerson.make(world, 'admin')
    await admin.signsIn()
    expect(links((await admin.browser.open('/admin')).html)).toContain(`/admin/staff/${operator.actor.id}`)
  })
})

test.each(ENGINES)('on %s the books are proved by one at a time, again after an hour, and after a process has died', async (engine) => {
  const world = await World.make({ engine, fund: '0' })
  const now = world.clock.now()
  const begin = (at: Date) => beginProof(world.db, { name: 'test', at, steps: 3 })
  expect(await isProofDue(world.db, now)).toBe(true)
  const begun = await Promise.all([begin(now), begin(now), begin(now)])
  expect(begun.filter((id) => id !== null)).toHaveLength(1)
  expect(await isProofDue(world.db, plus(now, MINUTE))).toBe(false)
  expect(await begin(plus(now, MINUTE))).toBeNull()
  const later = plus(now, 16 * MINUTE)
  expect([await isProofDue(world.db, later), (await readProofs(world.db, later)).running]).toEqual([true, null])
  expect(await begin(later)).not.toBeNull()
  await world.db('proofs').where({ state: 'running' }).update({ state: 'done', ended_at: later.toISOString(), findings: '[]' })
  await world
    .db('proofs')
    .where({ state: 'done' })
    .update({ started_at: plus(later, -1000).toISOString() })
  expect(await isProofDue(world.db, plus(later, HOUR - MINUTE))).toBe(false)
  expect(await isProofDue(world.db, plus(later, HOUR + MINUTE))).toBe(true)
  await world.close()
})
