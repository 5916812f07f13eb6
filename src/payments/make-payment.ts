import { setTimeout as pause } from 'node:timers/promises'
import { SECOND } from '../shared/clock'
import type { Permit } from '../invoicebox'
import { authorizePayment } from './authorize-payment'
import type { PaymentRequest } from './authorize-payment'
import type { Payment, PaymentDeps } from './payment'
import { submitPayment } from './submit-payment'

/** A buyer waits this long for Invoicebox. Then the page says that the payment is being checked, and the answer is recorded when it comes. */
const PATIENCE_MS = 5 * SECOND

/** A member pays: hold, ask, record (docs/architecture.md). @throws Refusal see authorizePayment; after the hold nothing is refused any more, it is answered by a state. */
export async function makePayment(deps: PaymentDeps, request: PaymentRequest): Promise<Payment> {
  const { payment, isNew, permit } = await authorizePayment(deps, request) // transaction 1: hold
  if (!isNew) return payment
  await deps.faultPoint?.('after-hold')
  const submitted = deps.background.follow(submitUnder(deps, payment, permit)).catch((error: unknown) => {
    // Everything is held and the worker will ask again, so the buyer is told just that.
    deps.log.error({ err: error, paymentId: payment.id }, 'the answer to a payment could not be recorded')
    return payment
  })
  return Promise.race([submitted, pause(PATIENCE_MS, payment, { ref: false })]) // ask, then transaction 2
}

/** The slot for the confirm; what is left of it is given back. */
const submitUnder = (deps: PaymentDeps, payment: Payment, permit: Permit | undefined): Promise<Payment> =>
  submitPayment(deps, payment, { as: 'payment', permit }).finally(() => permit?.giveBack())
