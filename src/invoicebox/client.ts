import { Asker } from './asker'
import type { InvoiceboxDeps, Question } from './asker'
import { authOutcome, confirmOutcome, readOutcome } from './outcomes'
import { listOutcome, listQuery, otherNames } from './paging'
import type { OtherPage, PagingNames } from './paging'
import { checkSettings } from './settings'
import type { InvoiceboxSettings } from './settings'
import type { Asked, Asking, ConfirmOutcome, InvoiceQuery, InvoiceboxClient, ListOutcome } from './types'

/** Ids need not be RFC 4122 UUIDs; this is what fits into a path and the documented 36 characters. */
const PATH_ID = /^[\w-]{1,36}$/

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
    listInvoices: listing((query, names, { as = 'background', permit }) => {
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

/** Asks for a page with the names that worked last; when another page comes, once more with the other names. */
function listing(
  ask: (query: InvoiceQuery, names: PagingNames, asking: Asking) => Promise<Asked<ListOutcome | OtherPage>>,
): InvoiceboxClient['listInvoices'] {
  let names: PagingNames = 'underscored'
  return async (query, asking = {}) => {
    const first = await ask(query, names, asking)
    if (isAnswered(first)) return first
    const others = otherNames(names)
    const second = await ask(query, others, asking)
    if (!isAnswered(second)) return { ...second, outcome: { kind: 'unavailable', reason: 'not-understood' } }
    if (second.outcome.kind === 'page') names = others
    return second
  }
}

const isAnswered = (asked: Asked<ListOutcome | OtherPage>): asked is Asked<ListOutcome> => asked.outcome.kind !== 'other-page'

/** A message of upstream's may quote what we sent. */
const hideSecrets = (asker: Asker, outcome: ConfirmOutcome): ConfirmOutcome =>
  outcome.kind === 'rejected' ? { ...outcome, message: asker.redactor.message(outcome.message) } : outcome

function pathId(id: string): string {
  if (!PATH_ID.test(id)) throw new RangeError('An id has 1 to 36 letters, digits, hyphens or underscores.')
  return id
}
