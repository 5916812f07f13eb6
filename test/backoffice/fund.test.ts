import { randomUUID } from 'node:crypto'
import { ACCOUNTS, transfer } from '../../src/ledger'
import { checkThresholds, closeFundDays, readFund, setFloor } from '../../src/fund'
import { DAY, MINUTE } from '../../src/shared/clock'
import { parseMoney } from '../../src/shared/money'
import type { Page } from '../support/browser'
import { StaffPerson } from '../support/staff'
import { World } from '../support/world'

const textOf = (page: Page): string => page.html.replace(/<[^>]+>/g, ' ').replace(/[\s\u00a0]+/g, ' ')
const REASON = { reasonKind: 'agreement', reason: 'Order 17' }

describe('the page of the fund', () => {
  let world: World
  let olga: StaffPerson
  let victor: StaffPerson

  beforeAll(async () => {
    world = await World.make({ fund: '1000000.00', env: { TWO_EYES_ROUBLES: '500000' } })
    olga = await StaffPerson.make(world, 'operator')
    victor = await StaffPerson.make(world, 'viewer')
    await olga.signsIn()
    await victor.signsIn()
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const open = (who: StaffPerson, path = '/admin/fund'): Promise<Page> => who.browser.open(path)
  const pay = (amount: string) => {
    const line = transfer({ kind: 'fund_payment', from: ACCOUNTS.fund, to: ACCOUNTS.paid, amount: parseMoney(amount, 'RUB') })
    return world.parts.ledger.submit({ key: randomUUID(), lines: [line] })
  }
  const fundAlerts = async () => (await world.alerts()).filter(({ kind }) => kind === 'fund_below')

  test('shows the fund, and says so where nothing is known yet', async () => {
    const page = await open(victor)
    expect([page.status, page.state, page.heading]).toEqual([200, 'fund', 'Гарантийный фонд'])
    expect(textOf(page)).toContain('Доступно 1 000 000,00 ₽')
    expect(textOf(page)).toContain('Расход ещё не известен')
    expect(textOf(page)).toContain('График появится')
    expect(page.html).not.toContain('<form class="form"')
    const english = await victor.browser.open('/admin/fund?lang=en')
    expect(textOf(english)).toContain('Guarantee fund')
  })

  test('a deposit is looked at before it is made, and made once however often it is sent', async () => {
    const preview = await olga.browser.submit(await open(olga), '/admin/fund/deposit', { roubles: '350 000,50', ...REASON })
    expect(preview.state).toBe('confirm')
    expect(textOf(preview)).toContain('Доступно 1 000 000,00 ₽ 1 350 000,50 ₽')
    expect(await world.fund()).toMatchObject({ balance: '1000000.00' })
    for (let times = 0; times < 2; times++) {
      const done = await olga.browser.submit(preview, '/admin/fund/deposit')
      expect([done.state, textOf(done).includes('Готово.')]).toEqual(['fund', true])
    }
    expect(await world.fund()).toMatchObject({ balance: '1350000.50' })
  })

  test('a form that comes again with another amount says what was done by it, in both languages, and goes on as a new one', async () => {
    const preview = await olga.browser.submit(await open(olga), '/admin/fund/floor', { roubles: '100', ...REASON })
    await olga.browser.submit(preview, '/admin/fund/floor')
    const refused = await olga.browser.submit(preview, '/admin/fund/floor', { roubles: '90' })
    expect([refused.status, textOf(refused)]).toEqual([409, expect.stringContaining('уже была отправлена с другими данными')])
    expect(textOf(refused)).toMatch(
      /«Изменить неприкосновенную часть фонда» \(Неприкосновенная часть: 100,00\s₽\)\. То, что отправлено сейчас/,
    )
    expect((await readFund(world.db)).floor.minor).toBe(10_000n)
    const again = await olga.browser.submit(refused, '/admin/fund/floor')
    expect([again.state, textOf(await olga.browser.submit(again, '/admin/fund/floor')).includes('Готово.')]).toEqual(['confirm', true])
    expect((await readFund(world.db)).floor.minor).toBe(9_000n)
    await olga.browser.open('/admin/fund?lang=en')
    const english = textOf(await olga.browser.submit(preview, '/admin/fund/floor', { roubles: '80' }))
    expect(english).toContain('was already sent with other contents, and by it this was done')
    await olga.browser.open('/admin/fund?lang=ru')
    await setFloor(world.parts, { amount: parseMoney('0', 'RUB'), reason: 'test', actor: olga.actor })
  })

  test('above the amount for one person it waits for a second one, and so does a floor that changes by more', async () => {
    for (const name of ['deposit', 'floor', 'overdraft']) {
      const preview = await olga.browser.submit(await open(olga), `/admin/fund/${name}`, { roubles: '500000.01', ...REASON })
      expect(textOf(preview)).toContain('нужно согласие второго сотрудника')
      expect(textOf(await olga.browser.submit(preview, `/admin/fund/${name}`))).toContain('Запрос отправлен')
    }
    expect(await world.fund()).toMatchObject({ balance: '1350000.50' })
    expect(await world.db('approvals').where({ state: 'open' })).toHaveLength(3)
  })

  test('an overdraft and a floor count as what they come to, so that small steps lead nowhere', async () => {
    const { deeds, approvals } = world.parts
    const sets = async (name: 'floor' | 'overdraft', roubles: string): Promise<string> => {
      const order = { payload: { roubles }, author: olga.actor, reason: 'test', key: randomUUID() }
      return (await approvals.submit(deeds.fund[name], order)).state
    }
    expect([await sets('overdraft', '300000'), await sets('overdraft', '500000'), await sets('overdraft', '500000.01')]).toEqual([
      'done',
      'done',
      'waiting',
    ])
    expect(await sets('overdraft', '0')).toBe('done')
    // What automatic payment must leave is given up in all as well.
    expect([await sets('floor', '500000'), await sets('floor', '500000.01')]).toEqual(['done', 'waiting'])
    await setFloor(world.parts, { amount: parseMoney('600000', 'RUB'), reason: 'test', actor: olga.actor })
    expect([await sets('floor', '599999'), await sets('floor', '600000')]).toEqual(['waiting', 'done'])
    await setFloor(world.parts, { amount: parseMoney('0', 'RUB'), reason: 'test', actor: olga.actor })
  })

  test('a limit that was set by a form is not set again when the form is sent again after others', async () => {
    const { deeds, approvals } = world.parts
    for (const name of ['overdraft', 'floor'] as const) {
      const set = (roubles: string, key: string = randomUUID()) =>
        approvals.submit(deeds.fund[name], { payload: { roubles }, author: olga.actor, reason: 'test', key })
      const first = randomUUID()
      expect([(await set('4000', first)).state, (await set('0')).state, (await set('4000', first)).state]).toEqual(Array(3).fill('done'))
      expect((await readFund(world.db))[name].minor).toBe(0n)
    }
  })

  test('whoever only looks cannot change anything, whichever way they come', async () => {
    const { _csrf = '' } = Object.fromEntries(
      [...(await open(victor)).html.matchAll(/name="(_csrf)" value="([^"]+)"/g)].map(([, name, value]) => [name, value]),
    ) as Record<string, string>
    for (const path of ['deposit', 'floor', 'overdraft', 'thresholds'])
      expect((await victor.browser.post(`/admin/fund/${path}`, { _csrf, roubles: '1', reason: 'no' }, world.url)).status).toBe(403)
    expect((await open(victor, '/admin/fund/movements.csv')).status).toBe(403)
  })

  test('an odd amount is refused', async () => {
    for (const roubles of ['0', '-5', '1.234', 'много', '1e3'])
      expect((await olga.browser.submit(await open(olga), '/admin/fund/deposit', { roubles, ...REASON })).status).toBe(400)
  })

  test('a threshold tells once per crossing, and again only after the fund was well above it', async () => {
    expect(textOf(await olga.browser.submit(await open(olga), '/admin/fund/thresholds', { roubles: '1 300 000' }))).toContain(
      '1 300 000,00 ₽ Фонд выше порога',
    )
    const check = async (): Promise<string[]> => {
      await Promise.all([checkThresholds(world.parts), checkThresholds(world.parts)])
      return (await fundAlerts()).map(({ detail }) => detail)
    }
    expect(await check()).toEqual([])
    await pay('50000.51')
    expect(await check()).toEqual(['The fund has 1299999.99 RUB available, which is below the threshold of 1300000.00 RUB.'])
    expect(textOf(await open(olga))).toContain('Фонд ниже порога с')
    const [alert] = await fundAlerts()
    await world.db('alerts').where({ id: alert?.id }).update({ closed_at: world.clock.now().toISOString(), closed_by: 'staff:x' })
    await pay('1000.00')
    expect(await check()).toEqual([])
    await world.deposit('20000.00')
    expect(await check()).toEqual([])
    await world.deposit('7000.01')
    expect(await check()).toEqual([])
    await pay('30000.00')
    expect(await check()).toHaveLength(1)
    await world.deposit('100000.00')
    expect(await check()).toEqual([])
  })

  test('a threshold is removed with its alert, and both are in the audit log', async () => {
    await pay('100000.00')
    await checkThresholds(world.parts)
    expect(await fundAlerts()).toHaveLength(1)
    const before = await open(olga)
    for (const copy of ['first', 'second']) {
      const page = await olga.browser.submit(before, /\/thresholds\/[^/]+\/remove$/)
      expect([copy, page.status, textOf(page).includes('Порогов нет')]).toEqual([copy, 200, true])
    }
    expect(await fundAlerts()).toEqual([])
    expect(await checkThresholds(world.parts)).toBe(0)
    const actions: { action: string }[] = await world
      .db('audit_log')
      .where({ subject: 'fund', actor: `staff:${olga.actor.id}` })
      .orderBy('id')
      .select('action')
    expect(actions.map(({ action }) => action)).toEqual(
      expect.arrayContaining(['fund_deposited', 'fund_threshold_added', 'fund_threshold_removed']),
    )
  })

  test('the movements can be filtered, paged and exported as they are shown', async () => {
    for (let count = 0; count < 55; count++) await pay('1.00')
    const all = await open(olga, '/admin/fund/movements')
    expect([all.state, [...all.html.matchAll(/<tr>/g)].length]).toEqual(['fund-movements', 51])
    const older = /href="([^"]*before=[^"]*)"/.exec(all.html)?.[1]?.replace(/&amp;/g, '&') ?? ''
    expect(textOf(await open(olga, older))).toContain('К новым')
    const deposits = await open(olga, '/admin/fund/movements?kind=deposit')
    expect(textOf(deposits)).toContain('По договору: Order 17')
    expect(textOf(deposits)).not.toContain('Оплата −')
    expect(deposits.html).toContain('<a class="chip" href="/admin/fund/movements">')
    const file = await open(olga, '/admin/fund/movements.csv?kind=deposit')
    expect(file.headers.get('content-type')).toContain('text/csv')
    const lines = file.html.replace('\ufeff', '').trim().split('\r\n')
    expect(lines[0]).toBe('Когда (МСК);Вид;Сумма, ₽;Стало в фонде, ₽;ID оплаты;Причина')
    expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d;Пополнение;/)
    expect(lines.at(-2)).toMatch(/;По договору: Order 17$/)
    expect(lines.slice(1).map((line) => line.split(';')[2])).toEqual(['100000.00', '7000.01', '20000.00', '350000.50', '1000000.00'])
    expect(textOf(await open(olga, '/admin/fund/movements?kind=correction'))).toContain('Движений нет')
  })

  test('after some days it tells how long the fund lasts and what to deposit, and draws both', async () => {
    for (let day = 0; day < 10; day++) {
      world.clock.move(DAY)
      await pay('100000.00')
    }
    world.clock.move(DAY + 15 * MINUTE)
    await closeFundDays(world.parts, 'Europe/Moscow')
    // The session has ended meanwhile.
    await olga.signsIn()
    const page = await open(olga)
    expect(textOf(page)).toMatch(/Хватит на \d+ д/)
    expect(textOf(page)).toMatch(/Пополнить (сегодня|до [а-я]+) на [\d ]+ 000 ₽/)
    expect([...page.html.matchAll(/<svg class="chart /g)]).toHaveLength(2)
    expect(page.html).toMatch(/<polyline class="chart-level" points="[\d., -]+"/)
    expect(page.html).toMatch(/<polyline class="chart-forecast" points="[\d., -]+"/)
    expect(page.html).not.toMatch(/NaN|undefined|style=/)
    expect(textOf(page)).toContain('У участников нет баллов')
  })
})
