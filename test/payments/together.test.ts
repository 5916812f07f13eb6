import { issueConsent } from '../../src/payments/consent'
import { makePayment } from '../../src/payments/make-payment'
import { memberOf } from '../../src/payments/payment'
import type { Payment } from '../../src/payments/payment'
import { readPayment } from '../../src/payments/store'
import { parseMoney } from '../../src/shared/money'
import { ENGINES } from '../support/databases'
import { World } from '../support/world'
import type { Buyer } from '../support/world'

/** A buyer in front of an invoice of 10.00. */
interface Scene {
  readonly buyer: Buyer
  readonly invoiceId: string
  readonly checkoutId: string
}

describe.each(ENGINES)('payments that travel together on %s', (engine) => {
  let world: World
  beforeAll(async () => {
    world = await World.make({ engine })
  })
  afterEach(async () => {
    expect(await world.findings()).toEqual([])
  })
  afterAll(() => world.close())

  async function scene(): Promise<Scene> {
    const buyer = await world.member({ points: '100.00' })
    const invoice = await world.sandbox.invoice({ amount: '10.00' })
    const { url } = await buyer.opens(invoice)
    return { buyer, invoiceId: invoice.id, checkoutId: url.split('/').at(-1) as string }
  }

  const consentOf = ({ checkoutId, invoiceId }: Scene, memberId: string): string =>
    issueConsent(
      world.parts.settings.secret,
      { checkoutId, memberId, invoiceId, amount: parseMoney('10.00', 'RUB'), points: parseMoney('10.00', 'PTS') },
      world.clock.now(),
    )

  const pay = ({ checkoutId }: Scene, memberId: string, consent: string): Promise<Payment> =>
    makePayment(world.parts, { checkoutId, memberId, consent })

  test.each([
    ['captured', undefined],
    ['voided', 422],
  ] as const)('a %s payment is answered as it is stored, though it is not read back', async (state, status) => {
    const at = await scene()
    if (status) await world.sandbox.misbehave({ on: 'business.confirm', kind: 'status', status, times: 1 })
    const answered = await pay(at, at.buyer.id, consentOf(at, at.buyer.id))
    expect(answered.state).toBe(state)
    expect(answered).toEqual(await readPayment(world.db, answered.id))
  })

  test('of confirms that are read at once each sees its own: a stranger finds nothing, a form sent twice finds its payment', async () => {
    const scenes = [await scene(), await scene(), await scene()]
    const [first, second] = scenes as [Scene, Scene]
    const forms = scenes.map((at) => ({ at, memberId: at.buyer.id, consent: consentOf(at, at.buyer.id) }))
    const stranger = { at: first, memberId: second.buyer.id, consent: consentOf(first, second.buyer.id) }
    const answers = await Promise.allSettled([...forms, stranger, ...forms].map(({ at, memberId, consent }) => pay(at, memberId, consent)))
    const [paid, [refused], again] = [answers.slice(0, 3), answers.slice(3, 4), answers.slice(4)]
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'not_found' } })
    const idsOf = (all: typeof answers): unknown[] => all.map((one) => one.status === 'fulfilled' && one.value.id)
    expect(idsOf(again)).toEqual(idsOf(paid))
    expect(paid.map((one) => one.status === 'fulfilled' && memberOf(one.value))).toEqual(scenes.map(({ buyer }) => buyer.id))
  })
})
