import { ORDER, SPA, codeOf, inTwoDays, merchant, openShop, order, spaFor } from './shop'
import type { Shop } from './shop'
import { openTestWorld, startClean } from './world'
import type { Shown, TestWorld } from './world'

let world: TestWorld
let shop: Shop
beforeAll(async () => {
  world = await openTestWorld()
  shop = await openShop()
})
beforeEach(async () => {
  await startClean(world)
  await world.control('PUT', '/settings', { notificationUrl: shop.url })
})
afterAll(async () => {
  await world.close()
  await shop.close()
})

interface OrderShown {
  readonly status: string
  readonly paidBy: string | null
  readonly refunds: readonly { readonly status: string; readonly payout: string }[]
}

const shown = async (id: string): Promise<OrderShown> => (await world.control('GET', `/orders/${id}`)) as unknown as OrderShown
const statusOf = async (id: string): Promise<unknown> => (await merchant(world, `/v3/billing/api/order/order/${id}`)).body.data.status
const invoiceOf = (containerId: string): Promise<Shown> => world.control('GET', `/invoices/${containerId}`)
const cancel = (id: string) => merchant(world, `/v3/billing/api/order/order/${id}`, undefined, 'DELETE')
const pay = (id: string, how: object = {}) => world.ask(`/_sandbox/orders/${id}/pay`, { method: 'POST', body: JSON.stringify(how) })
const refund = (parentId: string, number: string, total = 6100, vat = 1100, more: object = {}) =>
  merchant(world, '/v3/billing/api/order/refund-order', {
    parentId,
    merchantOrderId: number,
    amount: total,
    vatAmount: vat,
    basketItems: [spaFor(total, vat, total - vat)],
    description: 'Возврат',
    ...more,
  })

test('refunds: no more than is left, one number once, money back when they complete', async () => {
  const { id, orderContainerId } = await order(world)
  expect(codeOf(await refund(id, 'R1'))).toEqual([422, 'wrong_order_status', undefined])
  await world.confirm(orderContainerId, 'op-1')
  expect((await refund(id, 'R1')).status).toBe(200)
  expect(codeOf(await refund(id, 'R1'))).toEqual([422, 'merchant_order_id_duplicate', 'merchantOrderId'])
  expect(codeOf(await refund(id, 'R2', 6100.01, 1100))).toEqual([422, 'wrong_total_amount', 'basketItems[0].totalAmount'])
  expect(codeOf(await refund(id, 'R2', 6100, 1100, { amount: 6099 }))).toEqual([422, 'wrong_total_amount', 'amount'])
  expect(codeOf(await refund('nothing', 'R2'))).toEqual([404, 'not_found', undefined])
  expect(await world.balance()).toBe('987800.00')
  await world.control('PUT', '/clock', { advanceSeconds: 3 })
  expect(await world.balance()).toBe('993900.00')
  expect(await statusOf(id)).toBe('completed')
  expect((await shown(id)).refunds).toMatchObject([{ status: 'completed', payout: '6100.00' }])
  expect((await invoiceOf(orderContainerId)).status).toBe('paid')
  expect(codeOf(await cancel(id))).toEqual([422, 'wrong_order_status', undefined])
  await world.control('PUT', '/settings', { refundAfterMs: null })
  await refund(id, 'R2')
  await world.control('POST', '/refunds/R2/complete')
  expect([await world.balance(), (await invoiceOf(orderContainerId)).status]).toEqual(['1000000.00', 'canceled'])
  expect((await world.ask('/_sandbox/refunds/R2/complete', { method: 'POST' })).status).toBe(409)
})

test('a fee stays with the shop: a draft refund waits for its correction', async () => {
  const { id, orderContainerId } = await order(world)
  await world.confirm(orderContainerId, 'op-1')
  const draft = (await refund(id, 'R1', 6100, 1100, { status: 'draft' })).body.data
  const fee = { merchantOrderId: 'FEE', amount: 100, vatAmount: 18.03, basketItems: [spaFor(100, 18.03, 81.97)] }
  const correct = (parentId: string, more = {}) =>
    merchant(world, '/v3/billing/api/order/correction-order', { ...ORDER, expirationDate: inTwoDays(), ...fee, parentId, ...more })
  await world.control('PUT', '/clock', { advanceSeconds: 60 })
  expect(await world.balance()).toBe('987800.00')
  expect(codeOf(await correct(id))).toEqual([422, 'wrong_order_status', undefined])
  expect((await correct(draft.id)).status).toBe(200)
  expect(codeOf(await correct(draft.id))).toEqual([422, 'wrong_order_status', undefined])
  await world.control('PUT', '/clock', { advanceSeconds: 60 })
  expect(await world.balance()).toBe('993800.00')
  expect((await invoiceOf(orderContainerId)).amount).toBe('12200.00')
})

test('shipments stay within the order, and end the time of canceling', async () => {
  const { id } = await order(world)
  const ship = (line: object, more = {}) => merchant(world, '/v3/billing/api/order/shipment', { orderId: id, basketItems: [line], ...more })
  expect(codeOf(await ship(SPA))).toEqual([422, 'wrong_order_status', undefined])
  await pay(id)
  expect((await ship(spaFor(6100, 1100, 5000))).status).toBe(200)
  expect(codeOf(await ship(SPA))).toEqual([422, 'wrong_total_amount', 'basketItems'])
  expect(codeOf(await cancel(id))).toEqual([422, 'wrong_order_status', undefined])
  expect((await ship(spaFor(6100, 1100, 5000), { final: true })).status).toBe(200)
  expect(codeOf(await ship(spaFor(1, 0.18, 0.82)))).toEqual([422, 'wrong_order_status', undefined])
})

test('a guarantee code: unknown payers, resending, wrong codes until the limit, paid once', async () => {
  const { id } = await order(world)
  const payer = { type: 'legal', vatNumber: '7849990015' }
  const act = async (action: string, more: object = {}): Promise<string> => {
    const body = { paymentMethodId: 40117, customer: payer, ...more }
    const reply = await merchant(world, `/v3/billing/api/order/${id}/payment-method-action/${action}`, body)
    return (reply.body.data as unknown as { result: string }).result
  }
  const type = (code: string, publicCode = 'x') => act('pay', { customerPaymentData: { publicCode, code } })
  expect(await act('validate', { customer: {} })).toBe('notRegistered')
  await world.control('PUT', '/payers/7849990015', { balance: '1' })
  expect(await act('validate')).toBe('notEnoughMoney')
  await world.control('PUT', '/payers/7849990015', { balance: '20000' })
  expect([await act('send-code'), await act('send-code'), await type('wrong')]).toEqual(['success', 'codeAlreadySent', 'wrongCode'])
  expect([await type('a'), await type('b'), await type('c'), await type('d')]).toEqual([
    'wrongCode',
    'wrongCode',
    'limitReached',
    'limitReached',
  ])
  await world.control('PUT', '/clock', { advanceSeconds: 61 })
  const again = await merchant(world, `/v3/billing/api/order/${id}/payment-method-action/send-code`, {
    paymentMethodId: '1',
    customer: payer,
  })
  const { publicCode } = (again.body.data as unknown as { resultData: { publicCode: string } }).resultData
  const { guaranteeCode } = (await world.control('GET', `/orders/${id}`)) as unknown as { guaranteeCode: string }
  expect([await type(guaranteeCode, publicCode), await type(guaranteeCode, publicCode)]).toEqual(['success', 'alreadyPaid'])
  expect((await world.control('GET', '/payers/7849990015')).balance).toBe('7800.00')
  await cancel(id)
  expect((await world.control('GET', '/payers/7849990015')).balance).toBe('20000.00')
  const unknown = await merchant(world, '/v3/billing/api/order/nothing/payment-method-action/validate', {
    paymentMethodId: '1',
    customer: {},
  })
  expect(codeOf(unknown)).toEqual([404, 'not_found', undefined])
})

test('an order is paid by control as on its page: by card, guarantee or programme, with another sum, once', async () => {
  const [card, guarantee, programme] = [await order(world), await order(world), await order(world)]
  expect((await pay(card.id, { amount: '12000.00' })).status).toBe(200)
  expect((await merchant(world, `/v3/billing/api/order/order/${card.id}`)).body.data).toMatchObject({ amount: 12000, status: 'completed' })
  await pay(guarantee.orderContainerId, { by: 'guarantee' })
  await pay(programme.id, { by: 'program' })
  expect([(await shown(guarantee.id)).paidBy, (await shown(programme.id)).paidBy]).toEqual(['guarantee', 'programme'])
  expect([await world.balance(), (await world.control('GET', '/payers/7849990015')).balance]).toEqual(['987800.00', '987800.00'])
  expect((await world.operationsOn(programme.orderContainerId)).map(({ amount }) => amount)).toEqual(['12200.00'])
  expect((await pay(card.id)).status).toBe(409)
  expect((await pay('nothing')).status).toBe(404)
  expect((await pay(card.id, { by: 'cash' })).body.error.message).toContain('by must be one of: card, guarantee, programme, program')
  expect(await world.controlList('/orders?limit=2')).toMatchObject([{ id: programme.id }, { id: guarantee.id }])
})

test('a refund that Invoicebox gives up leaves the money and the lines free for another; a guarantee is refunded to its payer', async () => {
  const { id } = await order(world)
  await pay(id, { by: 'guarantee' })
  await refund(id, 'R1', 12200, 2200)
  expect(codeOf(await refund(id, 'R2'))).toEqual([422, 'wrong_total_amount', 'basketItems[0].totalAmount'])
  await world.control('POST', '/refunds/R1/cancel')
  expect((await refund(id, 'R2')).status).toBe(200)
  await world.control('PUT', '/clock', { advanceSeconds: 3 })
  expect((await world.controlList('/refunds')).map(({ status }) => status)).toEqual(['completed', 'canceled'])
  expect((await world.control('GET', '/payers/7849990015')).balance).toBe('993900.00')
  expect((await world.ask('/_sandbox/refunds/R1/cancel', { method: 'POST' })).status).toBe(409)
  expect((await world.ask('/_sandbox/refunds/nothing')).status).toBe(404)
})
