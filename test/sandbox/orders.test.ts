import { ORDER, SPA, codeOf, inTwoDays, merchant, openShop, order, postOrder, spaFor } from './shop'
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
const update = (id: string, change: object) => merchant(world, `/v3/billing/api/order/order/${id}`, change, 'PUT')
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

test.each([
  [{ amount: 12200.01 }, 'wrong_total_amount', 'amount'],
  [{ vatAmount: 2199 }, 'wrong_total_vat_amount', 'vatAmount'],
  [{ basketItems: [{ ...SPA, totalAmount: 12201 }] }, 'wrong_basket_item_total_amount', 'basketItems[0].totalAmount'],
  [{ basketItems: [{ ...SPA, totalVatAmount: 2200.02 }] }, 'wrong_basket_item_total_vat_amount', 'basketItems[0].totalVatAmount'],
  [{ basketItems: [{ ...SPA, vatCode: 'RUS_VAT20' }] }, 'wrong_basket_item_total_vat_amount', 'basketItems[0].totalVatAmount'],
  [{ basketItems: [{ ...SPA, amountWoVat: 5000.02 }] }, 'wrong_basket_item_amount_wo_vat', 'basketItems[0].amountWoVat'],
  [{ expirationDate: '2020-01-01T00:00:00+00:00' }, 'wrong_expiration_date', 'expirationDate'],
  [{ currencyId: 'XXX' }, 'wrong_currency', 'currencyId'],
  [{ languageId: 'de' }, 'language_not_found', 'languageId'],
  [{ amount: 0.005 }, 'validation', 'amount'],
  [{ amount: '12200' }, 'validation', 'amount'],
  [{ amount: -1 }, 'validation', 'amount'],
  [{ merchantOrderId: 'x'.repeat(257) }, 'validation', 'merchantOrderId'],
  [{ merchantOrderId: undefined }, 'validation', 'merchantOrderId'],
  [{ basketItems: [] }, 'validation', 'basketItems'],
  [{ basketItems: [{ ...SPA, vatCode: 'RUS_VAT18' }] }, 'validation', 'basketItems[0].vatCode'],
  [{ basketItems: [SPA, { ...SPA, paymentType: 'cash' }] }, 'validation', 'basketItems[1].paymentType'],
  [{ basketItems: [{ ...SPA, type: 28 }] }, 'validation', 'basketItems[0].type'],
  [{ basketItems: ['x'] }, 'validation', 'basketItems[0]'],
  [{ customer: { type: 'robot' } }, 'validation', 'customer.type'],
  [{ expirationDate: 'tomorrow' }, 'validation', 'expirationDate'],
])('an order with %j is refused: %s about %s', async (wish, code, field) => {
  expect(codeOf(await postOrder(world, wish))).toEqual([422, code, field])
  expect(await world.controlList('/orders')).toEqual([])
})

test('a body that is no JSON, a missing token and a wrong one are refused before anything else', async () => {
  expect(codeOf(await merchant(world, '/v3/billing/api/order/order', '{"a":'))).toEqual([400, 'bad_request', undefined])
  expect((await world.ask('/v3/billing/api/order/order', { method: 'POST' })).status).toBe(401)
  expect((await world.ask('/v3/filter/api/order/order', { headers: { authorization: 'Bearer another' } })).status).toBe(401)
  expect((await merchant(world, '/v3/business/api/invoice')).body.error.code).toBe('forbidden')
  expect((await world.api('/v3/filter/api/order/order')).status).toBe(200)
  expect((await merchant(world, '/v3/security/api/auth/auth')).body.data.userId).not.toBeNull()
  expect(codeOf(await merchant(world, '/v3/billing/api/order/order/nothing'))).toEqual([404, 'not_found', undefined])
  await world.control('PUT', '/settings', { strictMerchant: true })
  expect(codeOf(await postOrder(world, { merchantId: 'another' }))).toEqual([403, 'forbidden', undefined])
})

test.each([
  ['VATNONE', 0],
  ['RUS_VAT0', 0],
  ['RUS_VAT5', 4.76],
  ['RUS_VAT7', 6.54],
  ['RUS_VAT10', 9.09],
  ['RUS_VAT20', 16.67],
  ['RUS_VAT22', 18.03],
  ['RUS_VAT5_ADDED', 4.76],
  ['RUS_VAT7_ADDED', 6.54],
  ['RUS_VAT10_ADDED', 9.09],
  ['RUS_VAT20_ADDED', 16.67],
  ['RUS_VAT22_ADDED', 18.03],
])('of 100 roubles at %s the tax is %d, a kopeck more or less allowed', async (vatCode, tax) => {
  for (const vat of [tax, tax + 0.01, Math.max(0, tax - 0.01)].map((sum) => Math.round(sum * 100) / 100)) {
    const line = { ...spaFor(100, vat, Math.round((100 - vat) * 100) / 100), vatCode }
    expect((await postOrder(world, { amount: 100, vatAmount: vat, basketItems: [line] })).status).toBe(200)
  }
  const vat = Math.round((tax + 0.02) * 100) / 100
  const line = { ...spaFor(100, vat, Math.round((100 - vat) * 100) / 100), vatCode }
  expect((await postOrder(world, { amount: 100, vatAmount: vat, basketItems: [line] })).body.error.code).toBe(
    'wrong_basket_item_total_vat_amount',
  )
})

test.each([
  ['strict', 33.34, true],
  ['strict', 33.33, false],
  ['halfUp', 33.34, true],
  ['halfDown', 33.33, true],
  ['floor', 33.33, true],
  ['ceil', 33.34, true],
  ['ceil', 33.33, false],
  ['none', 33.34, true],
  ['none', 33.33, false],
])('0.5 of 66.67 under %s may come to %d: %s', async (roundPolicy, total, isFine) => {
  const line = { ...SPA, quantity: 0.5, amount: 66.67, amountWoVat: 66.67, totalAmount: total, totalVatAmount: 0, vatCode: 'VATNONE' }
  const reply = await postOrder(world, { amount: total, vatAmount: 0, basketItems: [line], orderSetting: { roundPolicy } })
  expect(reply.status).toBe(isFine ? 200 : 422)
})

test('several orders may have one number unless the shop forbids it', async () => {
  await order(world)
  await order(world)
  await world.control('PUT', '/settings', { merchantOrderIdUnique: true })
  expect(codeOf(await postOrder(world))).toEqual([422, 'merchant_order_id_duplicate', 'merchantOrderId'])
  await order(world, { merchantOrderId: 'another' })
})

test('an unpaid order can be changed, and its invoice with it; a wrong sum changes nothing', async () => {
  const { id, orderContainerId } = await order(world)
  const smaller = { amount: 6100, vatAmount: 1100, basketItems: [spaFor(6100, 1100, 5000)] }
  expect(codeOf(await update(id, { amount: 6100 }))).toEqual([422, 'wrong_total_amount', 'amount'])
  expect((await invoiceOf(orderContainerId)).amount).toBe('12200.00')
  expect((await update(id, { ...smaller, description: 'Один сеанс' })).body.data).toMatchObject({ amount: 6100, status: 'created' })
  expect(await invoiceOf(orderContainerId)).toMatchObject({ amount: '6100.00', description: 'Один сеанс' })
  await pay(id)
  expect(codeOf(await update(id, { description: 'x' }))).toEqual([422, 'wrong_order_status', undefined])
})

test('an order expires with its deadline, on the page, in both APIs', async () => {
  const { id, orderContainerId } = await order(world)
  await world.control('PUT', '/clock', { advanceSeconds: 172_801 })
  expect([await statusOf(id), (await invoiceOf(orderContainerId)).status]).toEqual(['expired', 'canceled'])
  expect(codeOf(await cancel(id))).toEqual([422, 'wrong_order_status', undefined])
  expect((await merchant(world, '/v3/filter/api/order/order?status=expired')).list).toHaveLength(1)
  expect((await pay(id)).status).toBe(409)
  expect((await pay(id, { late: true })).status).toBe(200)
  expect(await statusOf(id)).toBe('completed')
  const other = await order(world, { expirationDate: '2099-01-01T00:00:00Z' })
  await world.control('POST', `/orders/${other.id}/expire`)
  expect(await statusOf(other.id)).toBe('expired')
})

test('paid by the programme: the order is completed; canceled: the fund has its money back and the partner sees it', async () => {
  const { id, orderContainerId } = await order(world)
  expect((await world.confirm(orderContainerId, 'op-1')).status).toBe(200)
  expect(await shown(id)).toMatchObject({ status: 'completed', paidBy: 'programme' })
  expect(await world.balance()).toBe('987800.00')
  expect((await cancel(id)).body.data.status).toBe('canceled')
  expect([await world.balance(), (await invoiceOf(orderContainerId)).status]).toEqual(['1000000.00', 'canceled'])
  expect(codeOf(await cancel(id))).toEqual([422, 'wrong_order_status', undefined])
})

test('a suborder joins the unpaid invoice, is paid with it, and can be canceled alone', async () => {
  const { id, orderContainerId } = await order(world)
  const extra = { orderContainerId, merchantOrderId: 'extra', amount: 100, vatAmount: 18.03, basketItems: [spaFor(100, 18.03, 81.97)] }
  const second = await order(world, extra)
  expect(second.orderContainerId).toBe(orderContainerId)
  expect((await invoiceOf(orderContainerId)).amount).toBe('12300.00')
  await world.confirm(orderContainerId, 'op-1')
  expect([await statusOf(id), await statusOf(second.id)]).toEqual(['completed', 'completed'])
  expect(codeOf(await postOrder(world, { ...extra, merchantOrderId: 'late' }))).toEqual([422, 'wrong_order_status', undefined])
  expect(codeOf(await postOrder(world, { ...extra, orderContainerId: 'nothing' }))).toEqual([422, 'wrong_order_status', undefined])
  await cancel(second.id)
  expect([await world.balance(), (await invoiceOf(orderContainerId)).status]).toEqual(['987800.00', 'paid'])
  await cancel(id)
  expect([await world.balance(), (await invoiceOf(orderContainerId)).status]).toEqual(['1000000.00', 'canceled'])
})

test('non-processing orders have their status set, others do not; orders move between shops; agents name sellers', async () => {
  const { id } = await order(world, { processable: false })
  const put = (status: string, of = id) => merchant(world, `/v3/billing/api/order/${of}/status`, { status }, 'PUT')
  for (const [asked, became] of [
    ['completed', 'completed'],
    ['cancelled', 'canceled'],
    ['created', 'created'],
    ['expired', 'expired'],
  ] as const) {
    expect((await put(asked)).body.data.status).toBe(became)
  }
  expect(codeOf(await put('paid'))).toEqual([422, 'validation', 'status'])
  expect(codeOf(await put('completed', (await order(world)).id))).toEqual([422, 'wrong_order_status', undefined])
  const moved = await merchant(world, '/v3/billing/api/order/order-merchant-move', { merchantId: 'other', orderId: id }, 'PUT')
  expect(moved.body.data).toMatchObject({ merchantId: 'other' })
  const agents = { ...ORDER, merchantId: undefined, expirationDate: inTwoDays() }
  const agent = (vatNumber: string) =>
    merchant(world, '/v3/adapter/api/subagent/order', { ...agents, seller: { type: 'counterparty', countryId: 'RUS', vatNumber } })
  expect((await agent('7700990010')).status).toBe(200)
  expect(codeOf(await agent('1'))).toEqual([422, 'validation', 'seller.vatNumber'])
})

test('orders are filtered by every documented field, sorted and paged; unknown filters are refused', async () => {
  for (const [number, amount] of [
    ['a', 100],
    ['b', 300],
    ['c', 200],
  ] as const) {
    const line = { ...spaFor(amount, 0, amount), vatCode: 'VATNONE' }
    await order(world, { merchantOrderId: number, amount, vatAmount: 0, basketItems: [line], userAccountId: 'miles' })
  }
  const [newest] = await world.controlList('/orders')
  await pay(newest?.id ?? '')
  const numbers = async (query: string) =>
    (await merchant(world, `/v3/filter/api/order/order?${query}`)).list.map(
      (one) => (one as unknown as { merchantOrderId: string }).merchantOrderId,
    )
  expect(await numbers('')).toEqual(['c', 'b', 'a'])
  expect(await numbers('_order[amount]=desc')).toEqual(['b', 'c', 'a'])
  expect(await numbers('status=completed&paidAt[_ge]=2020-01-01')).toEqual(['c'])
  expect(await numbers('merchantOrderId[]=a&merchantOrderId[]=b')).toEqual(['b', 'a'])
  expect(await numbers(`id=${newest?.id ?? ''}&merchantId=${ORDER.merchantId}`)).toEqual(['c'])
  expect(await numbers('amount[_gt]=100&amount[_lt]=300&userAccountId=miles&customer[type][eq]=private')).toEqual(['c'])
  expect(await numbers('createdAt[_ge]=2099-01-01T00:00:00%2B00:00')).toEqual([])
  expect(await numbers('expirationDate[_ge]=2020-01-01&page=2&pageSize=2')).toEqual(['a'])
  expect(codeOf(await merchant(world, '/v3/filter/api/order/order?colour=red'))).toEqual([422, 'wrong_filter_format', 'colour'])
  expect(codeOf(await merchant(world, '/v3/filter/api/counterparty-detail'))).toEqual([422, 'validation', 'vatNumber'])
  expect((await merchant(world, '/v3/filter/api/counterparty-detail?vatNumber=1')).list).toEqual([])
})

test('faults strike orders, each by its own name: a lost answer leaves the order made', async () => {
  await world.control('POST', '/faults', { on: 'order.create', kind: 'lose-answer', times: 1 })
  await expect(postOrder(world)).rejects.toThrow('fetch failed')
  const { list } = await merchant(world, `/v3/filter/api/order/order?merchantOrderId=${encodeURIComponent(ORDER.merchantOrderId)}`)
  expect(list).toHaveLength(1)
  await world.control('POST', '/faults', { on: 'order.get', kind: 'status', status: 404, times: 1 })
  expect(codeOf(await merchant(world, `/v3/billing/api/order/order/${list[0]?.id ?? ''}`))).toEqual([404, 'not_found', undefined])
  await world.control('POST', '/faults', { on: 'refund.create', kind: 'status', status: 503, times: 1 })
  expect((await refund('x', 'R1')).status).toBe(503)
  const refused = await world.ask('/_sandbox/faults', { method: 'POST', body: '{"on":"order.create","kind":"wrong-signature"}' })
  expect(refused.body.error.message).toBe('The kind wrong-signature has no meaning on order.create.')
})
