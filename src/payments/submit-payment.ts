import type { Permit } from '../invoicebox'
import { askToPay } from './ask'
import { underLease } from './lease'
import type { Payment, PaymentDeps } from './payment'
import { settlePayment } from './settle-payment'
import { readPayment } from './store'

/**
 * Asks Invoicebox to pay, outside any transaction, and records the answer. The payment must be leased to this process.
 * Returns the payment as it stands afterwards: captured, voided, in review, or still confirming.
 * @param permit with the slot for the confirm; what is left of it is given back
 */
export const submitPayment = (deps: PaymentDeps, payment: Payment, permit?: Permit): Promise<Payment> =>
  underLease(deps, payment, async () => {
    const outcome = await askToPay(deps, payment, { as: 'payment', permit }).finally(() => permit?.giveBack())
    return outcome ? settlePayment(deps, payment, outcome) : readPayment(deps.db, payment.id)
  })
