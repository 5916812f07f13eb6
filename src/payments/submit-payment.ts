import type { Asking } from '../invoicebox'
import { askToPay } from './ask'
import { underLease } from './lease'
import type { Payment, PaymentDeps } from './payment'
import { settlePayment } from './settle-payment'
import { readPayment } from './store'

/**
 * Asks Invoicebox to pay, outside any transaction, and records the answer. The payment must be leased to this process.
 * Returns the payment as it stands afterwards: captured, voided, in review, or still confirming.
 */
export const submitPayment = (deps: PaymentDeps, payment: Payment, asking: Asking): Promise<Payment> =>
  underLease(deps, payment, async () => {
    const outcome = await askToPay(deps, payment, asking)
    return outcome ? settlePayment(deps, payment, outcome) : readPayment(deps.db, payment.id)
  })
