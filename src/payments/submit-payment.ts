import type { Asking } from '../invoicebox'
import { askToPay } from './ask'
import { underLease } from './lease'
import type { Payment, PaymentDeps } from './payment'
import { settlePayment, withdrawPayment } from './settle-payment'
import { readPayment } from './store'

/**
 * Asks Invoicebox to pay, outside any transaction, and records the answer. The payment must be leased to this process.
 * Returns the payment as it stands afterwards: captured, voided, in review, or still confirming. Nothing is asked where we sell something on the invoice: the confirm carries
 * no amount, so it would pay for that too.
 */
export const submitPayment = (deps: PaymentDeps, payment: Payment, asking: Asking): Promise<Payment> =>
  underLease(deps, payment, async () => {
    // The hold is committed, and an order of ours before it is asked for: whichever was later sees the other. The invoice may have been read before either.
    const goods = await deps.ownGoodsOn(payment.invoiceId)
    if (goods) return withdrawPayment(deps, payment, goods)
    const outcome = await askToPay(deps, payment, asking)
    return outcome ? settlePayment(deps, payment, outcome) : readPayment(deps.db, payment.id)
  })
