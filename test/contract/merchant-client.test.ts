import { randomUUID } from 'node:crypto'
import { basketOf, connectGate, makeLine, oneUnit, parseNotification, refundBasket, sign, verifySignature } from '../../src/invoicebox'
import type { Goods, MerchantClient, Notification, Order, OrderDraft, VatCode } from '../../src/invoicebox'
import { VAT_CODES } from '../../src/invoicebox'
import { openNotificationGate } from '../../src/notification-gate'
import { topUp } from '../../src/orders'
import { HOUR, MINUTE, plus } from '../../src/shared/clock'
import { createLog } from '../../src/shared/log'
import { money, parseMoney } from '../../src/shared/money'
import { until } from '../support/until'
import { World } from '../support/world'

/* Our client and the sandbox, which behaves as Invoicebox documents it, against each other. */

const rub = (text: string) => parseMoney(text, 'RUB')
const PAGE = { page: 1, pageSize: 20 }
const KEY = { key: 'sandbox-sign-key', algorithm: 'sha1' } as const

let world: World
let client: MerchantClient

beforeAll(async () => {
  world = await World.make({ env: { INVOICEBOX_WEBSOCKET: 'on' } })
  if (!world.parts.merchant) throw new Error('The gateway of the tests is a merchant.')
  client = world.parts.merchant
}, 30_000)
afterAll(async () => {
  expect(await world.findings()).toEqual([])
  await world.close()
})

const goods = (vatCode: VatCode = 'RUS_VAT22'): Goods => ({
  sku: 'POINTS',
  name: 'Баллы программы',
  measure: 'шт',
  measureCode: '796',
  vatCode,
  type: 'service',
  paymentType: 'full_prepayment',
})

const draft = (more: Partial<OrderDraft> = {}): OrderDraft => ({
  merchantOrderId: `T-${randomUUID().slice(0, 20)}`,
  description: 'Баллы / points',
  basket: basketOf([makeLine(goods(), '2', rub('6100'))]),
  expirationDate: plus(world.clock.now(), HOUR),
  customer: { type: 'private', name: 'Смирнова Ольга' },
  ...more,
})

async function created(more: Partial<OrderDraft> = {}): Promise<Order> {
  const { outcome } = await client.createOrder(draft(more))
  if (outcome.kind !== 'accepted') throw new Error(`The order was not taken: ${JSON.stringify(outcome)}`)
  return outcome.order
}

const control = async (method: string, path: string, body: object = {}): Promise<unknown> => {
  const init = method === 'GET' ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }
  const answer = await fetch(`${world.sandbox.url}/_sandbox/${path}`, { method, ...init })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
  return JSON.parse(text)
}
const paid = (order: Order) => control('POST', `orders/${order.id}/pay`, { by: 'card' })

test('an order is created, read, found by our number, changed and cancelled', async () => {
  const asked = draft()
  const { outcome } = await client.createOrder(asked)
  expect(outcome).toMatchObject({
    kind: 'accepted',
    order: { merchantOrderId: asked.merchantOrderId, status: 'created', amount: rub('12200'), paidAt: null },
  })
  const { order } = outcome as { order: Order }
  expect((await client.readOrder(order.id)).outcome).toEqual({ kind: 'found', order })
  expect((await client.findOrders({ merchantOrderId: asked.merchantOrderId, ...PAGE })).outcome).toMatchObject({
    items: [order],
    totalCount: 1,
    hasMore: false,
  })
  const later = plus(order.createdAt, 2 * HOUR)
  expect(
    (
      await client.updateOrder(order.id, {
        description: 'Иначе',
        expirationDate: later,
        basket: basketOf([oneUnit(goods('VATNONE'), rub('0.01'))]),
      })
    ).outcome,
  ).toMatchObject({
    kind: 'accepted',
    order: { id: order.id, amount: rub('0.01'), expirationDate: new Date(Math.floor(later.getTime() / 1_000) * 1_000) },
  })
  expect((await client.cancelOrder(order.id)).outcome).toMatchObject({ kind: 'accepted', order: { status: 'canceled' } })
  expect((await client.updateOrder(order.id, { description: 'Zu spät' })).outcome).toMatchObject({
    kind: 'rejected',
    code: 'wrong_order_status',
    status: 422,
  })
  expect((await client.readOrder(randomUUID())).outcome).toEqual({ kind: 'not-found' })
})

test('everything that our arithmetic takes, the sandbox takes: twelve codes, odd sums, parts of units', async () => {
  const lines = VAT_CODES.map((code, index) => ({ ...oneUnit(goods(code), money(BigInt(index * 977 + 1), 'RUB')), sku: `S-${index}` }))
  expect(await created({ basket: basketOf(lines) })).toMatchObject({ amount: basketOf(lines).total })
  const halves = makeLine(goods('VATNONE'), '0.5', rub('10.01'))
  expect(await created({ basket: basketOf([halves]), roundPolicy: 'halfUp' })).toMatchObject({ amount: rub('5.01') })
  expect((await client.createOrder(draft({ basket: basketOf([halves]) }))).outcome).toMatchObject({
    code: 'wrong_basket_item_total_amount',
    status: null,
  })
})

test('orders are found by state and time, page by page', async () => {
  await world.passes(MINUTE)
  const since = world.clock.now()
  const orders = [await created(), await created(), await created()]
  await paid(orders[1] as Order)
  const pageOf = async (page: number) => (await client.findOrders({ createdSince: since, page, pageSize: 2 })).outcome
  expect(await pageOf(1)).toMatchObject({ items: [{}, {}], totalCount: 3, hasMore: true })
  expect(await pageOf(2)).toMatchObject({ items: [{}], hasMore: false })
  const completed = (await client.findOrders({ status: ['completed'], createdSince: since, ...PAGE })).outcome
  expect(completed).toMatchObject({ items: [{ id: orders[1]?.id, status: 'completed', paidAt: expect.any(Date) as Date }] })
})

test('a paid order is refunded in parts, and never for more than is left', async () => {
  const order = await created()
  await paid(order)
  const lines = async () => {
    const { outcome } = await client.readRefundableLines(order.id)
    if (outcome.kind !== 'found') throw new Error(outcome.kind)
    return outcome.lines
  }
  const refund = async (amount: string, merchantOrderId: string) => {
    const basket = refundBasket(await lines(), rub(amount)) ?? basketOf([oneUnit(goods(), rub(amount))])
    return (await client.createRefund({ parentId: order.id, merchantOrderId, basket, description: 'Возврат' })).outcome
  }
  const number = `${order.merchantOrderId}-R1`
  expect(await refund('100.01', number)).toMatchObject({
    kind: 'accepted',
    refund: { amount: rub('100.01'), merchantOrderId: number, parentId: order.id },
  })
  expect(await refund('1', number)).toMatchObject({ kind: 'rejected', code: 'merchant_order_id_duplicate' })
  expect((await lines())[0]).toMatchObject({ available: rub('12099.99') })
  expect(await refund('12099.99', `${order.merchantOrderId}-R2`)).toMatchObject({ kind: 'accepted' })
  expect(await refund('0.01', `${order.merchantOrderId}-R3`)).toMatchObject({ kind: 'rejected', code: 'wrong_total_amount' })
  await world.passes(MINUTE)
  const found = (await client.findRefunds({ parentId: order.id, ...PAGE })).outcome
  expect(found).toMatchObject({ kind: 'page', items: [{ status: 'completed' }, { status: 'completed' }] })
  expect((await client.findRefunds({ merchantOrderId: number, ...PAGE })).outcome).toMatchObject({ items: [{ merchantOrderId: number }] })
  const unpaid = await created()
  expect(
    (
      await client.createRefund({
        parentId: unpaid.id,
        merchantOrderId: 'R',
        basket: basketOf([oneUnit(goods(), rub('1'))]),
        description: 'x',
      })
    ).outcome,
  ).toMatchObject({ kind: 'rejected', code: 'wrong_order_status' })
})

test('a refund waits as a draft until a correction has kept a fee', async () => {
  const order = await created()
  await paid(order)
  const basket = basketOf([oneUnit(goods(), rub('12200'))])
  const { outcome } = await client.createRefund({
    parentId: order.id,
    merchantOrderId: `${order.merchantOrderId}-R`,
    basket,
    description: 'x',
    status: 'draft',
  })
  expect(outcome).toMatchObject({ kind: 'accepted', refund: { status: 'draft' } })
  const { id: refundId } = (outcome as { refund: { id: string } }).refund
  const fee = { ...draft(), basket: basketOf([oneUnit(goods('VATNONE'), rub('200'))]), refundId }
  expect((await client.createCorrection(fee)).outcome).toMatchObject({ kind: 'accepted', order: { amount: rub('200') } })
  await world.passes(MINUTE)
  expect((await client.findRefunds({ ids: [refundId], ...PAGE })).outcome).toMatchObject({ items: [{ status: 'completed' }] })
})

test('a shipment is created and found by its order', async () => {
  const order = await created()
  await paid(order)
  const shipped = { orderId: order.id, documentNumber: 'АКТ-118', lines: [makeLine(goods(), '2', rub('6100'))], final: true }
  const { outcome } = await client.createShipment(shipped)
  expect(outcome).toMatchObject({ kind: 'accepted', shipment: { orderId: order.id, documentNumber: 'АКТ-118', amount: rub('12200') } })
  const { shipment } = outcome as { shipment: object }
  expect((await client.findShipments({ orderId: order.id, ...PAGE })).outcome).toMatchObject({ items: [shipment] })
})

test('a company pays from its guarantee fund without leaving our page', async () => {
  const order = await created()
  const company = (vatNumber: string) => ({ orderId: order.id, paymentMethodId: '40117', customer: { type: 'legal', vatNumber } }) as const
  const request = company('7849990015')
  await control('PUT', 'payers/7849990015', { balance: '12199.99' })
  expect((await client.guarantee.validate(company('1234567894'))).outcome).toMatchObject({ kind: 'answered', result: 'notRegistered' })
  expect((await client.guarantee.validate(request)).outcome).toMatchObject({ result: 'notEnoughMoney' })
  await control('PUT', 'payers/7849990015', { balance: '12200' })
  expect((await client.guarantee.validate(request)).outcome).toMatchObject({ result: 'available' })
  const sent = (await client.guarantee.sendCode(request)).outcome
  expect(sent).toMatchObject({
    kind: 'answered',
    result: 'success',
    publicCode: expect.any(String) as string,
    leftAttempts: expect.any(Number) as number,
  })
  expect((await client.guarantee.sendCode(request)).outcome).toMatchObject({ result: 'codeAlreadySent' })
  const { guaranteeCode } = (await control('GET', `orders/${order.id}`)) as { guaranteeCode: string }
  const { publicCode } = sent as { publicCode: string }
  const wrong = guaranteeCode === '0000' ? '0001' : '0000'
  expect((await client.guarantee.pay(request, { publicCode, code: wrong })).outcome).toMatchObject({
    kind: 'answered',
    result: 'wrongCode',
  })
  expect((await client.guarantee.pay(request, { publicCode, code: guaranteeCode })).outcome).toMatchObject({
    kind: 'answered',
    result: 'success',
  })
  expect((await client.guarantee.pay(request, { publicCode, code: guaranteeCode })).outcome).toMatchObject({
    kind: 'answered',
    result: 'alreadyPaid',
  })
  expect((await client.readOrder(order.id)).outcome).toMatchObject({ order: { status: 'completed' } })
})

test('an order that Invoicebox does not process gets its state from us', async () => {
  const order = await created({ processable: false })
  expect((await client.setOrderStatus(order.id, 'canceled')).outcome).toMatchObject({ kind: 'accepted', order: { status: 'canceled' } })
  expect((await client.setOrderStatus((await created()).id, 'completed')).outcome).toMatchObject({ kind: 'rejected' })
})

test('a company’s tax number finds its name; an unknown one finds nothing', async () => {
  expect((await client.findCounterparty('7849990015')).outcome).toMatchObject({
    kind: 'found',
    counterparties: [{ vatNumber: '7849990015' }],
  })
  expect((await client.findCounterparty('1234567894')).outcome).toEqual({ kind: 'not-found' })
})

test('a lost answer leaves the outcome unknown, and our number finds what became of it', async () => {
  const [lost, never] = [draft(), draft()]
  await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-answer', times: 1 })
  expect((await client.createOrder(lost)).outcome).toMatchObject({ kind: 'unknown', sent: true })
  await world.sandbox.misbehave({ on: 'order.create', kind: 'lose-request', times: 1 })
  expect((await client.createOrder(never)).outcome).toMatchObject({ kind: 'unknown' })
  const find = async ({ merchantOrderId }: OrderDraft) => (await client.findOrders({ merchantOrderId, ...PAGE })).outcome
  expect(await find(lost)).toMatchObject({ items: [{ merchantOrderId: lost.merchantOrderId }] })
  expect(await find(never)).toMatchObject({ items: [] })
})

test('the channel brings the notification that the HTTP door would get, signed bytes aside', async () => {
  const received: Notification[] = []
  let connections = 0
  const gate = connectGate(
    { url: `${world.sandbox.url.replace('http', 'ws')}/v3/gate/rpc`, token: 'sandbox-merchant-token-0001', currencies: ['RUB'] },
    {
      log: createLog('silent'),
      version: '1',
      random: () => 0,
      onConnect: () => Promise.resolve((connections += 1)),
      onOrder: (notification) => {
        received.push(notification)
        return Promise.resolve({ status: 'success' })
      },
    },
  )
  await until(() => connections > 0)
  const order = await created()
  await paid(order)
  const ours = () => received.find((notification) => notification.kind === 'order' && notification.id === order.id)
  await until(() => ours() !== undefined)
  expect(ours()).toMatchObject({ kind: 'order', merchantOrderId: order.merchantOrderId, status: 'completed', amount: rub('12200') })
  await gate.stop()
})

test('a gateway without a public address hears of a paid top-up over the channel', async () => {
  await world.sandbox.settings({ notificationUrl: '' })
  const anna = await world.member({ points: '0' })
  const gate = openNotificationGate(world.parts)
  await until(() => gate?.isConnected() === true)
  const order = await topUp(world.parts, { memberId: anna.id, amount: rub('1240'), language: 'ru' })
  await control('POST', `orders/${order.invoiceboxId}/pay`, { by: 'card' })
  const available = async () => (await anna.balance()).available
  await until(async () => (await available()) !== '0.00')
  expect(await anna.balance()).toEqual({ available: '1240.00', held: '0.00' })
  await gate?.stop()
})

test('what the sandbox signs we verify over the very bytes, escaped slashes and Cyrillic included', async () => {
  const order = await created()
  await paid(order)
  const { data } = (await control('GET', 'notifications')) as { data: { orderId: string; body: string; signature: string }[] }
  const sent = data.find(({ orderId }) => orderId === order.id)
  const body = Buffer.from(sent?.body ?? '')
  expect(sent?.body).toContain('\\/order\\/')
  expect(verifySignature(body, sent?.signature, KEY)).toBe(true)
  expect(sent?.signature).toBe(sign(body, KEY))
  expect(parseNotification(body, ['RUB'])).toMatchObject({ kind: 'order', id: order.id, amount: rub('12200') })
})
