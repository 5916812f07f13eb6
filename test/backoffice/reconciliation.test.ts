import { readOrganisations, takeIn } from '../../src/autopay'
import { addStaff } from '../../src/members'
import { findLostPayments, listDifferences, listRuns, listStatements, reconcile } from '../../src/reconciliation'
import { COMMAND_LINE } from '../../src/shared/actor'
import { staffByLogin } from '../../src/staff'
import type { StaffRole } from '../../src/shared/actor'
import type { Browser, Page } from '../support/browser'
import type { SandboxInvoice } from '../support/sandbox-control'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { until } from '../support/until'
import { bill, company } from '../autopay/organisations'
import { paymentOf } from '../payments/steps'

const plain = (page: Page): string => page.html.replaceAll('\u00a0', ' ')
const PATH = '/admin/reconciliation'

describe('the page about reconciliation', () => {
  let world: World
  let anna: Buyer
  const browsers = new Map<StaffRole, Browser>()

  beforeAll(async () => {
    world = await World.make({ env: { MODE: 'demo', TWO_EYES_POINTS: '1500' } })
    // The sandbox begins with an invoice that is paid.
    for (const { invoiceId } of (await findLostPayments(world.parts)).differences)
      await world.sandbox.change({ id: invoiceId }, { status: 'pending' })
    anna = await world.member({ points: '5000.00' })
    for (const role of ['operator', 'support', 'auditor', 'viewer'] as const) {
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
  const open = (role: StaffRole = 'operator', query = ''): Promise<Page> => as(role).open(`${PATH}${query}`)
  const compare = () => reconcile(world.parts, { author: COMMAND_LINE, resolves: false })
  const paid = async (amount: string, number: string): Promise<SandboxInvoice> => {
    const invoice = await world.sandbox.invoice({ amount, number })
    expect((await anna.pays(invoice)).state).toBe('paid')
    return invoice
  }
  const actionOn = ({ html }: Page, what: string): string => new RegExp(`${PATH}/[0-9a-f-]{36}/${what}`).exec(html)?.[0] ?? 'none'

  test('with nothing to tell it says so', async () => {
    const page = await open('viewer')
    expect([page.heading, page.state]).toEqual(['Сверка с Инвойсбоксом', 'reconciliation'])
    for (const text of ['Открытых расхождений нет', 'Сверок ещё не было', 'Выписок ещё не было']) expect(plain(page)).toContain(text)
    expect(page.html).not.toContain(`${PATH}/run`)
  })

  test('a comparison is started in the background; an auditor’s gives no points back', async () => {
    const invoice = await paid('1200.00', '417-1')
    await world.sandbox.cancelByMerchant(invoice)
    await as('auditor').submit(await open('auditor'), `${PATH}/run`)
    await until(async () => (await listRuns(world.db, 1))[0]?.state === 'done')
    const page = await open('auditor')
    expect(plain(page)).toMatch(
      /У нас оплачен, у Инвойсбокса отменён \(замечено \d\d\.\d\d\.\d\d \d\d:\d\d МСК\): счёт 417-1\. Вернуть 1 200 баллов\?/,
    )
    expect(plain(page)).toContain('сотрудник the-auditor')
    expect([actionOn(page, 'give-back'), actionOn(await open('support'), 'give-back')]).toEqual(['none', 'none'])
    expect((await paymentOf(world, invoice)).state).toBe('captured')
  })

  test('one click, before and after, and the points are back; the difference is closed', async () => {
    const page = await open()
    const action = actionOn(page, 'give-back')
    const preview = await as('operator').submit(page, action)
    expect(preview.state).toBe('confirm')
    expect(plain(preview)).toContain('Вернуть 1 200 баллов')
    const done = await as('operator').submit(preview, action)
    expect(plain(done)).toContain('Готово.')
    expect(await anna.balance()).toEqual({ available: '5000.00', held: '0.00' })
    expect(plain(done)).toContain('Открытых расхождений нет')
    expect(plain(await open('operator', '?which=all'))).toContain('закрыто: баллы возвращены, сотрудник the-operator')
  })

  test('above the amount for one person the click is a request', async () => {
    const invoice = await paid('2000.00', '417-2')
    await world.sandbox.cancelByMerchant(invoice)
    await compare()
    const page = await open()
    const action = actionOn(page, 'give-back')
    expect(plain(await as('operator').submit(await as('operator').submit(page, action), action))).toContain('Запрос отправлен')
    expect((await paymentOf(world, invoice)).state).toBe('captured')
    const waiting = await world.parts.db('approvals').where({ state: 'open' })
    expect(waiting).toMatchObject([{ kind: 'difference_points_returned', subject: expect.stringMatching(/^payment:/) as string }])
  })

  test('a remark, and an end with a remark', async () => {
    const page = await open('support')
    const remarked = await as('support').submit(page, actionOn(page, 'remark'), { remark: 'The shop was <i>asked</i>' })
    expect(remarked.html).toContain('The shop was &lt;i&gt;asked&lt;/i&gt;')
    expect(actionOn(remarked, 'accept')).toBe('none')
    const id = actionOn(remarked, 'remark').split('/')[3] ?? ''
    const token = (await open()).html
    expect(actionOn({ html: token } as Page, 'accept')).toBe(`${PATH}/${id}/accept`)
    const form = await open()
    const field = /name="_csrf" value="([^"]+)"/.exec(form.html)?.[1] ?? ''
    const done = await as('operator').post(`${world.url}${PATH}/${id}/accept`, { _csrf: field, remark: 'Settled with the shop' }, form.url)
    expect(plain(done)).toContain('Открытых расхождений нет')
    await compare()
    expect(plain(await open())).toContain('Открытых расхождений нет')
  })

  test('what was paid by card is closed in bulk, and taken away as it is shown', async () => {
    const acme = await company(world, { on: false })
    for (const login of ['the-operator', 'the-viewer'])
      await world.db('organisation_staff').insert({ organisation_id: acme.id, staff_id: (await staffByLogin(world.db, login))?.id })
    const theirs = await bill(world, acme, { amount: '10.00', number: '418-2' })
    await takeIn(world.parts, await readOrganisations(world.db), {})
    await world.sandbox.change(theirs, { status: 'paid' })
    await world.sandbox.invoice({ amount: '10.00', number: '=card', status: 'paid' })
    await compare()
    const kind = '?kind=paid_there_unknown_here'
    const file = await as('operator').fetch(`${PATH}.csv${kind}`)
    const lines = (await file.text()).trim().split('\r\n')
    const page = await open('operator', kind)
    const shown = page.html.match(/<article/g)?.length
    // The keys go from difference to difference, whether a payment is behind it or not.
    expect(page.html.match(/ data-row/g)?.length).toBe(shown)
    expect((await open('viewer', kind)).html.match(/ data-row/g)?.length).toBe(shown)
    expect(plain(page)).toContain('Спросите поддержку Инвойсбокса, оплатил ли его наш фонд')
    // The organisation's invoice is known here, and the other one is not: there is nothing to look at.
    expect(page.html.match(/\/admin\/autopay\/invoices\/[0-9a-f-]{36}/g)).toEqual([`/admin/autopay/invoices/${theirs.id}`])
    expect((await as('operator').open(`/admin/autopay/invoices/${theirs.id}`)).status).toBe(200)
    expect(page.html).not.toContain('/admin/search?q=')
    expect(lines.length - 1).toBe(shown)
    expect(lines.join('\n')).toContain('Счёт =card на 10,00')
    expect((await as('support').fetch(`${PATH}.csv`)).status).toBe(403)
    const done = await as('operator').submit(await open('operator', kind), `${PATH}/paid-otherwise`, { remark: 'By card' })
    expect(plain(done)).toContain('Открытых расхождений нет')
    expect((await compare()).differences).toEqual([])
  })

  describe('a statement of the fund', () => {
    const send = async (role: StaffRole, fields: Record<string, string | Blob>): Promise<Page> => {
      const page = await open(role)
      const form = new FormData()
      form.set('_csrf', /name="_csrf" value="([^"]+)"/.exec(page.html)?.[1] ?? '')
      for (const [name, value] of Object.entries(fields)) form.set(name, value)
      const headers = { origin: world.url, 'sec-fetch-site': 'same-origin' }
      return as(role).open(`${PATH}/statement`, { method: 'POST', body: form, headers })
    }
    const HEADER = 'Дата;Операция;Счёт;Сумма'
    const at = new Date().toISOString()
    const file = (lines: readonly string[]): Blob => new Blob([`${[HEADER, ...lines].join('\r\n')}\r\n`], { type: 'text/csv' })
    const textIn = ({ html }: Page): string => (/name="text" value="([^"]*)"/.exec(html)?.[1] ?? '').replaceAll('&#34;', '"')

    test('is read first: what was understood is shown, its faults by line, and nothing is kept', async () => {
      const bad = await send('operator', { file: file(['вчера;op-1;N-1;-5', `${at};op-2;N-2;0`]) })
      expect([bad.state, plain(bad)]).toEqual(['statement-faults', expect.stringContaining('Строка 2: «вчера» — не дата.') as string])
      expect(plain(bad)).toContain('Строка 3: сумма равна нулю.')
      const page = await send('operator', { file: file([`${at};op-1;N-1;-1 234,56`, `${at};;;500`]), name: '<i>ноябрь</i>' })
      expect(page.state).toBe('statement')
      for (const text of ['&lt;i&gt;ноябрь', '1 234,56 ₽', '1, всего 500,00 ₽', 'op-1', 'списание']) expect(plain(page)).toContain(text)
      expect(await listStatements(world.db, 10)).toEqual([])
      expect((await send('support', { file: file([]) })).status).toBe(403)
    })

    test('is compared; the same file again closes what was put right, and a corrected one what it does not show', async () => {
      const lines = [`${at};op-9;N-9;-99`, `${at};;;77,00`]
      const text = textIn(await send('operator', { file: file(lines), name: 'ноябрь' }))
      const done = await send('operator', { text, name: 'ноябрь', confirmed: 'yes' })
      expect(plain(done)).toMatch(/фонд пополнен на 77,00 ₽[^]+списано 99,00 ₽ по операции op-9/)
      await world.deposit('77.00')
      const again = await send('operator', { file: file(lines), name: 'ноябрь' })
      expect(plain(again)).toContain('Этот файл уже загружали: ноябрь')
      const after = await send('operator', { text: textIn(again), name: 'ноябрь', confirmed: 'yes' })
      expect(plain(after)).toContain('op-9')
      expect(plain(after)).not.toContain('фонд пополнен на')

      const [known] = await listStatements(world.db, 1)
      const corrected = await send('operator', { file: file([`${at};;;77,00`]), name: 'исправлено' })
      expect(corrected.html).toContain(`<option value="${known?.id ?? ''}">`)
      const ended = await send('operator', { text: textIn(corrected), name: 'исправлено', confirmed: 'yes', replaces: known?.id ?? '' })
      expect(plain(ended)).toContain('Выписка сверена: открытых расхождений с ней нет')
      expect(plain(await open())).toContain('ноябрь (заменена)')
      expect(await listDifferences(world.db, {}, { limit: 10 })).toEqual([])
    })
  })
})
