import { buildProgram } from '../../src/cli/program'
import { addStaff } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import type { StaffRole } from '../../src/shared/actor'
import type { Order } from '../../src/orders'
import type { Browser, Page } from '../support/browser'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { Shop } from '../orders/shop'

const plain = (page: Page): string => page.html.replaceAll('\u00a0', ' ')

describe('the pages about top-ups', () => {
  let world: World
  let shop: Shop
  let anna: Buyer
  let [credited, waiting]: Order[] = []
  const browsers = new Map<StaffRole, Browser>()

  beforeAll(async () => {
    world = await World.make({ env: { MODE: 'demo', TWO_EYES_ROUBLES: '150' } })
    shop = new Shop(world)
    anna = await world.member({ points: '0' })
    for (const role of ['operator', 'viewer', 'approver'] as const) {
      await addStaff(world.parts, { login: `the-${role}`, password: PASSWORD, role, actor: COMMAND_LINE })
      const browser = world.browser()
      await browser.submit(await browser.open('/sign-in'), '/sign-in', { login: `the-${role}`, password: PASSWORD })
      browsers.set(role, browser)
    }
    credited = await shop.bought(anna, '300.00')
    waiting = await shop.buys(anna, '77.00')
  })
  afterAll(async () => {
    expect(await world.findings()).toEqual([])
    await world.close()
  })

  const as = (role: StaffRole): Browser => browsers.get(role) as Browser
  const cardOf = (order: Order | undefined): string => `/admin/orders/${order?.number ?? ''}`

  test('the list shows what its filters say, as chips and as a file', async () => {
    for (const [query, found] of [
      ['', [credited, waiting]],
      ['?state=credited', [credited]],
      [`?name=${waiting?.number.toLowerCase() ?? ''}`, [waiting]],
      [`?name=${credited?.containerId ?? ''}`, [credited]],
      [`?member=${anna.id}`, [credited, waiting]],
      [`?member=${anna.login.toUpperCase()}`, [credited, waiting]],
      ['?member=nobody', []],
      ['?from=2099-01-01', []],
    ] as const) {
      const page = await as('operator').open(`/admin/orders${query}`)
      const file = await as('operator').open(`/admin/orders.csv${query}`)
      for (const order of [credited, waiting]) {
        const isThere = (found as readonly unknown[]).includes(order)
        expect([query, page.html.includes(cardOf(order))]).toEqual([query, isThere])
        expect([query, file.html.includes(order?.number ?? '?')]).toEqual([query, isThere])
      }
    }
    const ofAnna = await as('operator').open(`/admin/orders?member=${anna.login}`)
    expect(plain(ofAnna)).toContain(`Участник: ${anna.login}`)
    expect(ofAnna.html).toContain(`/admin/orders.csv?member=${anna.id}`)
    expect(await world.db('audit_log').where({ action: 'person_searched', subject: `member:${anna.id}` })).not.toEqual([])
    expect(plain(await as('operator').open('/admin/orders?member=nobody'))).toContain('По «nobody» участник не находится')
    expect(plain(await as('operator').open('/admin/orders?state=credited'))).toContain('Состояние: зачислено')
    for (const name of [credited?.number, credited?.invoiceboxId, credited?.containerId])
      expect((await as('operator').open(`/admin/search?q=${name ?? ''}`)).url).toContain(cardOf(credited))
    const sold = (await as('operator').open(`/admin/orders.csv?name=${credited?.number ?? ''}`)).html
    expect(sold.split(/\r?\n/).map((line) => line.split(';').slice(-2).join(';'))).toEqual(
      expect.arrayContaining(['Что это;Название', 'баллы на счёт;']),
    )
    expect((await as('viewer').open('/admin/orders.csv')).status).toBe(403)
    expect((await as('viewer').open('/admin/orders')).html).not.toContain('.csv')
  })

  test('the card tells everything that happened, and what can be done', async () => {
    const page = await as('operator').open(cardOf(credited))
    for (const words of ['300,00 ₽', 'зачислено', 'сообщение Инвойсбокса', 'Сейчас можно вернуть 300,00 ₽ из 300,00 ₽'])
      expect(plain(page)).toContain(words)
    const viewed = await as('viewer').open(cardOf(credited))
    expect([viewed.status, viewed.html.includes('/refund'), viewed.html.includes('/check')]).toEqual([200, false, false])
    const english = await as('viewer').open(`${cardOf(credited)}?lang=en`)
    expect(english.heading).toBe(`Top-up ${credited?.number ?? ''}`)
    await as('viewer').open('/admin/orders?lang=ru')
  })

  test('a refund shows before and after, and above the amount waits for a second person', async () => {
    const operator = as('operator')
    const small = await operator.submit(await operator.open(cardOf(credited)), /\/refund$/, { amount: '100', reason: 'Жалоба' })
    expect([small.state, plain(small)]).toEqual(['confirm', expect.stringContaining('100,00 ₽')])
    const done = await operator.submit(small, /\/refund$/)
    expect([done.status, done.url]).toEqual([200, expect.stringContaining('done=done')])
    expect(plain(done)).toContain(`${credited?.number ?? ''}-R1: принят`)
    expect(await anna.balance()).toEqual({ available: '200.00', held: '0.00' })

    const large = await operator.submit(await operator.open(cardOf(credited)), /\/refund$/, { reason: 'Жалоба' })
    const asked = await operator.submit(large, /\/refund$/)
    expect(asked.url).toContain('done=waiting')
    const approver = as('approver')
    const list = await approver.open('/admin/approvals')
    const request = /\/admin\/approvals\/[0-9a-f-]{36}/.exec(list.html)?.[0] ?? ''
    await approver.submit(await approver.open(request), /\/approve$/)
    expect(await anna.balance()).toEqual({ available: '0.00', held: '0.00' })
  })

  test('an order is asked about on demand, and a notification is played once more', async () => {
    await world.sandbox.misbehave({ on: 'notification', kind: 'lose', times: 1 })
    await shop.pays(waiting as Order)
    const operator = as('operator')
    const checked = await operator.submit(await operator.open(cardOf(waiting)), /\/check$/)
    expect(plain(checked)).toContain('Инвойсбокс спрошен')
    expect((await shop.order(waiting?.number ?? '')).state).toBe('credited')
    const { available } = await anna.balance()
    const log = await operator.open('/admin/notifications')
    const replayed = await operator.submit(log, /\/replay$/)
    expect([replayed.status, plain(replayed)]).toEqual([200, expect.stringContaining('ответ: success')])
    expect((await anna.balance()).available).toBe(available)
    expect((await operator.open('/admin/notifications?refused=yes')).html).toContain('Сообщений нет')
    expect((await as('viewer').open('/admin/notifications')).html).not.toContain('/replay"')
  })
})

describe('the commands about top-ups', () => {
  test('list, show, preview, refund and the log of notifications print one JSON value', async () => {
    const world = await World.make()
    const shop = new Shop(world)
    const anna = await world.member({ points: '0' })
    const order = await shop.bought(anna, '100.00')
    await shop.buys(anna, '5.00')
    const run = async (...words: string[]): Promise<unknown> => {
      const printed: string[] = []
      const spy = jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0)
      await buildProgram(() => world.parts.config)
        .parseAsync(['node', 'gateway', ...words, '--json'])
        .finally(() => spy.mockRestore())
      return JSON.parse(printed.join(''))
    }
    expect(await run('orders', 'list')).toMatchObject([
      { state: 'created', amount: '5.00', points: '5.00' },
      { number: order.number, invoiceboxId: order.invoiceboxId, state: 'credited', amount: '100.00', points: '100.00' },
    ])
    expect(await run('orders', 'refund', order.number, '--amount', '30', '--preview')).toMatchObject({
      number: order.number,
      amount: '30.00',
      fee: '0.00',
      points: '30.00',
      canGoBack: '100.00',
      spent: '0.00',
    })
    expect(await anna.balance()).toEqual({ available: '100.00', held: '0.00' })
    expect(await run('orders', 'refund', order.number, '--amount', '30')).toMatchObject({ number: `${order.number}-R1`, state: 'accepted' })
    expect(await run('orders', 'check', order.number)).toMatchObject({ state: 'credited' })
    expect(await run('orders', 'show', order.number.toLowerCase())).toMatchObject({
      refunds: [{ amount: '30.00' }],
      notifications: [{ answer: 'success' }],
    })
    const [logged] = (await run('notifications', 'list')) as { id: string }[]
    expect(await run('notifications', 'replay', logged?.id ?? '')).toEqual({ status: 'success' })
    expect(await anna.balance()).toEqual({ available: '70.00', held: '0.00' })
    expect(await run('ledger', 'verify')).toEqual({ ok: true, differences: [] })
    expect(await world.findings()).toEqual([])
    await world.close()
  })
})
