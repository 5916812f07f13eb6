import { moveFund } from './fund'
import type { Invoice } from './invoices'
import { operationsOn } from './world'
import type { World } from './world'

/** The merchant cancels the order: the invoice is canceled, the fund gets its money back, the operations stay, marked reversed. */
export function cancelByMerchant(world: World, invoice: Invoice): void {
  const at = world.clock.now()
  for (const operation of operationsOn(world, invoice)) {
    if (operation.reversedAt) continue
    operation.reversedAt = at
    const fund = world.funds.get(operation.currencyId)
    if (fund) moveFund(fund, { kind: 'reversal', amount: operation.amount, at, invoiceId: invoice.id, operationId: operation.id })
  }
  invoice.status = 'canceled'
}
