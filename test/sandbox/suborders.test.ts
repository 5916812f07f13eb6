import { SPA, codeOf, inTwoDays, merchant, order, spaFor } from './shop'
import { openTestWorld, startClean } from './world'
import type { Shown, TestWorld } from './world'

let world: TestWorld
beforeAll(async () => {
  world = await openTestWorld()
})
beforeEach(() => startClean(world))
afterAll(() => world.close())

const OTHER = '0c0c8d1e-2f3a-4b5c-8d7e-9f0a1b2c3d4e'
const EXTRA = { merchantOrderId: 'extra', amount: 100, vatAmount: 18.03, basketItems: [spaFor(100, 18.03, 81.97)] }
const statusOf = async (id: string): Promise<unknown> => (await merchant(world, `/v3/billing/api/order/order/${id}`)).body.data.status
const cancel = (id: string) => merchant(world, `/v3/billing/api/order/order/${id}`, undefined, 'DELETE')
const pay = (id: string, how: object = {}) => world.ask(`/_sandbox/orders/${id}/pay`, { method: 'POST', body: JSON.stringify(how) })
const invoiceOf = async (id: string): Promise<Shown & { readonly vatAmount: number }> =>
  (await world.api(`/v3/business/api/invoice/${id}`)).body.data as Shown & { readonly vatAmount: number }
const refund = (parentId: string, number: string, line: Record<string, unknown>) =>
  merchant(world, '/v3/billing/api/order/refund-order', {
    parentId,
    merchantOrderId: number,
    amount: line.totalAmount,
    vatAmount: line.totalVatAmount,
    basketItems: [line],
    description: 'Возврат',
  })

test('a canceled suborder takes its sum and its VAT out of the invoice, and an invoice that was there before it stays', async () => {
  const { orderContainerId } = await order(world)
  const extra = await order(world, { ...EXTRA, orderContainerId })
  expect(await invoiceOf(orderContainerId)).toMatchObject({ amount: 12300, vatAmount: 2218.03 })
  await cancel(extra.id)
  expect(await invoiceOf(orderContainerId)).toMatchObject({ amount: 12200, vatAmount: 2200 })
  const issued = await world.invoice({ amount: '1000.00', description: 'Чужой заказ' })
  const only = await order(world, { ...EXTRA, orderContainerId: issued.id })
  await cancel(only.id)
  expect(await invoiceOf(issued.id)).toMatchObject({ amount: 1000, status: 'pending', description: 'Чужой заказ' })
})

test('a suborder that expires before its invoice leaves it: nobody pays for it, and it is not delivered', async () => {
  const { id, orderContainerId } = await order(world)
  const soon = new Date(Date.now() + 3_600_000).toISOString()
  const extra = await order(world, { ...EXTRA, orderContainerId, expirationDate: soon })
  await world.control('PUT', '/clock', { advanceSeconds: 3_601 })
  expect([await statusOf(extra.id), (await invoiceOf(orderContainerId)).amount]).toEqual(['expired', 12200])
  await world.confirm(orderContainerId, 'op-1')
  expect([await statusOf(id), await statusOf(extra.id), await world.balance()]).toEqual(['completed', 'expired', '987800.00'])
})

test('what was canceled and what was refunded add up: with the last of it the invoice is canceled', async () => {
  const { id, orderContainerId } = await order(world)
  const extra = await order(world, { ...EXTRA, orderContainerId })
  await world.confirm(orderContainerId, 'op-1')
  await cancel(extra.id)
  expect([(await invoiceOf(orderContainerId)).status, await world.balance()]).toEqual(['paid', '987800.00'])
  await refund(id, 'R1', { ...SPA })
  await world.control('PUT', '/clock', { advanceSeconds: 3 })
  expect([(await invoiceOf(orderContainerId)).status, await world.balance()]).toEqual(['canceled', '1000000.00'])
})

test('a guarantee code is good for the payer whom it was sent to', async () => {
  const { id } = await order(world, { expirationDate: inTwoDays() })
  const act = async (action: string, vatNumber: string, more: object = {}) => {
    const body = { paymentMethodId: 40117, customer: { type: 'legal', vatNumber }, ...more }
    const reply = await merchant(world, `/v3/billing/api/order/${id}/payment-method-action/${action}`, body)
    return reply.body.data as unknown as { result: string; resultData: { publicCode: string } }
  }
  const [one, other] = ['7849990015', '7700990010']
  for (const payer of [one, other]) await world.control('PUT', `/payers/${payer}`, { balance: '20000' })
  const { publicCode } = (await act('send-code', one)).resultData
  const { guaranteeCode: code } = (await world.control('GET', `/orders/${id}`)) as unknown as { guaranteeCode: string }
  expect((await act('pay', other, { customerPaymentData: { publicCode, code } })).result).toBe('wrongCode')
  expect((await act('send-code', other)).result).toBe('success')
  expect((await act('pay', one, { customerPaymentData: { publicCode, code } })).result).toBe('wrongCode')
})

test('shops that are told apart see neither refunds nor shipments of each other; a shipment tells its type', async () => {
  const [mine, theirs] = [await order(world), await order(world, { merchantId: OTHER })]
  for (const { id } of [mine, theirs]) {
    await pay(id)
    const ship = await merchant(world, '/v3/billing/api/order/shipment', { orderId: id, basketItems: [spaFor(100, 18.03, 81.97)] })
    expect(ship.body.data).toMatchObject({ type: 'shipment', status: 'completed' })
    await refund(id, `R-${id}`, spaFor(100, 18.03, 81.97))
  }
  await world.control('PUT', '/settings', { strictMerchant: true })
  for (const path of ['/v3/filter/api/order/refund-order', '/v3/filter/api/order/shipment', '/v3/billing/api/order/shipment'])
    expect((await merchant(world, path)).list).toHaveLength(1)
  expect(codeOf(await merchant(world, `/v3/billing/api/order/order/${theirs.id}`))).toEqual([403, 'forbidden', undefined])
})
