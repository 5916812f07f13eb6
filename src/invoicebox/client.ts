import { Asker } from './asker'
import type { InvoiceboxDeps } from './asker'
import { authOutcome, confirmOutcome, readOutcome } from './outcomes'
import { listOutcome, listQuery, otherNames } from './paging'
import type { OtherPage, PagingNames } from './paging'
import { checkSettings } from './settings'
import type { InvoiceboxSettings } from './settings'
import type { Asked, ConfirmOutcome, InvoiceQuery, InvoiceboxClient, ListOutcome } from './types'

/** Ids need not be RFC 4122 UUIDs; this is what fits into a path and the documented 36 characters. */
const PATH_ID = /^[\w-]{1,36}$/

/**
 * A client of the Business API with its own connections and its own circuit.
 * @throws Error naming every fault of the settings
 */
export function createInvoiceboxClient(settings: InvoiceboxSettings, deps: InvoiceboxDeps): InvoiceboxClient {
  const checked = checkSettings(settings)
  const asker = new Asker(checked, deps)
  const invoices = `${checked.prefix}/business/api/invoice`
  return {
    readInvoice: async (invoiceId) => {
      const path = `${invoices}/${pathId(invoiceId)}`
      return await asker.read({ operation: 'business.get', method: 'GET', path }, (answer) => readOutcome(answer, invoiceId, checked))
    },
    listInvoices: listing((query, names) =>
      asker.read({ operation: 'business.list', method: 'GET', path: `${invoices}?${listQuery(query, names)}` }, (answer) =>
        listOutcome(answer, query, checked),
      ),
    ),
    confirmInvoice: async (invoiceId, operationId) => {
      const path = `${invoices}/${pathId(invoiceId)}/confirm`
      const body = JSON.stringify({ partnerOperationId: pathId(operationId) })
      const judge = (answer: Parameters<typeof confirmOutcome>[0]) => hideSecrets(asker, confirmOutcome(answer, invoiceId, operationId))
      return await asker.write({ operation: 'business.confirm', method: 'POST', path }, body, judge)
    },
    checkAuth: () => asker.read({ operation: 'auth.check', method: 'GET', path: `${checked.prefix}/security/api/auth/auth` }, authOutcome),
    circuit: () => asker.circuit.state(),
    close: () => asker.close(),
  }
}

/** Asks for a page with the names that worked last; when another page comes, once more with the other names. */
function listing(
  ask: (query: InvoiceQuery, names: PagingNames) => Promise<Asked<ListOutcome | OtherPage>>,
): InvoiceboxClient['listInvoices'] {
  let names: PagingNames = 'underscored'
  return async (query) => {
    const first = await ask(query, names)
    if (isAnswered(first)) return first
    const others = otherNames(names)
    const second = await ask(query, others)
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
