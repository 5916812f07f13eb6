import { authorizePayment } from './authorize-payment'
import type { PaymentRequest } from './authorize-payment'
import type { Payment, PaymentDeps } from './payment'
import { submitPayment } from './submit-payment'

/** A member pays: hold, ask, record (design.md, section 3). @throws Refusal see authorizePayment; after the hold nothing is refused any more, it is answered by a state. */
export async function makePayment(deps: PaymentDeps, request: PaymentRequest): Promise<Payment> {
  const { payment, isNew } = await authorizePayment(deps, request) // transaction 1: hold
  if (!isNew) return payment
  await deps.faultPoint?.('after-hold')
  return submitPayment(deps, payment) //                              ask, then transaction 2
}
