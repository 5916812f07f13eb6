import { ApiRefusal } from '../http/refusal'
import { canSpend, moveFund } from './fund'
import type { Invoice } from './invoices'
import { ordersIn } from './order-status'
import type { Order } from './orders'
import { fundOfPayer, payerOfOrder } from './payers'
import { markPaid } from './pay-invoice'
import type { World } from './world'

/** The invoice is paid out of the guarantee fund of the company that the order names. @throws ApiRefusal 422 `not_enough_money` */
export function payByGuarantee(world: World, invoice: Invoice, order: Order, vatNumber = payerOfOrder(order)): void {
  const fund = fundOfPayer(world, vatNumber, invoice.currencyId)
  if (!canSpend(fund, invoice.amount)) throw new ApiRefusal(422, 'not_enough_money', 'Not enough money')
  moveFund(fund, { kind: 'confirm', amount: -invoice.amount, at: world.clock.now(), invoiceId: invoice.id })
  for (const one of ordersIn(world, invoice.id)) one.payerVatNumber = vatNumber
  markPaid(world, invoice, 'guarantee')
}
