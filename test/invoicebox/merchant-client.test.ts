import { basketOf } from '../../src/invoicebox'
import { TOKEN } from './support/world'
import { json } from './support/upstream'
import * as example from './support/merchant'
import { MERCHANT_ID, ORDER_ID, REFUND_ID, draft, massages, orderAnswer, refundAnswer, rub } from './support/merchant'
import { MerchantBench, ORDER, answered, paged } from './support/merchant-bench'

let bench: MerchantBench

beforeAll(async () => {
  bench = await MerchantBench.open()
})
afterEach(() => bench.closeClients())
afterAll(() => bench.upstream.close())

describe('the documented examples', () => {
  test('an order is created with exactly the documented fields, amounts as the shortest numbers', async () => {
    bench.plays(answered(orderAnswer()))
    expect((await bench.merchant().createOrder(draft())).outcome).toEqual({ kind: 'accepted', order: ORDER })
    const { method, path, headers, sent } = bench.lastSeen
    expect([method, path, headers.authorization]).toEqual(['POST', '/v3/billing/api/order/order', `Bearer ${TOKEN}`])
    expect(sent).toEqual({
      merchantId: MERCHANT_ID,
      merchantOrderId: 'BR-2026-00417',
      description: 'Сертификат на массаж, 2 сеанса',
      amount: 12200,
      vatAmount: 2200,
      currencyId: 'RUB',
      languageId: 'ru',
      expirationDate: '2026-03-07T09:30:00+00:00',
      basketItems: [example.lineAnswer()],
      customer: orderAnswer().customer,
      notificationUrl: 'https://spa.example.test/hooks/invoicebox',
      successUrl: 'https://spa.example.test/pay/ok',
      failUrl: 'https://spa.example.test/pay/fail',
      returnUrl: 'https://spa.example.test/cart',
    })
  })

  test('an order is read, found, changed, cancelled and given a status', async () => {
    const client = bench.merchant()
    bench.plays(answered(orderAnswer({ status: 'completed', paidAt: '2026-03-05T10:00:00+00:00' })))
    const paid = { ...ORDER, status: 'completed', paidAt: new Date('2026-03-05T10:00:00Z') }
    expect((await client.readOrder(ORDER_ID)).outcome).toEqual({ kind: 'found', order: paid })
    expect(bench.lastSeen).toMatchObject({ method: 'GET', path: `/v3/billing/api/order/order/${ORDER_ID}` })

    bench.plays(paged([orderAnswer()]))
    const found = await client.findOrders({
      merchantOrderId: 'BR-2026-00417',
      status: ['created', 'hold'],
      createdSince: new Date('2026-03-01Z'),
      page: 1,
      pageSize: 20,
    })
    expect(found.outcome).toEqual({ kind: 'page', items: [ORDER], odd: [], totalCount: 1, hasMore: false })
    expect(decodeURIComponent(bench.lastSeen.path)).toBe(
      `/v3/filter/api/order/order?merchantId=${MERCHANT_ID}&merchantOrderId=BR-2026-00417&status[]=created&status[]=hold&createdAt[_ge]=2026-03-01T00:00:00+00:00&_order[createdAt]=desc&_page=1&_pageSize=20`,
    )
    expect(bench.lastSeen.path).toContain('%2B00%3A00')

    bench.plays(answered(orderAnswer()))
    await client.updateOrder(ORDER_ID, { expirationDate: new Date('2026-03-10T09:30:00Z'), description: 'Срок продлён' })
    expect(bench.lastSeen).toMatchObject({
      method: 'PUT',
      path: `/v3/billing/api/order/order/${ORDER_ID}`,
      sent: { expirationDate: '2026-03-10T09:30:00+00:00', description: 'Срок продлён' },
    })

    bench.plays(answered(orderAnswer({ status: 'canceled' })))
    expect((await client.cancelOrder(ORDER_ID)).outcome).toMatchObject({ kind: 'accepted', order: { status: 'canceled' } })
    expect(bench.lastSeen).toMatchObject({ method: 'DELETE', path: `/v3/billing/api/order/order/${ORDER_ID}`, body: '' })

    await client.setOrderStatus(ORDER_ID, 'canceled')
    expect(bench.lastSeen).toMatchObject({
      method: 'PUT',
      path: `/v3/billing/api/order/${ORDER_ID}/status`,
      body: '{"status":"cancelled"}',
    })
  })

  test('refundable lines, a refund, its list and a correction', async () => {
    const client = bench.merchant()
    bench.plays(answered([example.lineAnswer({ availableAmount: 6100, availableVatAmount: 1100 })]))
    const lines = (await client.readRefundableLines(ORDER_ID)).outcome
    expect(lines).toEqual({ kind: 'found', lines: [{ ...massages('2'), available: rub('6100'), availableVat: rub('1100') }] })
    expect(bench.lastSeen.path).toBe(`/v3/billing/api/order/order/${ORDER_ID}/refund-basket-item`)
    bench.plays(answered([example.lineAnswer()]))
    expect((await client.readRefundableLines(ORDER_ID)).outcome).toMatchObject({
      lines: [{ available: rub('12200'), availableVat: rub('2200') }],
    })

    const refund = {
      id: REFUND_ID,
      parentId: ORDER_ID,
      merchantOrderId: 'BR-2026-00417-R1',
      amount: rub('6100'),
      status: 'created',
      createdAt: new Date('2026-03-09T10:15:00Z'),
    }
    bench.plays(answered(refundAnswer()))
    const asked = {
      parentId: ORDER_ID,
      merchantOrderId: 'BR-2026-00417-R1',
      basket: basketOf([massages('1')]),
      description: 'Возврат за один сеанс',
    }
    expect((await client.createRefund(asked)).outcome).toEqual({ kind: 'accepted', refund })
    const rest = { ...bench.lastSeen.sent, basketItems: undefined }
    expect([bench.lastSeen.path, rest]).toEqual([
      '/v3/billing/api/order/refund-order',
      { parentId: ORDER_ID, merchantOrderId: 'BR-2026-00417-R1', amount: 6100, vatAmount: 1100, description: 'Возврат за один сеанс' },
    ])

    bench.plays(paged([refundAnswer(), refundAnswer({ parentId: 'another' })]))
    expect((await client.findRefunds({ parentId: ORDER_ID, page: 1, pageSize: 20 })).outcome).toMatchObject({ items: [refund] })
    expect(bench.lastSeen.path).toMatch(/^\/v3\/filter\/api\/order\/refund-order\?merchantId=.*&parentId=.*&_page=1&_pageSize=20$/)

    bench.plays(answered(orderAnswer({ parentId: REFUND_ID })))
    expect((await client.createCorrection({ ...draft(), refundId: REFUND_ID })).outcome).toMatchObject({ kind: 'accepted' })
    expect(bench.lastSeen).toMatchObject({ path: '/v3/billing/api/order/correction-order', sent: { parentId: REFUND_ID } })
  })

  test('shipments, whose ids are numbers', async () => {
    const client = bench.merchant()
    bench.plays(answered(example.shipmentAnswer()))
    const shipment = { id: '90417', orderId: ORDER_ID, documentNumber: 'АКТ-118', status: 'completed', amount: rub('12200') }
    const asked = { orderId: ORDER_ID, documentNumber: 'АКТ-118', documentDate: '2026-03-06', lines: [massages('2')], final: true }
    expect((await client.createShipment(asked)).outcome).toEqual({ kind: 'accepted', shipment })
    expect(bench.lastSeen).toMatchObject({
      path: '/v3/billing/api/order/shipment',
      sent: { orderId: ORDER_ID, final: true, documentDate: '2026-03-06' },
    })
    bench.plays(paged([example.shipmentAnswer(), example.shipmentAnswer({ orderId: 'another' })]))
    expect((await client.findShipments({ orderId: ORDER_ID, page: 1, pageSize: 20 })).outcome).toMatchObject({ items: [shipment] })
    expect(bench.lastSeen.path).toBe(`/v3/billing/api/order/shipment?orderId=${ORDER_ID}&_page=1&_pageSize=20`)
  })

  test('a payment by guarantee in three calls, whose "no" is a result', async () => {
    const client = bench.merchant()
    const request = {
      orderId: ORDER_ID,
      paymentMethodId: '40117',
      language: 'ru',
      customer: { type: 'legal', vatNumber: '7849990015' },
    } as const
    bench.plays(json(200, { data: { type: 'none', result: 'available', resultData: { url: '', method: 'POST', arguments: [] } } }))
    expect((await client.guarantee.validate(request)).outcome).toEqual({ kind: 'answered', result: 'available', message: null })
    expect(bench.lastSeen).toMatchObject({
      method: 'POST',
      path: `/v3/billing/api/order/${ORDER_ID}/payment-method-action/validate`,
      sent: { paymentMethodId: '40117', languageId: 'ru', customer: { type: 'legal', vatNumber: '7849990015' } },
    })
    bench.plays(json(200, { data: { type: 'none', result: 'success', resultData: { publicCode: 'pc-7fd21c', leftAttempt: 4 } } }))
    expect((await client.guarantee.sendCode(request)).outcome).toEqual({
      kind: 'answered',
      result: 'success',
      message: null,
      publicCode: 'pc-7fd21c',
      leftAttempts: 4,
    })
    const message = { title: 'Недостаточно средств', message: 'Пополните гарантийный фонд и повторите оплату' }
    bench.plays(json(200, { data: { type: 'message', result: 'notEnoughMoney', resultData: { message } } }))
    const paid = await client.guarantee.pay(request, { publicCode: 'pc-7fd21c', code: '4821' })
    expect(paid.outcome).toEqual({ kind: 'answered', result: 'notEnoughMoney', message: { title: message.title, text: message.message } })
    expect(bench.lastSeen.sent).toMatchObject({ customerPaymentData: { publicCode: 'pc-7fd21c', code: '4821' } })
    expect(JSON.stringify(paid.exchange)).not.toMatch(/4821|7849990015/)
    bench.plays(json(200, { data: { type: 'none', result: 'maybe', resultData: {} } }))
    expect((await client.guarantee.pay(request, { publicCode: 'pc-7fd21c', code: '4821' })).outcome).toMatchObject({
      kind: 'unknown',
      reason: 'not-understood',
    })
  })

  test('a counterparty by its tax number', async () => {
    const client = bench.merchant()
    const one = {
      id: '018f4b00-1111-2222-3333-444455556666',
      vatNumber: '7849990015',
      taxRegistrationReasonCode: '784901001',
      name: 'ООО «Северный\u0000 ветер»',
      registrationAddress: null,
    }
    bench.plays(paged([one, { ...one, vatNumber: '7700990010' }], 1, 30))
    const { outcome, exchange } = await client.findCounterparty('7849990015')
    expect(outcome).toEqual({
      kind: 'found',
      counterparties: [{ ...one, name: 'ООО «Северный  ветер»' }],
    })
    expect(exchange.path).toBe('/v3/filter/api/counterparty-detail?vatNumber=[hidden]')
    bench.plays(paged([], 1, 30))
    expect((await client.findCounterparty('7849990015')).outcome).toEqual({ kind: 'not-found' })
  })
})
