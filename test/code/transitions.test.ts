import { resolveReview, reversePayment } from '../../src/payments'
import { NEXT_STATES } from '../../src/payments/states'
import { COMMAND_LINE } from '../../src/shared/actor'
import { World } from '../support/world'

test('every step that the table of states allows is brought about, and no other', async () => {
  const world = await World.make()
  const buyer = await world.member({ points: '1000.00' })
  /** Pays an invoice while Invoicebox misbehaves so; answers the newest payment. */
  const pay = async (...faults: Parameters<World['sandbox']['misbehave']>[0][]): Promise<string> => {
    for (const fault of faults) await world.sandbox.misbehave({ times: 1, ...fault })
    await buyer.pays(await world.sandbox.invoice({ amount: '50.00' }))
    return (await world.payments())[0]?.id as string
  }
  const refusal = { on: 'business.confirm', kind: 'status', status: 422 }
  const decide = (paymentId: string, kind: 'ask-again' | 'void') =>
    resolveReview(world.parts, { paymentId, resolution: { kind }, reason: 'a test', author: COMMAND_LINE })

  const captured = await pay()
  await pay(refusal)
  await decide(await pay({ ...refusal, after: true }), 'ask-again')
  await decide(await pay({ on: 'business.confirm', kind: 'pay-otherwise' }), 'void')
  const { invoiceId } = (await world.payments()).find(({ id }) => id === captured) ?? { invoiceId: '' }
  await world.sandbox.cancelByMerchant({ id: invoiceId })
  await reversePayment(world.parts, { paymentId: captured, reason: 'a test', author: COMMAND_LINE })

  const steps = await world
    .db('payment_events')
    .whereNotNull('from_state')
    .distinct<{ from_state: string; to_state: string }[]>('from_state', 'to_state')
  const allowed = Object.entries(NEXT_STATES).flatMap(([from, next]) => next.map((to) => `${from} -> ${to}`))
  expect(steps.map((step) => `${step.from_state} -> ${step.to_state}`).sort()).toEqual(allowed.sort())
  expect(await world.findings()).toEqual([])
  await world.close()
})
