import { ENGINES } from '../support/databases'
import { World } from '../support/world'

describe.each(ENGINES)('a member pays an invoice with points on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  test('arrives, signs in, sees the numbers, confirms, and the invoice is paid by one operation', async () => {
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '196.58' })
    const ready = await anna.opens(invoice)
    expect(ready.state).toBe('ready')
    expect(ready.html).toContain('303,42')

    const paid = await anna.confirms(ready)
    expect(paid).toMatchObject({ status: 200, state: 'paid' })
    expect(paid.html).toContain(invoice.paymentUrl)
    expect(await anna.balance()).toEqual({ available: '303.42', held: '0.00' })
    const [operation, ...others] = await world.sandbox.operationsOn(invoice)
    const [payment] = await world.payments()
    expect(others).toEqual([])
    expect(operation).toMatchObject({ partnerOperationId: payment?.operationId, id: payment?.transactionId })
    expect((await anna.browser.open('/account')).html).toContain(invoice.number)
  })

  test('the answer gets lost: the points stay held until Invoicebox is asked again', async () => {
    const anna = await world.member({ points: '500.00' })
    const invoice = await world.sandbox.invoice({ amount: '196.58' })
    await world.sandbox.misbehave({ on: 'business.confirm', kind: 'lose-answer', times: 1 })

    expect((await anna.pays(invoice)).state).toBe('checking')
    expect(await anna.balance()).toEqual({ available: '303.42', held: '196.58' })

    await world.passes(120_000)
    expect(await anna.balance()).toEqual({ available: '303.42', held: '0.00' })
    expect(await world.sandbox.operationsOn(invoice)).toHaveLength(1)
  })
})
