import { Asker } from './asker'
import type { InvoiceboxDeps, Question } from './asker'
import { withEitherNames } from './either-names'
import { authOutcome, confirmOutcome, readOutcome } from './outcomes'
import { listOutcome, listQuery } from './paging'
import { pathId } from './path-id'
import { checkSettings } from './settings'
import type { InvoiceboxSettings } from './settings'
import type { ConfirmOutcome, InvoiceQuery, InvoiceboxClient, ListOutcome } from './types'

/**
 * A client of the Business API with its own connections and its own circuit. Each request takes a slot of the budget that it is given; without one it counts nothing.
 * @throws Error naming every fault of the settings
 */
export function createInvoiceboxClient(settings: InvoiceboxSettings, deps: InvoiceboxDeps): InvoiceboxClient {
  const checked = checkSettings(settings)
  const asker = new Asker(checked, deps)
  const invoices = `${checked.prefix}/business/api/invoice`
  return {
    readInvoice: async (invoiceId, { as = 'page', permit, waitMs } = {}) => {
      const path = `${invoices}/${pathId(invoiceId)}`
      const question: Question = { operation: 'business.get', method: 'GET', path, as, permit, waitMs }
      return await asker.read(question, (answer) => readOutcome(answer, invoiceId, checked))
    },
    listInvoices: withEitherNames<InvoiceQuery, ListOutcome>((query, names, { as = 'background', permit }) => {
      const path = `${invoices}?${listQuery(query, names)}`
      return asker.read({ operation: 'business.list', method: 'GET', path, as, permit }, (answer) => listOutcome(answer, query, checked))
    }),
    confirmInvoice: async (invoiceId, operationId, { as = 'payment', permit, waitMs } = {}) => {
      const path = `${invoices}/${pathId(invoiceId)}/confirm`
      const body = JSON.stringify({ partnerOperationId: pathId(operationId) })
      const judge = (answer: Parameters<typeof confirmOutcome>[0]) => hideSecrets(asker, confirmOutcome(answer, invoiceId, operationId))
      return await asker.write({ operation: 'business.confirm', method: 'POST', path, as, permit, waitMs }, body, judge)
    },
    checkAuth: () =>
      asker.read({ operation: 'auth.check', method: 'GET', path: `${checked.prefix}/security/api/auth/auth`, as: 'recovery' }, authOutcome),
    reserve: async (reservation) => (await asker.budget.take(reservation)).permit,
    budget: () => asker.budget.use(),
    isExhausted: () => asker.budget.isExhausted(),
    onWait: (listener) => asker.budget.onWait(listener),
    circuit: () => asker.circuit.state(),
    close: () => asker.close(),
  }
}

/** A message of upstream's may quote what we sent. */
const hideSecrets = (asker: Asker, outcome: ConfirmOutcome): ConfirmOutcome =>
  outcome.kind === 'rejected' ? { ...outcome, message: asker.redactor.message(outcome.message) } : outcome
