import { listNotifications, ownGoodsOn, replayNotification, topUp } from '../../src/orders'
import { memberDeeds } from '../../src/members'
import { COMMAND_LINE } from '../../src/shared/actor'
import { DAY, HOUR, MINUTE } from '../../src/shared/clock'
import { money, parseMoney } from '../../src/shared/money'
import { Refusal } from '../../src/shared/refusals'
import { ENGINES } from '../support/databases'
import type { Page } from '../support/browser'
import { PASSWORD, World } from '../support/world'
import type { Buyer } from '../support/world'
import { newOrderNumber } from '../../src/orders/number'
import { recordCreated } from '../../src/orders/settle-creation'
import { insertOrder } from '../../src/orders/store'
import { inTransaction } from '../../src/shared/database'
import { newSortedId } from '../../src/shared/ids'
import { Shop } from './shop'

const plain = ({ html }: Page): string => html.replaceAll('\u00a0', ' ')
const codeOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof Refusal ? error.code : error),
  )

describe.each(ENGINES)('top-ups on %s', (engine) => {
  let world: World
  let shop: Shop
  let anna: Buyer
  beforeAll(async () => {
    world = await World.make({ engine })
    shop = new Shop(world)
    anna = await world.member({ points: '100.00' })
    await anna.signsIn()
  })
  afterAll(() => world.close())
  afterEach(async () => expect(await world.findings()).toEqual([]))

  test('the account leads to the payment page, the notification credits, and the page says so', async () => {
    const account = await anna.browser.open('/account')
    expect(account.headers.get('content-security-policy')).toContain(`form-action 'self' ${world.sandbox.url}`)
    const there = await anna.browser.submit(account, '/account/top-ups', { amount: '1 240,50' })
    expect(there.url).toMatch(new RegExp(`^${world.sandbox.url}/order/`))
    const [number = ''] = await world.db('orders').pluck<string[]>('number')
    const order = await shop.order(number)
    expect(order).toMatchObject({ state: 'created', amount: { minor: 124_050n }, points: { minor: 124_050n }, paymentUrl: there.url })
    const waiting = await anna.browser.open(`/account/top-ups/${number}`)
    expect([waiting.state, waiting.status]).toEqual(['waiting', 200])
    expect(plain(waiting)).toContain('Оплатить 1 240,50 ₽')
    expect(waiting.html).toMatch(/<svg class="qr"/)
    expect(waiting.html).toContain('data-refresh="3"')
    await shop.pays(order)
    await shop.until(order, 'credited')
    expect(await anna.balance()).toEqual({ available: '1340.50', held: '0.00' })
    const credited = await anna.browser.open(`/account/top-ups/${number}`)
    expect([credited.state, plain(credited)]).toEqual(['credited', expect.stringContaining('Баллы зачислены: 1 240,50 балла')])
    expect(plain(await anna.browser.open('/account'))).toContain('Пополнение')
    const events = await world.db('order_events').where({ order_id: order.id }).orderBy('id').pluck<string[]>('to_state')
    expect(events).toEqual(['creating', 'created', 'paid', 'credited'])
    const [logged] = await listNotifications(world.db, { orderId: order.id }, { limit: 5 })
    expect(logged).toMatchObject({ answer: 'success', status: 'completed', channel: 'http' })
  })

  test('a form sent twice is one order; another amount under its key is refused', async () => {
    const key = crypto.randomUUID()
    const [one, other] = await Promise.all([shop.buys(anna, '50.00', key), shop.buys(anna, '50.00', key)])
    expect(one.number).toBe(other.number)
    expect((await shop.buys(anna, '50.00', key)).number).toBe(one.number)
    expect(await codeOf(shop.buys(anna, '51.00', key))).toBe('key_reused')
    const narrower = { ...world.parts, topUps: { ...world.parts.topUps, most: parseMoney('20.00', 'RUB') } }
    const asked = { memberId: anna.id, amount: parseMoney('50.00', 'RUB'), language: 'ru', key } as const
    expect((await topUp(narrower, asked)).number).toBe(one.number)
    const form = await anna.browser.open('/account/top-ups')
    const refused = await anna.browser.submit(form, '/account/top-ups', { amount: '51', key })
    expect([refused.status, refused.html]).toEqual([409, expect.stringContaining('новый заказ')])
    expect(await shop.made(one.number)).toBe(1)
  })

  test('amounts outside the limits are refused on the form itself', async () => {
    for (const amount of ['0', '0.50', '-5', '1000000.01', 'abc', '1.005']) {
      const page = await anna.browser.submit(await anna.browser.open('/account/top-ups'), '/account/top-ups', { amount })
      expect([amount, page.status, page.state]).toEqual([amount, 422, 'top-ups'])
      expect(page.html).toContain('На такую сумму пополнить нельзя')
    }
    const boris = await world.member({ points: '0' })
    await world.parts.approvals.submit(world.parts.deeds.members.lock, lockOf(boris))
    expect(await codeOf(shop.buys(boris, '50.00'))).toBe('member_locked')
  })

  test('a hundred copies at once credit once', async () => {
    const order = await shop.buys(anna, '10.00')
    const before = await anna.balance()
    const replies = await Promise.all(Array.from({ length: 100 }, () => shop.tells(shop.notification(order))))
    expect(new Set(replies.map(({ status }) => status))).toEqual(new Set(['success']))
    expect(Number((await anna.balance()).available) - Number(before.available)).toBeCloseTo(10)
    const kept = await listNotifications(world.db, { orderId: order.id }, { limit: 200 })
    for (let copies = 0; copies < 20; copies++) await shop.tells(shop.notification(order))
    expect(await listNotifications(world.db, { orderId: order.id }, { limit: 200 })).toHaveLength(kept.length)
  })

  test('each documented answer in its case, and nothing changes', async () => {
    const order = await shop.buys(anna, '20.00')
    const other = await shop.buys(anna, '30.00')
    const stranger = '01a202ff-0000-0000-0000-000000000001'
    const cases = [
      [{ amount: parseMoney('20.01', 'RUB') }, 'order_wrong_amount'],
      [{ amount: money(2000n, 'USD') }, 'order_wrong_amount'],
      [{ amount: null }, 'order_wrong_amount'],
      [{ merchantOrderId: 'TU-2222-2222' }, 'order_not_found'],
      [{ merchantId: stranger }, 'order_not_found'],
      [{ id: other.invoiceboxId ?? '' }, 'order_not_found'],
      [{ status: 'unknown' }, 'order_wrong_status'],
      [{ status: 'canceled', id: stranger }, 'order_not_found'],
    ] as const
    for (const [change, code] of cases)
      expect([code, await shop.tells(shop.notification(order, change))]).toEqual([code, expect.objectContaining({ status: 'error', code })])
    expect((await shop.order(order.number)).state).toBe('created')
    const ping = { kind: 'ping', merchantId: world.parts.merchant?.merchantId ?? '' } as const
    const rows = await listNotifications(world.db, {}, { limit: 1000 })
    expect(await shop.tells(ping as never)).toEqual({ status: 'success' })
    expect(await listNotifications(world.db, {}, { limit: 1000 })).toHaveLength(rows.length)
    const checked = await anna.browser.open(`/account/top-ups/${order.number}`)
    expect([checked.state, checked.heading, checked.html.includes(order.paymentUrl ?? '?')]).toEqual([
      'unavailable',
      'Деньги пришли, проверяем сумму',
      false,
    ])
    await shop.tells(shop.notification(order))
    expect(await shop.tells(shop.notification(order, { id: stranger }))).toMatchObject({ code: 'order_already_paid' })
    expect(await shop.tells(shop.notification(order))).toEqual({ status: 'success' })
    const alerts = await world.alerts()
    expect(alerts.filter(({ subject }) => subject === order.id).map(({ kind }) => kind)).toEqual(['order_amount_differs'])
  })

  test('a notification is played once more without crediting twice', async () => {
    const order = await shop.bought(anna, '15.00')
    const { available } = await anna.balance()
    const [logged] = await listNotifications(world.db, { orderId: order.id }, { limit: 1 })
    for (let times = 0; times < 3; times++)
      expect(await replayNotification(world.parts, { id: logged?.id ?? '', author: COMMAND_LINE })).toEqual({ status: 'success' })
    expect((await anna.balance()).available).toBe(available)
    const viewer = { kind: 'staff', id: 'x', login: 'v', role: 'viewer' } as const
    expect(await codeOf(replayNotification(world.parts, { id: logged?.id ?? '', author: viewer }))).toBe('forbidden')
  })

  test('money that comes after the end is credited, once', async () => {
    const order = await shop.buys(anna, '25.00')
    await shop.passes(DAY + MINUTE)
    expect((await shop.order(order.number)).state).toBe('expired')
    const page = await anna.browser.open(`/account/top-ups/${order.number}`)
    const shown = await anna.browser.submit(page, '/sign-in', { login: anna.login, password: PASSWORD })
    expect(shown.state).toBe('expired')
    const before = Number((await anna.balance()).available)
    await shop.pays(order, { late: true })
    await shop.until(order, 'credited')
    await shop.passes(DAY)
    expect(Number((await anna.balance()).available) - before).toBeCloseTo(25)
  })

  test('points do not pay for points', async () => {
    const order = await shop.buys(anna, '40.00')
    const container = order.containerId ?? ''
    expect(await ownGoodsOn(world.db, container.toUpperCase())).toBe('points')
    const page = await anna.browser.open(`/pay?invoiceId=${container}`)
    expect([page.state, page.heading]).toEqual(['unsupported', 'Этот счёт за баллы нельзя оплатить баллами. Баллы не списаны'])
    expect(page.html).not.toContain('/confirm')
    expect((await anna.balance()).held).toBe('0.00')
    const { outcome } = await world.parts.invoicebox.listInvoices({ ids: [container], page: 1, pageSize: 10 })
    expect(outcome).toMatchObject({ kind: 'page', invoices: [], odd: [{ own: { goods: 'points' } }] })
  })

  test('where Invoicebox does not name the invoice of an order, the payment link tells it', async () => {
    const order = await shop.buys(anna, '41.00')
    const silent = await world.parts.merchant?.readOrder(order.invoiceboxId ?? '')
    if (silent?.outcome.kind !== 'found') throw new Error('There is no such order.')
    const another = { ...order, id: newSortedId(), number: newOrderNumber(), intentKey: crypto.randomUUID(), state: 'creating' } as const
    await inTransaction(world.db, (tx) => insertOrder(tx, another))
    const made = { ...silent.outcome.order, id: crypto.randomUUID(), orderContainerId: null }
    expect((await recordCreated(world.parts, another, made)).containerId).toBe(order.containerId)
  })

  test('a paid order of an erased member waits for a refund, and Invoicebox is told that nothing can be delivered', async () => {
    const vera = await world.member({ points: '0' })
    const order = await shop.buys(vera, '60.00')
    await memberDeeds({ ...world.parts, erasers: [] }).erase.perform(
      { memberId: vera.id },
      {
        author: COMMAND_LINE,
        reason: 'asked for',
        key: crypto.randomUUID(),
      },
    )
    expect(await codeOf(shop.buys(vera, '60.00'))).toBe('member_erased')
    await shop.pays(order)
    const paid = await shop.until(order, 'paid')
    expect(await shop.tells(shop.notification(paid))).toMatchObject({ status: 'error', code: 'shipping_unavailable' })
    expect((await vera.balance()).available).toBe('0.00')
    const refund = await shop.refunds(order)
    expect(refund).toMatchObject({ state: 'done', result: { state: 'accepted', points: { minor: 0n }, amount: { minor: 6000n } } })
  })
  test('many forms of one member at once are not as many orders; nor are those of an hour', async () => {
    const dora = await world.member({ points: '0' })
    const answers = await Promise.all(Array.from({ length: 30 }, () => codeOf(shop.buys(dora, '10.00'))))
    expect(answers.filter((answer) => answer === 'done')).toHaveLength(20)
    expect(new Set(answers)).toEqual(new Set(['done', 'too_many_requests']))
    for (const number of await world.db('orders').where({ member_id: dora.id }).pluck<string[]>('number'))
      await shop.tells(shop.notification(await shop.order(number), { id: crypto.randomUUID() }))
    const more = []
    for (let times = 0; times < 12; times++) more.push(await codeOf(shop.buys(dora, '10.00')))
    expect(more).toEqual([...Array.from({ length: 10 }, () => 'done'), 'too_many_requests', 'too_many_requests'])
    world.clock.move(2 * HOUR)
    expect(await codeOf(shop.buys(dora, '10.00'))).toBe('done')
  })
})

const lockOf = (buyer: Buyer) =>
  ({ payload: { memberId: buyer.id }, author: COMMAND_LINE, reason: 'test', key: crypto.randomUUID() }) as never
