import { createHmac } from 'node:crypto'
import { sign as signed } from '../../src/sandbox/notify/sign'
import { ORDER, SPA, merchant, openShop, order, postOrder, spaFor } from '../sandbox/shop'
import type { Shop } from '../sandbox/shop'
import { like, openTestWorld, startClean } from '../sandbox/world'
import type { TestWorld } from '../sandbox/world'

/** The documented examples, field by field: what a shop sends is accepted, and what it reads is there in the recorded shape. */

let world: TestWorld
let shop: Shop
beforeAll(async () => {
  world = await openTestWorld({ seed: 3 })
  shop = await openShop()
})
beforeEach(async () => {
  await startClean(world)
  await world.control('PUT', '/settings', { notificationUrl: shop.url })
  shop.heard.length = 0
})
afterAll(async () => {
  await world.close()
  await shop.close()
})

const ID = like(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
const MOMENT = like(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/)

/** OrderResponse of section 3.4.3. */
const RECORDED = {
  id: ID,
  description: ORDER.description,
  currencyId: 'RUB',
  amount: 12200,
  vatAmount: 2200,
  basketItems: [SPA],
  orderContainerId: ID,
  merchantId: ORDER.merchantId,
  status: 'created',
  subtype: 'order',
  processingStatus: '',
  createdAt: MOMENT,
  merchantOrderId: ORDER.merchantOrderId,
  merchantOrderIdVisible: ORDER.merchantOrderId,
  expirationDate: MOMENT,
  fileIds: [],
  paymentUrl: like(/^http:\/\/127\.0\.0\.1:\d+\/order\/[0-9a-f-]{36}$/),
  customer: ORDER.customer,
  languageId: 'ru',
  processable: true,
}

test.each(['v3', 'l3'])(
  'order create under /%s answers the recorded fields in the recorded order, with escaped slashes',
  async (version) => {
    const reply = await merchant(world, `/${version}/billing/api/order/order`, { ...ORDER, expirationDate: '2099-03-07T09:30:00+03:00' })
    expect(reply.status).toBe(200)
    expect(reply.body).toEqual({ data: { ...RECORDED, expirationDate: '2099-03-07T06:30:00+00:00' }, extendedData: [] })
    expect(Object.keys(reply.body.data)).toEqual(Object.keys(RECORDED))
    expect(reply.text).toContain(String.raw`"paymentUrl":"http:\/\/127.0.0.1:`)
    expect(reply.text).toContain('"merchantOrderId":"БР-2026-00417"')
    const { id, orderContainerId } = reply.body.data as unknown as { id: string; orderContainerId: string }
    expect(reply.text).toContain(String.raw`\/order\/${orderContainerId}"`)
    expect((await merchant(world, `/${version}/billing/api/order/order/${id}`)).text).toBe(reply.text)
  },
)

test('numbers come in their shortest form, and what is sent as a line comes back as it was sent', async () => {
  const line = { ...SPA, quantity: 1.5, amount: 100.1, amountWoVat: 82.05, totalAmount: 150.15, totalVatAmount: 27.08, type: 4 }
  const body = JSON.stringify({ ...ORDER, amount: 150.15, vatAmount: 27.08, basketItems: [line], expirationDate: '2099-01-01' })
  const { text } = await merchant(world, '/v3/billing/api/order/order', body.replace('"amount":100.1,', '"amount":100.10,'))
  expect(text).toContain('"amount":150.15,"vatAmount":27.08,')
  expect(text).toContain('"quantity":1.5,"amount":100.1,"amountWoVat":82.05,"totalAmount":150.15,"totalVatAmount":27.08')
})

test('the invoice of an order is what the Business API shows, with the VAT of the order', async () => {
  const { orderContainerId, paymentUrl } = await order(world, {
    vatAmount: 0,
    basketItems: [{ ...SPA, vatCode: 'VATNONE', amountWoVat: 6100, totalVatAmount: 0 }],
  })
  const { body } = await world.api(`/v3/business/api/invoice/${orderContainerId}`)
  expect(body.data).toEqual({
    id: orderContainerId,
    number: like(/^\d+-\d{6}$/),
    createdAt: MOMENT,
    expirationDate: MOMENT,
    description: ORDER.description,
    amount: 12200,
    vatAmount: 0,
    currencyId: 'RUB',
    customer: ORDER.customer,
    status: 'pending',
    paymentUrl,
  })
})

test('update, cancel, status and list answer as section 3.11 shows', async () => {
  const { id } = await order(world)
  const change = { expirationDate: '2099-03-10T09:30:00+00:00', description: 'Сертификат на массаж, 2 сеанса (срок продлён)' }
  const updated = await merchant(world, `/v3/billing/api/order/order/${id}`, change, 'PUT')
  expect(updated.body).toEqual({ data: { ...RECORDED, ...change }, extendedData: [] })
  const query = 'status[]=created&status[]=hold&createdAt[_ge]=2026-03-01T00:00:00%2B00:00&_order[createdAt]=desc&_page=1&_pageSize=20'
  const listed = await merchant(world, `/v3/filter/api/order/order?${query}`)
  expect(listed.body).toEqual({
    data: [{ ...RECORDED, ...change, id }],
    metaData: { totalCount: 1, pageSize: 20, page: 1 },
    extendedData: [],
  })
  const canceled = await merchant(world, `/v3/billing/api/order/order/${id}`, undefined, 'DELETE')
  expect([canceled.status, canceled.body.data.status]).toEqual([200, 'canceled'])
  const other = await order(world, { processable: false })
  const done = await merchant(world, `/v3/billing/api/order/${other.id}/status`, { status: 'completed' }, 'PUT')
  expect(done.body.data).toEqual({ ...RECORDED, processable: false, status: 'completed', paidAt: MOMENT })
})

test('refundable lines, refund, list and correction answer as section 3.11 shows', async () => {
  const { id } = await order(world)
  await world.control('PUT', '/settings', { refundAfterMs: null })
  await world.control('POST', `/orders/${id}/pay`)
  const sent = {
    parentId: id,
    merchantOrderId: 'БР-2026-00417-R1',
    amount: 6100,
    vatAmount: 1100,
    description: 'Возврат за один сеанс',
    basketItems: [spaFor(6100, 1100, 5000)],
  }
  const refund = await merchant(world, '/v3/billing/api/order/refund-order', sent)
  const shown = { ...sent, id: ID, merchantId: ORDER.merchantId, currencyId: 'RUB', createdAt: MOMENT, status: 'created' }
  expect(refund.body).toEqual({ data: shown, extendedData: [] })
  const lines = await merchant(world, `/v3/billing/api/order/order/${id}/refund-basket-item`)
  expect(lines.body).toEqual({ data: [{ ...SPA, availableAmount: 6100, availableVatAmount: 1100 }], extendedData: [] })
  const listed = await merchant(world, `/v3/filter/api/order/refund-order?parentId=${id}&status=created`)
  expect(listed.body).toEqual({ data: [shown], metaData: { totalCount: 1, pageSize: 30, page: 1 }, extendedData: [] })

  const draft = await merchant(world, '/v3/billing/api/order/refund-order', { ...sent, merchantOrderId: 'R2', status: 'draft' })
  expect(draft.body.data.status).toBe('draft')
  const fee = { ...spaFor(1220, 220, 1000), sku: 'FEE', name: 'Удержание за поздний отказ' }
  const correction = await merchant(world, '/v3/billing/api/order/correction-order', {
    ...ORDER,
    merchantOrderId: 'R2-FEE',
    amount: 1220,
    vatAmount: 220,
    basketItems: [fee],
    parentId: draft.body.data.id,
    expirationDate: '2099-01-01T00:00:00+00:00',
  })
  expect(correction.body.data).toMatchObject({ status: 'completed', amount: 1220, parentId: draft.body.data.id, subtype: 'order' })
  const corrected = (await merchant(world, `/v3/filter/api/order/refund-order?merchantOrderId=R2`)).list[0]
  expect(corrected).toMatchObject({ status: 'created', amount: 4880, vatAmount: 880 })
})

test('shipment, counterparty and the three guarantee calls answer as section 3.11 shows', async () => {
  const { id } = await order(world)
  const payer = {
    type: 'legal',
    name: 'ООО «Северный ветер»',
    vatNumber: '7849990015',
    email: 'buh@sever.example.test',
    phone: '78125550199',
  }
  const asked = { paymentMethodId: '40117', languageId: 'ru', customer: payer }
  const act = (action: string, more = {}) =>
    merchant(world, `/v3/billing/api/order/${id}/payment-method-action/${action}`, { ...asked, ...more })
  expect((await act('validate')).body).toEqual({
    data: { type: 'none', result: 'available', resultData: { url: '', method: 'POST', arguments: [] } },
    extendedData: [],
  })
  const code = await act('send-code')
  expect(code.body.data).toEqual({ type: 'none', result: 'success', resultData: { publicCode: like(/^pc-[0-9a-f]{6}$/), leftAttempt: 4 } })
  const { publicCode } = (code.body.data as unknown as { resultData: { publicCode: string } }).resultData
  const typed = ((await world.control('GET', `/orders/${id}`)) as unknown as { guaranteeCode: string }).guaranteeCode
  const customerPaymentData = { publicCode, code: typed }
  await world.control('PUT', '/payers/7849990015', { balance: '12199.99' })
  expect((await act('pay', { customerPaymentData })).body.data).toEqual({
    type: 'message',
    result: 'notEnoughMoney',
    resultData: { message: { title: 'Недостаточно средств', message: 'Пополните гарантийный фонд и повторите оплату' } },
  })
  await world.control('PUT', '/payers/7849990015', { balance: '12200.00' })
  expect((await act('pay', { customerPaymentData })).body.data).toEqual({ type: 'none', result: 'success', resultData: {} })

  const shipment = {
    orderId: id,
    documentNumber: 'АКТ-118',
    documentDate: '2026-03-06',
    final: true,
    basketItems: [{ ...SPA, paymentType: 'full_payment' }],
  }
  const shipped = await merchant(world, '/v3/billing/api/order/shipment', shipment)
  expect(shipped.body).toEqual({
    data: {
      ...shipment,
      id: expect.any(Number) as number,
      type: 'shipment',
      merchantId: ORDER.merchantId,
      status: 'completed',
      amount: 12200,
      vatAmount: 2200,
      createdAt: MOMENT,
    },
    extendedData: [],
  })
  for (const path of ['filter', 'billing']) {
    const { list } = await merchant(world, `/v3/${path}/api/order/shipment?orderId=${id}`)
    expect(list).toEqual([shipped.body.data])
  }
  const found = await merchant(world, '/v3/filter/api/counterparty-detail?vatNumber=7849990015')
  expect(found.body).toMatchObject({
    data: [
      {
        id: '018f4b00-1111-2222-3333-444455556666',
        vatNumber: '7849990015',
        taxRegistrationReasonCode: '784901001',
        name: 'ООО «Северный ветер»',
        registrationDate: '2018-02-14T00:00:00+00:00',
      },
    ],
    metaData: { totalCount: 1, pageSize: 30, page: 1 },
  })
})

test('a notification is the order without an envelope, signed over its exact bytes', async () => {
  await world.control('PUT', '/settings', { notificationKey: 'sandbox-sign-key' })
  const { id } = await order(world)
  await world.control('POST', `/orders/${id}/pay`)
  const [heard] = await shop.hears(1)
  const { body = '', headers = {}, json } = heard ?? {}
  expect(json).toEqual({ ...RECORDED, id, status: 'completed', paidAt: MOMENT })
  expect(body).toContain(String.raw`"paymentUrl":"http:\/\/127`)
  expect(body).toContain('"description":"Сертификат на массаж, 2 сеанса"')
  expect(headers['content-type']).toBe('application/json')
  const sign = (text: string) => createHmac('sha1', 'sandbox-sign-key').update(text, 'utf8').digest('hex')
  expect(headers['x-signature']).toBe(sign(body))
  expect(headers['x-signature']).not.toBe(sign(body.replaceAll('\\/', '/')))
})

test('what official clients send is accepted: underscored paging, repeated bare keys, PHP floats and empty objects, nulls, unknown fields', async () => {
  const php = JSON.stringify({
    ...ORDER,
    expirationDate: '2099-01-01T00:00:00+00:00',
    metaData: [],
    customer: [],
    shopId: null,
    orderSetting: [],
    kpp: '1',
  })
  expect((await merchant(world, '/v3/billing/api/order/order', php.replace('"amount":12200', '"amount":12200.0'))).status).toBe(200)
  await postOrder(world, {
    metaData: { '@context': 'http://schema.org', '@type': 'FlightReservation' },
    shopId: 31,
    invoiceSetting: { customerLocked: true },
  })
  const listed = await merchant(world, '/v3/filter/api/order/order?status=canceled&status=created&_page=2&_pageSize=1')
  expect(listed.body.metaData).toEqual({ totalCount: 2, pageSize: 1, page: 2 })
  const indexed = await merchant(world, '/v3/filter/api/order/order?status%5B0%5D=created&status%5B1%5D=completed')
  expect(indexed.list).toHaveLength(2)
  expect(indexed.list[0]).toMatchObject({ metaData: { '@type': 'FlightReservation' }, shopId: 31 })
  expect((await merchant(world, '/v3/filter/api/order/order?_order=createdAt:desc')).body.error.code).toBe('wrong_filter_format')
})

test('marketplace shops and offers are stored and given back as section 3.11 shows', async () => {
  const sent = {
    title: 'СПА на Петроградской',
    description: 'Массаж и уход',
    merchantId: ORDER.merchantId,
    accountProgramIds: ['018f5000-aaaa-bbbb-cccc-0123456789ab'],
  }
  const made = await merchant(world, '/v3/marketplace/api/shop', sent)
  const shown = { ...sent, id: 1, token: like(/^[0-9a-f]{32}$/), type: 'shop', alias: like(/^\d{10}$/), shopUrl: like(/^https:\/\//) }
  expect(made.body).toEqual({ data: shown, extendedData: [] })
  const changed = await merchant(world, '/v3/marketplace/api/shop/1', { type: 'offline', lat: 59.96, deliveryInfo: 'Самовывоз' })
  expect(changed.body.data).toEqual({ ...shown, type: 'offline', lat: 59.96, deliveryInfo: 'Самовывоз' })
  expect((await merchant(world, '/v3/marketplace/api/shop/2', {})).body.error.code).toBe('not_found')
  expect((await merchant(world, '/v3/marketplace/api/shop', {})).body.error).toMatchObject({
    code: 'validation',
    fields: [{ name: 'title' }],
  })
  const offer = {
    merchantId: ORDER.merchantId,
    externalId: 'o1',
    active: true,
    startAt: '2026-01-01T00:00:00+00:00',
    finishAt: '2026-02-01T00:00:00+00:00',
    description: 'Скидка',
    tags: ['спа'],
  }
  expect((await merchant(world, '/v3/marketplace/api/special-offer', offer)).body.data).toEqual({ ...offer, id: 1 })
  expect((await merchant(world, '/v3/marketplace/api/special-offer', { ...offer, active: false })).body.data).toEqual({
    ...offer,
    active: false,
    id: 1,
  })
})

test('a calculation error has the recorded shape', async () => {
  expect((await postOrder(world, { amount: 12200.5 })).body).toEqual({
    error: { message: 'Calculation Error', code: 'wrong_total_amount', fields: [{ name: 'amount', code: 'wrong_value', message: '' }] },
  })
})

test("the reference's test vector is signed as it says, byte for byte", () => {
  const body = String.raw`{"id":"018f6d2a-7c40-b1d2-e3f4-5a6b7c8d9e0f","status":"completed","merchantId":"5b0c8d1e-2f3a-4b5c-8d7e-9f0a1b2c3d4e","merchantOrderId":"БР-2026-00417","amount":12200,"currencyId":"RUB","paymentUrl":"https:\/\/pay.sandbox.test\/order\/018f6d2a-7c3e-a9b8-c7d6-e5f4a3b2c1d0"}`
  expect(Buffer.byteLength(body)).toBe(275)
  expect(signed(body, 'sandbox-sign-key', 'sha1')).toBe('b8cb66779cf25e7fadc867e0bb296fdfc3fda8d2')
  expect(signed(body.replaceAll('\\/', '/'), 'sandbox-sign-key', 'sha1')).toBe('d70555ba62dfb237ce6175b79dadca77f0d57a20')
  expect(signed(body, 'sandbox-sign-key', 'sha256')).toBe('13ef986aeb26fcc80b59518814d5eacbe8d47e96436d92343cfe7b8fa8e576ec')
})
