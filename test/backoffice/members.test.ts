import { randomUUID } from 'node:crypto'
import { addMember, addStaff } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffRole } from '../../src/shared/actor'
import { ENGINES } from '../support/databases'
import type { Browser, Page } from '../support/browser'
import { StaffPerson } from '../support/staff'
import { PASSWORD, World } from '../support/world'

const text = (page: Page): string => page.html.replaceAll('\u00a0', ' ').replaceAll('&nbsp;', ' ')

describe.each(ENGINES)('the pages about members on %s', (engine) => {
  let world: World
  const staff = new Map<StaffRole, Browser>()

  beforeAll(async () => {
    world = await World.make({ engine, env: { TWO_EYES_POINTS: '10000' } })
    for (const role of ['operator', 'support', 'auditor'] as const) {
      await addStaff(world.parts, { login: role, password: PASSWORD, role, actor: COMMAND_LINE })
      const browser = world.browser()
      const page = await browser.open('/sign-in')
      await browser.submit(page, '/sign-in', { login: role, password: PASSWORD })
      staff.set(role, browser)
    }
  }, 60_000)
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const as = (role: StaffRole): Browser => staff.get(role) as Browser
  const open = (role: StaffRole, path: string): Promise<Page> => as(role).open(path)
  const audited = async (subject: string): Promise<string[]> =>
    (await world.db('audit_log').where({ subject }).orderBy('id').select<{ action: string }[]>('action')).map(({ action }) => action)

  /** Both steps of a form: what would change, then the change. */
  async function does(
    role: StaffRole,
    path: string,
    form: string,
    fields: Record<string, string>,
  ): Promise<{ preview: Page; after: Page }> {
    const preview = await as(role).submit(await open(role, path), `${path}/${form}`, fields)
    expect(preview.state).toBe('confirm')
    return { preview, after: await as(role).submit(preview, `${path}/${form}`) }
  }

  test('a member is found by login, e-mail, phone, id and the beginning of the name', async () => {
    const mark = randomUUID().slice(0, 8)
    const { id } = await addMember(world.parts, {
      login: `zoe-${mark}`,
      password: PASSWORD,
      fullName: `Семёнова ${mark} Зоя`,
      email: `Zoe.${mark}@Example.org`,
      phone: '8 (912) 345-67-89',
      actor: COMMAND_LINE,
    })
    for (const typed of [
      `zoe-${mark}`,
      `ZOE-${mark.slice(0, 5)}`,
      `zoe.${mark}@example.ORG`,
      '+7 912 345-67',
      '89123456789',
      id,
      `member:${id}`,
      `семенова  ${mark}`,
    ]) {
      const page = await open('operator', `/admin/members?q=${encodeURIComponent(typed)}`)
      expect([typed, page.status, page.html.includes(`/admin/members/${id}`)]).toEqual([typed, 200, true])
    }
    for (const typed of ['%', '_', '9123', 'a%', "'", randomUUID(), 'nobody-here']) {
      const page = await open('operator', `/admin/members?q=${encodeURIComponent(typed)}`)
      expect([typed, page.status, page.html.includes(`/admin/members/${id}`)]).toEqual([typed, 200, false])
    }
  })

  test('the card shows the person to those who may see it, and each look is written down', async () => {
    const { id } = await addMember(world.parts, {
      login: `p-${randomUUID()}`,
      password: PASSWORD,
      fullName: 'Пётр Петров',
      phone: '+7 900 000-00-01',
      actor: COMMAND_LINE,
    })
    expect((await open('support', `/admin/members/${id}`)).html).not.toContain('Пётр')
    expect(await audited(`member:${id}`)).toEqual(['member_added'])
    const page = await open('operator', `/admin/members/${id}`)
    expect([page.status, page.state]).toEqual([200, 'member'])
    expect(page.html).toContain('Пётр Петров')
    expect(await audited(`member:${id}`)).toEqual(['member_added', 'person_viewed'])
  })

  test('a login that tells who somebody is is masked for support', async () => {
    const login = `ivan.${randomUUID().slice(0, 6)}@example.org`
    const { id } = await addMember(world.parts, { login, password: PASSWORD, actor: COMMAND_LINE })
    for (const path of [`/admin/members/${id}`, '/admin/members', `/admin/members?q=${id}`]) {
      expect((await open('support', path)).html).not.toContain(login)
      expect((await open('operator', path)).html).toContain(login)
    }
  })

  test('points are credited after a look at what would change, once however often the form is sent', async () => {
    const anna = await world.member({ points: '100.00' })
    const path = `/admin/members/${anna.id}`
    const { preview, after } = await does('operator', path, 'credit', {
      points: '1 150,50',
      reason: 'Не начислили за март',
      reasonKind: 'complaint',
    })
    expect(text(preview)).toContain('100 баллов')
    expect(text(preview)).toContain('1 250,50 балла')
    expect(after.url).toContain('done=done')
    expect(await anna.balance()).toEqual({ available: '1250.50', held: '0.00' })
    await as('operator').submit(preview, `${path}/credit`)
    expect(await anna.balance()).toEqual({ available: '1250.50', held: '0.00' })
    expect(await audited(`member:${anna.id}`)).toContain('points_credited')
    // What one person gives out alone counts together for a day.
    const next = await as('operator').submit(await open('operator', path), `${path}/credit`, { points: '8849,51', reason: 'Ещё' })
    expect(text(next)).toContain('за последние 24 часа на 1 150,50 балла из 10 000 баллов')
    expect(next.html).toContain('Отправить на согласование')
    expect((await as('operator').submit(next, `${path}/credit`)).url).toContain('done=waiting')
    expect(await anna.balance()).toEqual({ available: '1250.50', held: '0.00' })
  })

  test('above the amount for one person nothing moves until a second one agrees', async () => {
    const anna = await world.member({ points: '100.00' })
    const { preview, after } = await does('operator', `/admin/members/${anna.id}`, 'credit', { points: '50000', reason: 'Возмещение' })
    expect(preview.html).toContain('Отправить на согласование')
    expect(after.url).toContain('done=waiting')
    expect(await anna.balance()).toEqual({ available: '100.00', held: '0.00' })
  })

  test('more than there is cannot be taken, and says so before anything is sent', async () => {
    const anna = await world.member({ points: '10.00' })
    const path = `/admin/members/${anna.id}`
    const answer = await as('operator').submit(await open('operator', path), `${path}/debit`, { points: '10,01', reason: 'Ошибка' })
    expect([answer.status, answer.state]).toEqual([409, 'error'])
    for (const odd of ['0', '-1', '1.005', 'x', '']) {
      const refused = await as('operator').submit(await open('operator', path), `${path}/debit`, { points: odd, reason: 'Ошибка' })
      expect([odd, refused.status]).toEqual([odd, 400])
    }
  })

  test('what will not do comes back inside the office, with the field at fault and what was typed, and goes on from there', async () => {
    const anna = await world.member({ points: '10.00' })
    const path = `/admin/members/${anna.id}`
    const typed = { reasonKind: 'complaint', reason: 'Не начислили за март' }
    const sends = async (form: 'credit' | 'debit', points: string): Promise<Page> =>
      as('operator').submit(await open('operator', path), `${path}/${form}`, { ...typed, points })
    const odd = await sends('credit', '12,345abc')
    expect([odd.status, odd.state]).toEqual([400, 'error'])
    for (const kept of [
      'class="sections"',
      'id="q"',
      'value="12.345abc"',
      `value="${typed.reason}"`,
      '<option value="complaint" selected>',
    ])
      expect([kept, odd.html.includes(kept)]).toEqual([kept, true])
    expect(text(odd)).toContain('Проверьте поле «Баллы»')
    expect(odd.html).toContain(`href="${path}"`)
    const much = await sends('debit', '10,01')
    expect([much.status, much.html.includes('class="sections"'), much.html.includes('value="10.01"')]).toEqual([409, true, true])
    expect(`${odd.html} ${much.html}`).not.toMatch(/Баллы не списаны|href="\/"/)
    const preview = await as('operator').submit(much, `${path}/debit`, { ...typed, points: '10' })
    expect(preview.state).toBe('confirm')
    await as('operator').submit(preview, `${path}/debit`)
    expect(await anna.balance()).toEqual({ available: '0.00', held: '0.00' })
  })

  test('any other error of the staff member stays inside the office too, and leads back to where they came from', async () => {
    const anna = await world.member({ points: '10.00' })
    const path = `/admin/members/${anna.id}`
    const { status, html } = await as('operator').open(`${path}0/limits`, { headers: { referer: `${world.url}${path}?done=done` } })
    expect([status, html.includes('class="sections"')]).toEqual([404, true])
    expect(html).toContain(`href="${path}?done=done"`)
    const stranger = await world.browser().open(`${path}0/limits`)
    expect([stranger.status, /class="sections"|id="q"|href="\/admin\//.test(stranger.html)]).toEqual([404, false])
    const member = await anna.browser.open('/admin/nothing')
    expect([member.status, member.html.includes('class="sections"')]).toEqual([404, false])
    const gone = await as('operator').open(`/admin/members/${randomUUID()}`, { headers: { referer: `${world.url}/admin/members?q=a` } })
    expect([gone.status, gone.state, gone.html.includes('class="sections"')]).toEqual([404, 'error', true])
    expect(gone.html).toContain('href="/admin/members?q=a"')
    const { html: card } = await open('operator', path)
    const _csrf = /name="_csrf" value="([^"]*)"/.exec(card)?.[1] ?? ''
    const long = await as('operator').post(`${path}/lock`, { _csrf, reason: 'x'.repeat(401) }, world.url)
    expect([long.status, long.state, long.html.includes('class="sections"')]).toEqual([400, 'error', true])
    expect(text(long)).toContain('Проверьте поле «Причина»')
    expect(long.html).not.toMatch(/Баллы не списаны|href="\/"/)
    const english = await as('operator').open(`/admin/members/${randomUUID()}?lang=en`)
    expect(english.html).toContain('There is no such page.')
    expect((await as('operator').open(`${path}?lang=ru`)).status).toBe(200)
    const forbidden = await open('support', '/admin/audit')
    expect([forbidden.status, forbidden.html.includes('class="sections"')]).toEqual([403, true])
  })

  test('a lock gives its reason to the member, and is taken back', async () => {
    const anna = await world.member({ points: '10.00' })
    const path = `/admin/members/${anna.id}`
    const { preview } = await does('support', path, 'lock', { reason: 'Проверка документов' })
    expect((await anna.signsIn()).html).toContain('Проверка документов')
    expect((await open('support', path)).html).toContain('Проверка документов')
    expect((await open('support', '/admin/members?state=locked')).html).toContain(anna.id)
    await does('support', path, 'unlock', { reason: 'Проверено' })
    // The way back in the browser, and the same confirmation once more.
    await as('support').submit(preview, `${path}/lock`)
    expect((await open('support', '/admin/members?state=locked')).html).not.toContain(anna.id)
    expect(await audited(`member:${anna.id}`)).toEqual(expect.arrayContaining(['member_locked', 'member_unlocked']))
  })

  test('limits are set by the form, in whatever spelling, and the card says whose they are', async () => {
    const anna = await world.member({ points: '10.00' })
    const path = `/admin/members/${anna.id}`
    expect(text(await open('support', path))).toContain('Действуют лимиты программы')
    const fields = {
      follow: 'own',
      perPayment: '1 000,50',
      perDay: '',
      perMonth: '20000',
      reasonKind: 'agreement',
      reason: 'Просьба участника',
    }
    const { preview } = await does('operator', path, 'limits', fields)
    expect(text(preview)).toContain('без ограничения')
    const card = text(await open('support', path))
    for (const shown of ['Свои лимиты участника', '1 000,50 балла', '20 000 баллов']) expect(card).toContain(shown)
    const raise = await does('operator', path, 'limits', { ...fields, perPayment: '' })
    expect(raise.after.url).toContain('done=waiting')
    await does('operator', path, 'limits', { ...fields, perPayment: '5' })
    expect(text(await open('support', path))).toContain('5 баллов')
  })

  test('a statement is the same for staff and for the member, on the page and in the file', async () => {
    const anna = await world.member({ points: '12.34' })
    const paid = await world.sandbox.invoice({ amount: '2.34', number: 'СЧ-77' })
    expect((await anna.pays(paid)).state).toBe('paid')
    const pages = [await open('support', `/admin/members/${anna.id}/statement`), await anna.browser.open('/account/statement')]
    expect(pages.map(({ state }) => state)).toEqual(['member-statement', 'statement'])
    for (const page of pages) for (const shown of ['Оплата счёта № СЧ-77', '12,34 балла', '10 баллов']) expect(text(page)).toContain(shown)
    const files = [await as('support').fetch(`/admin/members/${anna.id}/statement.csv`), await anna.browser.fetch('/account/statement.csv')]
    const [ours, theirs] = await Promise.all(files.map((file) => file.text()))
    expect(ours).toBe(theirs)
    expect(ours).toMatch(/^\ufeff?Когда \(МСК\);Операция;Баллы;Остаток, баллы\r\n/)
    expect(ours).toMatch(/;Оплата счёта № СЧ-77;-2\.34;10\.00\r\n/)
    const pdf = await anna.browser.fetch('/account/statement.pdf')
    expect([pdf.status, pdf.headers.get('content-type'), (await pdf.text()).slice(0, 5)]).toEqual([200, 'application/pdf', '%PDF-'])
    for (const odd of ['from=2026-02-30', 'from=2026-02-02&to=2026-02-01', 'before=0'])
      expect([odd, (await anna.browser.open(`/account/statement?${odd}`)).status]).toEqual([odd, 400])
  })

  test('an admin asks for an erasure, another person agrees, and the proof is there', async () => {
    const { id } = await addMember(world.parts, {
      login: `gone-${randomUUID().slice(0, 8)}`,
      password: PASSWORD,
      fullName: 'Кто-то',
      actor: COMMAND_LINE,
    })
    const path = `/admin/members/${id}`
    const [admin, approver] = [await StaffPerson.make(world, 'admin'), await StaffPerson.make(world, 'approver')]
    await admin.signsIn()
    const preview = await admin.browser.submit(await admin.browser.open(path), `${path}/erase`, {
      reasonKind: 'complaint',
      reason: 'Заявление',
    })
    const asked = await admin.browser.submit(preview, `${path}/erase`)
    expect(asked.url).toContain('done=waiting')
    expect((await admin.browser.open(`${path}/erasure`)).status).toBe(404)
    await approver.signsIn()
    const request = /\/admin\/approvals\/([0-9a-f-]{36})/.exec((await approver.browser.open('/admin/approvals')).html)?.[1] ?? ''
    await approver.browser.submit(await approver.browser.open(`/admin/approvals/${request}`), `/admin/approvals/${request}/approve`)
    const proof = await admin.browser.open(`${path}/erasure`)
    expect([proof.status, proof.state]).toEqual([200, 'erasure'])
    const card = await admin.browser.open(path)
    expect(card.heading).toBe(`erased-${id}`)
    for (const form of ['credit', 'debit', 'lock', 'unlock', 'limits', 'erase'])
      expect([form, card.html.includes(`${path}/${form}"`)]).toEqual([form, false])
    expect((await open('support', '/admin/members?state=erased')).html).toContain(`${path}"`)
  })

  test('a new member is added by the form; what will not do is said there, and the password is never shown again', async () => {
    const login = `new-${randomUUID().slice(0, 8)}`
    const form = await open('operator', '/admin/members/new')
    const fields = { login, password: 'first password', fullName: 'Новая Участница', email: '', phone: '' }
    const wrong = await as('operator').submit(form, '/admin/members/new', { ...fields, password: 'short' })
    expect([wrong.status, wrong.state]).toEqual([400, 'member-new'])
    expect(wrong.html).toContain(`value="${login}"`)
    expect(wrong.html).not.toContain('"short"')
    const added = await as('operator').submit(wrong, '/admin/members/new', fields)
    expect([added.state, added.heading]).toEqual(['member', login])
    const again = await as('operator').submit(form, '/admin/members/new', fields)
    expect([again.status, again.state]).toEqual([409, 'member-new'])
  })

  test('the list is paged by the last one seen, and the export is what the filter shows', async () => {
    const ids: string[] = []
    for (let n = 0; n < 3; n++) ids.push((await world.member({ points: '0' })).id)
    const first = await open('auditor', '/admin/members')
    expect(ids.every((id) => first.html.includes(id))).toBe(true)
    const page = await open('auditor', `/admin/members?before=${ids[1] ?? ''}`)
    expect([ids[0], ids[1], ids[2]].map((id) => page.html.includes(`/admin/members/${id ?? ''}`))).toEqual([true, false, false])
    const csv = await as('auditor').fetch('/admin/members.csv?state=locked')
    const lines = (await csv.text()).trim().split('\r\n')
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(lines[0]).toContain('Номер участника;Логин')
    expect(lines).toHaveLength(1)
    expect(await audited('members')).toEqual(['members_exported'])
  })
})
