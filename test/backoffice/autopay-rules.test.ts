import { randomUUID } from 'node:crypto'
import { changeRule, organisationsOf, readAssigned, readRules } from '../../src/autopay'
import type { Organisation } from '../../src/autopay'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY } from '../../src/shared/clock'
import type { Page } from '../support/browser'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'

const textOf = (page: Page): string =>
  page.html.replace(/<[^>]+>/g, ' ').replaceAll('&#34;', '"').replaceAll('&lt;', '<').replace(/[\s\u00a0]+/g, ' ') // prettier-ignore
const REASON = { reasonKind: 'agreement', reason: 'Договор 17' }
const RULES = '/admin/autopay/rules'
const ORGANISATIONS = '/admin/autopay/organisations'

describe('the pages of organisations and rules', () => {
  let world: World
  let olga: StaffPerson
  let stella: StaffPerson
  let victor: StaffPerson
  let romashka: Organisation

  beforeAll(async () => {
    world = await World.make({ env: { TWO_EYES_ROUBLES: '10000' } })
    ;[olga, stella, victor] = [
      await StaffPerson.make(world, 'operator'),
      await StaffPerson.make(world, 'support'),
      await StaffPerson.make(world, 'viewer'),
    ]
    for (const person of [olga, stella, victor]) await person.signsIn()
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const open = (who: StaffPerson, path: string): Promise<Page> => who.browser.open(path)
  const send = (who: StaffPerson, page: Page, action: string | RegExp, fields: Readonly<Record<string, string>> = {}): Promise<Page> =>
    who.browser.submit(page, action, { ...fields })
  const state = async (): Promise<string | undefined> =>
    (await organisationsOf(world.db, COMMAND_LINE)).find(({ id }) => id === romashka.id)?.autopay.state
  const rules = () => readRules(world.db, [romashka.id])
  const fields = (of: Readonly<Record<string, string>> = {}) => ({
    do: 'pay',
    name: 'Связь',
    description: '*связь*',
    amountUpTo: '5 000,00',
    perDay: '9 000,00',
    ...REASON,
    ...of,
  })

  test('an organisation is added with its people by login; a login that means nobody is told and nothing is lost', async () => {
    const page = await open(olga, ORGANISATIONS)
    expect([page.status, page.state]).toEqual([200, 'autopay-organisations'])
    expect(textOf(page)).toContain('Вам не назначена ни одна организация')
    const typed = {
      name: 'ООО «Ромашка» <b>',
      vatNumber: '7710044140',
      perDay: '50 000,00',
      perMonth: '',
      steps: `50000: ${olga.actor.login}`,
      ...REASON,
    }
    const wrong = await send(olga, page, ORGANISATIONS, { ...typed, staff: `${stella.actor.login}, nobody` })
    expect([wrong.status, wrong.state]).toEqual([400, 'autopay-organisations'])
    expect(textOf(wrong)).toContain('Не нашлись или не могут согласовывать: nobody')
    expect(wrong.html).toContain('value="7710044140"')
    const bad = await send(olga, wrong, ORGANISATIONS, { ...typed, steps: 'много: olga', staff: '' })
    expect(textOf(bad)).toContain('Строка не разобрана: «много: olga»')
    for (const [field, value, told] of [
      ['perDay', 'abc', 'Бюджет на день: сумма в рублях'],
      ['perMonth', '0', 'Бюджет на месяц: сумма'],
      ['vatNumber', '77', 'ИНН: 10 или 12 цифр'],
      ['name', ' ', 'Название: от 1 до 200'],
      ['steps', `1: ${stella.actor.login}`, 'Шаги согласования'],
    ] as const) {
      const back = await send(olga, bad, ORGANISATIONS, { ...typed, steps: '', staff: '', [field]: value })
      expect([field, back.status, back.state, textOf(back).includes(told)]).toEqual([field, 400, 'autopay-organisations', true])
      expect(back.html).toContain('value="Договор 17"')
      expect(back.html).toContain('<option value="agreement" selected>')
    }
    const preview = await send(olga, bad, ORGANISATIONS, { ...typed, staff: `${olga.actor.login}, ${stella.actor.login}` })
    // The way back of something that is not there yet leads to the form, with everything that was typed.
    const form = await send(olga, preview, ORGANISATIONS, { again: 'yes' })
    expect([form.status, form.state, form.html.includes('role="alert"')]).toEqual([200, 'autopay-organisations', false])
    for (const kept of ['value="7710044140"', 'value="50000.00"', 'value="Договор 17"', `${olga.actor.login}, ${stella.actor.login}`])
      expect(form.html).toContain(kept)
    expect([preview.state, textOf(preview).includes(`50 000,00 ₽: ${olga.actor.login}`)]).toEqual(['confirm', true])
    const card = await send(olga, preview, ORGANISATIONS)
    expect([card.state, card.heading]).toEqual(['autopay-organisation', 'ООО «Ромашка» <b>'])
    ;[romashka] = (await organisationsOf(world.db, COMMAND_LINE)) as [Organisation]
    expect(romashka).toMatchObject({
      perDay: 5_000_000n,
      perMonth: null,
      isOn: false,
      steps: [{ from: 5_000_000n, approvers: [olga.actor.id] }],
    })
    expect(await readAssigned(world.db, romashka.id)).toEqual([olga.actor.id, stella.actor.id].sort())
    expect(textOf(await open(stella, ORGANISATIONS))).toContain('ООО «Ромашка»')
  })

  test('a form of an organisation that somebody has changed since it was opened is refused, or an old budget would come back with it', async () => {
    const [path, row] = [`${ORGANISATIONS}/${romashka.id}`, world.db('organisations').where({ id: romashka.id })]
    const people = { staff: `${olga.actor.login}, ${stella.actor.login}`, steps: `50000: ${olga.actor.login}` }
    const typed = { name: 'ООО «Ромашка»', vatNumber: '7710044140', perDay: '50 000,00', perMonth: '', ...people, ...REASON }
    const card = await open(olga, path)
    const preview = await send(olga, card, /\/change$/, typed)
    expect(preview.state).toBe('confirm')
    await row.clone().update({ per_day: 100 })
    const answers = [await send(olga, card, /\/change$/, typed), await send(olga, preview, /\/change$/)]
    expect(await row.clone().first('per_day')).toEqual({ per_day: 100n })
    await row.update({ per_day: 5_000_000 })
    for (const { status } of answers) expect(status).toBe(409)
    expect(answers.map(textOf).join()).toContain('Организацию тем временем кто-то изменил')
  })

  test('whoever is not assigned sees none of it, whichever way they come', async () => {
    const path = `${ORGANISATIONS}/${romashka.id}`
    const id = randomUUID()
    await changeRule(world.parts, { ruleId: id, organisationId: romashka.id, basedOn: 0, enabled: false, body: { name: 'Тайна', when: {}, do: 'hold', limits: {}, priority: 1 } }, { author: COMMAND_LINE, reason: 'x' }) // prettier-ignore
    for (const address of [path, `${RULES}/${id}`, `${RULES}/${id}/try`]) {
      expect((await open(victor, address)).status).toBe(404)
      expect((await open(stella, address)).status).toBe(200)
    }
    const label = 'data-label="Организация"'
    expect([(await open(stella, RULES)).html.includes(label), (await open(stella, path)).html.includes(label)]).toEqual([true, false])
    for (const list of [RULES, ORGANISATIONS]) expect(textOf(await open(victor, list))).not.toMatch(/Ромашка|Тайна/)
    expect(textOf(await open(stella, RULES))).toContain('Тайна')
    const stranger = await StaffPerson.make(world, 'operator')
    await stranger.signsIn()
    const typed = { name: 'Взлом', vatNumber: '7710044140', perDay: '', perMonth: '', steps: '', staff: '', ...REASON }
    const page = await open(stranger, ORGANISATIONS)
    expect((await send(stranger, page, ORGANISATIONS, { ...typed, organisationId: romashka.id })).status).toBe(404)
    await send(olga, await open(olga, `${RULES}/${id}`), /\/remove$/, { reason: 'Больше не нужно' })
    expect(await rules()).toEqual([])
  })

  test('a rule with faults comes back with all of them, and with what was typed', async () => {
    const page = await open(olga, `${RULES}/new`)
    expect(page.state).toBe('autopay-rule-edit')
    const wrong = await send(
      olga,
      page,
      RULES,
      fields({ organisationId: romashka.id, amountUpTo: 'много', priority: '0', validFrom: '2026-02-30', perDay: '1.234' }),
    )
    expect([wrong.status, wrong.state]).toEqual([400, 'autopay-rule-edit'])
    const faults = [...wrong.html.matchAll(/<li>([^<]*: (?:сумма|приоритет|день)[^<]*)<\/li>/g)].map(([, text = '']) => text.split(':')[0])
    expect(faults.sort()).toEqual(['Действует с', 'За день', 'Приоритет', 'Сумма до'])
    expect(wrong.html.match(/aria-invalid="true"/g)).toHaveLength(4)
    expect([wrong.html.includes('value="Договор 17"'), wrong.html.includes('<option value="agreement" selected>')]).toEqual([true, true])
    expect(wrong.html).toContain('value="много"')
    expect(await rules()).toEqual([])
  })

  test('a rule is written, cannot be switched on before it was tried, is tried, and is switched on', async () => {
    const preview = await send(olga, await open(olga, `${RULES}/new`), RULES, fields({ organisationId: romashka.id }))
    expect(textOf(preview)).toContain('Сумма до — 5 000,00 ₽')
    const editor = await send(olga, preview, RULES, { again: 'yes' })
    expect([editor.status, editor.state, await rules()]).toEqual([200, 'autopay-rule-edit', []])
    for (const kept of ['value="*связь*"', 'value="5 000,00"', 'value="Договор 17"', `value="${romashka.id}" selected`])
      expect(editor.html).toContain(kept)
    const card = await send(olga, preview, RULES)
    expect([card.state, card.heading]).toEqual(['autopay-rule', 'Правило «Связь»'])
    expect(textOf(card)).toContain('Эта версия ещё не проверена')
    expect(card.html).not.toMatch(/rules\/[^"]*\/on"/)
    const tried = await send(olga, card, /\/try$/)
    expect([tried.state, tried.heading]).toEqual(['autopay-try', 'Проверка правила «Связь»'])
    expect(textOf(tried)).toContain('Ни один счёт за 30 дней')
    const on = await send(olga, await send(olga, tried, /\/on$/, REASON), /\/on$/)
    expect([on.state, textOf(on).includes('включено')]).toEqual(['autopay-rule', true])
    expect(await rules()).toMatchObject([{ isOn: true, version: 1 }])
    expect(textOf(await send(olga, on, /\/off$/))).toContain('выключено')
    const english = await open(olga, `${new URL(on.url).pathname}?lang=en`)
    expect(textOf(english)).toContain('Rule "Связь"')
    await open(olga, `${RULES}?lang=ru`)
  })

  test('a rule that pays without a cap waits for a second person when it is switched on', async () => {
    const written = await send(
      olga,
      await send(
        olga,
        await open(olga, `${RULES}/new`),
        RULES,
        fields({ name: 'Всё', organisationId: romashka.id, amountUpTo: '', perDay: '' }),
      ),
      RULES,
    )
    const preview = await send(olga, await send(olga, written, /\/try$/), /\/on$/, REASON)
    expect(textOf(preview)).toContain('нужно согласие второго сотрудника')
    expect(textOf(await send(olga, preview, /\/on$/))).toContain('Запрос отправлен')
    expect((await rules()).find(({ body }) => body.name === 'Всё')).toMatchObject({ isOn: false })
    const [request] = (await world.db('approvals').where({ state: 'open' })) as { id: string }[]
    const adam = await StaffPerson.make(world, 'approver')
    await adam.signsIn()
    const list = async (): Promise<boolean> => (await open(adam, '/admin/approvals')).html.includes(`/admin/approvals/${request?.id ?? ''}`)
    // Who is not assigned to the organisation neither sees the request nor decides it.
    expect([await list(), (await open(adam, `/admin/approvals/${request?.id ?? ''}`)).status]).toEqual([false, 404])
    for (const decided of [
      world.parts.approvals.approve(request?.id ?? '', adam.actor),
      world.parts.approvals.refuse(request?.id ?? '', adam.actor, 'x'),
    ])
      await expect(decided).rejects.toMatchObject({ code: 'not_found' })
    await world.db('organisation_staff').insert({ organisation_id: romashka.id, staff_id: adam.actor.id })
    expect(await list()).toBe(true)
    const asked = await open(adam, `/admin/approvals/${request?.id ?? ''}`)
    expect(textOf(asked)).toContain('Включить правило автооплаты')
    await send(adam, asked, /\/approve$/)
    expect((await rules()).find(({ body }) => body.name === 'Всё')).toMatchObject({ isOn: true })
  })

  test('a change shows what it changes, writes a version and leaves the rule off; a stale form is refused', async () => {
    const { id } = (await rules()).find(({ body }) => body.name === 'Всё') ?? { id: '' }
    const card = await open(olga, `${RULES}/${id}`)
    const preview = await send(olga, card, /\/change$/, fields({ name: 'Всё', amountUpTo: '700' }))
    expect(textOf(preview)).toContain('Включено да нет')
    const changed = await send(olga, preview, /\/change$/)
    expect(textOf(changed)).toContain('Эта версия ещё не проверена')
    expect(changed.html.match(/data-label="Версия"/g)).toHaveLength(2)
    expect((await send(olga, card, /\/change$/, fields({ name: 'Всё', amountUpTo: '800' }))).status).toBe(409)
  })

  test('the trial shows what would have become of past invoices, and what became of them', async () => {
    const at = new Date(world.clock.now().getTime() - 2 * DAY).toISOString()
    const due = new Date(world.clock.now().getTime() + DAY).toISOString()
    const made = (number: string, amount: string, queue: string) => ({ id: randomUUID(), place: randomUUID(), organisation_id: romashka.id, number, description: 'Мобильная связь за ноябрь', payer_name: 'ООО «Ромашка»', amount, currency: 'RUB', status: 'pending', issued_at: at, due_at: due, first_seen_at: at, last_seen_at: at, queue, queued_at: at }) // prettier-ignore
    await world
      .db('autopay_invoices')
      .insert([made('417-1', '12345', 'paid'), made('417-2', '70000', 'closed'), made('417-3', '600000', 'exception')])
    const { id } = (await rules()).find(({ body }) => body.name === 'Связь') ?? { id: '' }
    const page = textOf(await open(stella, `${RULES}/${id}/try`))
    expect(page).toContain('заплатило бы 2 · 823,45 ₽')
    expect(page).toContain('на деле оплачено 1 · 123,45 ₽')
    expect(page).toMatch(/417-2 [\d.]+ [\d:]+ МСК 700,00 ₽ заплатило бы Правило «Связь» \(версия 1\) велит платить закрыт без нас/)
    expect(page).not.toContain('417-3')
  })

  test('the brake stops at once, and more people may stop than start', async () => {
    const path = `${ORGANISATIONS}/${romashka.id}`
    const page = await open(olga, path)
    expect(page.html).not.toContain('switch/stop')
    const before = await open(olga, RULES)
    const on = await send(olga, page, /switch\/on$/, { reason: 'Начинаем' })
    const step = await send(olga, await open(olga, `${RULES}/new`), RULES, fields({ organisationId: romashka.id, name: 'Тормоз' }))
    expect([step.state, step.html.includes('action="/admin/autopay/switch/stop"')]).toEqual(['confirm', true])
    expect([on.state, textOf(on).includes('включена с'), await state()]).toEqual(['autopay-organisation', true, 'on'])
    const seen = await open(stella, RULES)
    expect(seen.html).not.toContain('switch/on')
    const stopped = await send(stella, seen, /switch\/stop$/)
    expect([stopped.state, await state()]).toEqual(['autopay-rules', 'stopped'])
    expect(textOf(stopped)).toContain('остановлена')
    // A page of before the brake was pulled does not release it, neither of one organisation nor of all.
    for (const old of [page, before]) {
      const late = await send(olga, old, /switch\/on$/, { reason: 'Начинаем' })
      expect([late.status, textOf(late).includes('тем временем'), await state()]).toEqual([409, true, 'stopped'])
    }
    await send(olga, await open(olga, path), /switch\/on$/, { reason: 'Разобрались' })
    await send(olga, await open(olga, path), /switch\/off$/, { reason: 'Отпуск' })
    expect(await state()).toBe('off')
    const { _csrf = '' } = /name="_csrf" value="(?<_csrf>[^"]+)"/.exec((await open(victor, ORGANISATIONS)).html)?.groups ?? {}
    expect((await victor.browser.post('/admin/autopay/switch/stop', { _csrf, organisation: '', back: RULES }, world.url)).status).toBe(403)
    const forged = await send(olga, await open(olga, path), /switch\/on$/, { reason: 'x', back: '//evil.example' })
    expect(forged.status).toBe(400)
  })

  test('addresses are set on the page of the organisation', async () => {
    const page = await open(olga, `${ORGANISATIONS}/${romashka.id}`)
    const bad = await send(olga, page, /\/contacts$/, { contacts: 'a@romashka.example nobody', reason: 'Новые' })
    expect([bad.status, bad.state, textOf(bad).includes('Адреса для писем: не больше десяти')]).toEqual([400, 'autopay-organisation', true])
    expect([bad.html.includes('a@romashka.example nobody'), bad.html.includes('value="Новые"')]).toEqual([true, true])
    const done = await send(olga, page, /\/contacts$/, { contacts: 'a@romashka.example\nb@romashka.example', reason: 'Новые' })
    expect([done.state, done.html.includes('a@romashka.example\nb@romashka.example</textarea>')]).toEqual(['autopay-organisation', true])
    expect(textOf(await open(stella, `${ORGANISATIONS}/${romashka.id}`))).not.toContain('romashka.example')
  })

  test('a page of addresses that is not true any more overwrites nothing, and shows both', async () => {
    const page = await open(olga, `${ORGANISATIONS}/${romashka.id}`)
    const [mine, theirs] = ['mine@romashka.example', 'theirs@romashka.example']
    await send(olga, page, /\/contacts$/, { contacts: theirs, reason: 'Новые' })
    const again = await send(olga, page, /\/contacts$/, { contacts: theirs, reason: 'Новые' })
    expect([again.status, textOf(again).includes('тем временем')]).toEqual([200, false])
    const late = await send(olga, page, /\/contacts$/, { contacts: mine, reason: 'Мои' })
    expect([late.status, textOf(late).includes(`сейчас это ${theirs}. Ваши ниже`), late.html.includes(`${mine}</textarea>`)]).toEqual([
      409,
      true,
      true,
    ])
    expect((await send(olga, late, /\/contacts$/, { contacts: mine })).html).toContain(`${mine}</textarea>`)
    const stale = await open(olga, `${ORGANISATIONS}/${romashka.id}`)
    await send(olga, await open(olga, `${ORGANISATIONS}/${romashka.id}`), /\/contacts$/, { contacts: '', reason: 'Никому' })
    expect(textOf(await send(olga, stale, /\/contacts$/, { contacts: theirs, reason: 'Снова' }))).toContain('сейчас нет ни одного')
  })
})
