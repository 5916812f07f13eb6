import { addStaff } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffRole } from '../../src/shared/actor'
import { PASSWORD, World } from '../support/world'
import type { Browser, Page } from '../support/browser'
import type { Buyer } from '../support/world'

/** MODE=demo leaves the second factor out; what it asks for is tested with the staff. */
describe('the pages of the second pair of eyes', () => {
  let world: World
  let anna: Buyer
  const browsers = new Map<StaffRole, Browser>()

  beforeAll(async () => {
    world = await World.make({ env: { MODE: 'demo', TWO_EYES_POINTS: '1000' } })
    anna = await world.member({ points: '500.00' })
    for (const role of ['operator', 'approver', 'auditor', 'viewer', 'admin'] as const) {
      await addStaff(world.parts, { login: `the-${role}`, password: PASSWORD, role, actor: COMMAND_LINE })
      const browser = world.browser()
      await browser.submit(await browser.open('/sign-in'), '/sign-in', { login: `the-${role}`, password: PASSWORD })
      browsers.set(role, browser)
    }
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const as = (role: StaffRole): Browser => browsers.get(role) as Browser

  /** An operator credits through the member's card: the preview first, then the confirmation. */
  async function credit(points: string): Promise<Page> {
    const browser = as('operator')
    const action = `/admin/members/${anna.id}/credit`
    const preview = await browser.submit(await browser.open(`/admin/members/${anna.id}`), action, {
      points,
      reasonKind: 'correction',
      reason: 'Lost in <b>May</b>',
    })
    expect(preview.state).toBe('confirm')
    // The reason as it will be filed: what was chosen from the list, and the words.
    expect(preview.html).toContain('Исправление ошибки: Lost in &lt;b&gt;May&lt;/b&gt;')
    return browser.submit(preview, action, {})
  }

  test('a credit above the set amount shows before and after, waits, and is agreed to by somebody else', async () => {
    await credit('1500')
    expect(await anna.balance()).toMatchObject({ available: '500.00' })
    const list = await as('approver').open('/admin/approvals')
    expect(list.html).toContain('the-operator')
    expect(list.html).not.toContain('<b>May')
    const [href = ''] = /\/admin\/approvals\/[0-9a-f-]{36}/.exec(list.html) ?? []
    expect((await as('operator').open(href)).html).not.toContain(`${href}/approve`)
    expect((await as('auditor').open(href)).html).not.toContain(`${href}/approve`)
    const page = await as('approver').open(href)
    expect(page.html.replaceAll('\u00a0', ' ')).toMatch(/500 баллов[\s\S]*2 000 баллов/)
    const after = await as('approver').submit(page, `${href}/approve`, {})
    // What came of it is said at once and gets the focus; the state has its icon, and UTC shows where the pointer rests on a moment.
    expect(after.html).toMatch(/<p class="note-done" role="status" tabindex="-1" autofocus>Запрос согласован \(выполнено\)\.</)
    expect(after.html).toMatch(/<dt>Состояние<\/dt><dd><span class="state state-good"><svg[\s\S]*?<\/svg>\s*согласован</)
    expect(after.html).toMatch(/<dt>Решение<\/dt><dd title="20\d\d-[^"]+Z">the-approver, /)
    expect((await as('approver').open(href)).html).not.toContain('note-done')
    expect(await anna.balance()).toMatchObject({ available: '2000.00' })
    const again = await as('approver').submit(page, `${href}/approve`, {})
    expect([again.status, again.html]).toEqual([200, expect.stringContaining('Запрос согласован (выполнено).')])
    const otherwise = await as('approver').submit(page, `${href}/refuse`, { reason: 'Rather not' })
    expect(otherwise.status).toBe(409)
    expect(await anna.balance()).toMatchObject({ available: '2000.00' })
  })

  test('whoever asks for the same is told of the request that waits, and the approver sees whom it is about', async () => {
    const path = `/admin/members/${anna.id}`
    const fields = { points: '1100', reasonKind: 'correction', reason: 'Again' }
    const looks = async (): Promise<Page> => as('operator').submit(await as('operator').open(path), `${path}/credit`, fields)
    expect((await looks()).html).not.toContain('Уже ждёт')
    await credit('1200')
    const list = (await as('admin').open('/admin/approvals')).html
    const [href = ''] = /\/admin\/approvals\/[0-9a-f-]{36}/.exec(list) ?? []
    const preview = await looks()
    for (const said of ['Уже ждёт согласования', `href="${href}"`, 'Сумма выше той']) expect(preview.html).toContain(said)
    expect((await as('operator').open(path)).html).toContain(`href="${href}"`)
    const { html } = await as('admin').open(href)
    for (const page of [list, html]) expect(page).toContain(`href="${path}"`)
    // The row of the list tells the amount, to the right and as money; the request's own page too, once.
    const shown = [list, html].map((page) => page.replaceAll('\u00a0', ' '))
    expect(shown[0]).toMatch(/<td data-label="Сумма" class="right"><span>1 200 баллов<\/span>/)
    expect(shown[1]).toMatch(/<dt>Сумма<\/dt>\s*<dd[^>]*>1 200 баллов/)
    expect(shown[1]).not.toContain('1200.00')
    expect(html).not.toContain('memberId')
    await as('admin').submit(await as('admin').open(href), `${href}/refuse`, { reason: 'Once is enough' })
  })

  test('a deed that always takes two says so, and a login spelled like a role stays a login', async () => {
    const fields = { login: 'viewer', role: 'approver', reason: 'New here' }
    const browser = as('admin')
    const preview = await browser.submit(await browser.open('/admin/staff'), '/admin/staff', fields)
    expect(preview.html).toContain('Это всегда делают двое')
    expect(preview.html).not.toContain('Сумма выше той')
    expect(preview.html).toMatch(/<strong>viewer<\/strong>[\s\S]*<strong>согласующий<\/strong>/)
  })

  test('a confirmation sent twice is one request, and one that is refused says why', async () => {
    const browser = as('operator')
    const action = `/admin/members/${anna.id}/credit`
    const preview = await browser.submit(await browser.open(`/admin/members/${anna.id}`), action, {
      points: '9000',
      reasonKind: 'other',
      reason: 'x',
    })
    await browser.submit(preview, action, {})
    await browser.submit(preview, action, {})
    const list = await as('admin').open('/admin/approvals')
    const hrefs = [...new Set(list.html.match(/\/admin\/approvals\/[0-9a-f-]{36}/g))]
    expect(hrefs).toHaveLength(1)
    const [href = ''] = hrefs
    const after = await as('admin').submit(await as('admin').open(href), `${href}/refuse`, { reason: 'Nobody knows of it' })
    for (const said of ['Nobody knows of it', 'Запрос отклонён.']) expect(after.html).toContain(said)
    expect((await as('admin').open('/admin/approvals')).html).toContain('Ничего не ждёт согласования')
    expect((await as('admin').open('/admin/approvals?state=all')).html).toContain('отклонён')
    const ofKind = async (kind: string): Promise<string> => (await as('admin').open(`/admin/approvals?state=refused&kind=${kind}`)).html
    expect(await ofKind('points_credited')).toContain(href)
    for (const kind of ['points_debited', 'no_such_deed']) {
      expect(await ofKind(kind)).toContain('Таких запросов нет')
      expect(await ofKind(kind)).not.toContain(href)
    }
    expect(await ofKind('points_debited')).toContain('Списать баллы ×')
  })

  test('the audit log shows who did what, filters it, and is exported as it is shown', async () => {
    const page = await as('auditor').open(`/admin/audit?subject=member:${anna.id}`)
    expect(page.html).toContain('<span title="points_credited">')
    expect(page.html).toMatch(/chip[^>]*>[^<]*Над чем: Участник /)
    // Whoever did it is asked for by the login that the list tells, and what was done by its words.
    const byLogin = await as('auditor').open('/admin/audit?actor=the-operator&action=points_credited')
    expect(byLogin.html).toContain('<span title="points_credited">')
    expect((await as('auditor').open('/admin/audit?actor=the-viewer')).html).toContain('Таких записей нет')
    expect((await as('auditor').open('/admin/audit?action=no_such_deed')).html).toContain('Таких записей нет')
    const csv = await as('auditor').open(`/admin/audit.csv?subject=member:${anna.id}&action=points_credited`)
    const lines = csv.html.trim().split('\r\n')
    expect(lines[0]).toBe('id;at;actor;action;subject;reason;before;after;instruction;approved_by')
    expect(lines.slice(1).every((line) => line.includes(';points_credited;'))).toBe(true)
    expect(lines.length).toBeGreaterThan(1)
    expect((await as('auditor').open('/admin/audit?action=audit_exported')).html).toContain('<span title="audit_exported">')
    expect((await as('viewer').open('/admin/audit')).status).toBe(403)
    expect((await as('viewer').open('/admin/approvals')).status).toBe(403)
  })
})
