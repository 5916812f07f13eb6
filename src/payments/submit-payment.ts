import { inTransaction } from '../shared/database'
import { underLease } from './lease'
import type { Payment, PaymentDeps } from './payment'
import { settlePayment } from './settle-payment'
import { insertExchanges } from './store'

/**
 * Asks Invoicebox to pay, outside any transaction, and records the answer. The payment must be leased to this process, its send counted.
 * Returns the payment as it stands afterwards: captured, voided, in review, or still confirming.
 */
export const submitPayment = (deps: PaymentDeps, payment: Payment): Promise<Payment> =>
  underLease(deps, payment, async () => {
    const { outcome, exchange } = await deps.invoicebox.confirmInvoice(payment.invoiceId, payment.operationId)
    await deps.faultPoint?.('after-answer')
    const transactionId = outcome.kind === 'accepted' ? outcome.transactionId : null
    // Before anything is decided: what we were told is kept even when deciding fails.
    await inTransaction(deps.db, (tx) => insertExchanges(tx, [{ paymentId: payment.id, exchange, transactionId }]))
    return settlePayment(deps, payment, outcome)
  })
