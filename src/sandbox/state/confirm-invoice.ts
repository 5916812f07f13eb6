import { ApiRefusal, refusedField } from '../http/refusal'
import { newId } from './chance'
import { canSpend, moveFund } from './fund'
import type { Fund } from './fund'
import { statusOf } from './invoices'
import type { Invoice, Operation } from './invoices'
import { markPaid } from './pay-invoice'
import type { World } from './world'

/**
 * Pays an invoice from the guarantee fund, in the order of the reference's section 7.5: replay, status and deadline, currency, funds;
 * then the operation, the debit and the new status at once (nothing here waits, so nothing comes between). Debits the current amount.
 * @throws ApiRefusal validation, invoice_already_paid, wrong_order_status, wrong_currency, not_enough_money: all 422
 */
export function confirmInvoice(world: World, invoice: Invoice, partnerOperationId: string): Operation {
  const earlier = world.operations.get(partnerOperationId)
  if (earlier) return replay(world, invoice, earlier)
  refuseUnlessPayable(world, invoice)
  const fund = fundFor(world, invoice)
  const operation = book(world, invoice, partnerOperationId)
  moveFund(fund, { kind: 'confirm', amount: -operation.amount, at: operation.at, invoiceId: invoice.id, operationId: operation.id })
  return operation
}

/** The same invoice: the same transaction again, even after a reversal. Another invoice: the id is taken. */
function replay(world: World, invoice: Invoice, earlier: Operation): Operation {
  if (earlier.invoiceId !== invoice.id) throw refusedField('partnerOperationId', 'Already used for another invoice')
  if (world.settings.nonIdempotentConfirm) throw new ApiRefusal(422, 'invoice_already_paid', 'Invoice already paid')
  return earlier
}

function refuseUnlessPayable(world: World, invoice: Invoice): void {
  const status = statusOf(invoice, world.clock.now())
  if (status === 'paid') throw new ApiRefusal(422, 'invoice_already_paid', 'Invoice already paid')
  if (status !== 'pending') throw new ApiRefusal(422, 'wrong_order_status', 'Wrong order status')
}

function fundFor(world: World, invoice: Invoice): Fund {
  const fund = world.funds.get(invoice.currencyId)
  if (!fund) throw new ApiRefusal(422, 'wrong_currency', 'Wrong currency', [{ name: 'currencyId', code: 'wrong_value', message: '' }])
  if (!canSpend(fund, invoice.amount)) throw new ApiRefusal(422, 'not_enough_money', 'Not enough money')
  return fund
}

function book(world: World, invoice: Invoice, partnerOperationId: string): Operation {
  const at = world.clock.now()
  const id = newId(world.chance, at, world.settings.numericIds)
  const { amount, currencyId } = invoice
  const operation: Operation = { id, invoiceId: invoice.id, partnerOperationId, amount, currencyId, at, refunded: 0n, reversedAt: null }
  world.operations.set(partnerOperationId, operation)
  markPaid(world, invoice, 'programme')
  return operation
}
