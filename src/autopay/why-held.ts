import type { Db } from '../shared/database'
import type { Why } from './decision'
import { latestDecisions } from './decision-store'
import type { KeptInvoice } from './invoice-row'
import { notUnderstood } from './open-invoices'
import { openVerdicts } from './words-store'

/** What somebody has said who will not have it paid, as a line of «почему». */
export const REFUSED_BY_PERSON: Why = { gate: 'status', passed: false, code: 'refused_by_person', values: {} }

/** The one line that tells why each of these stands under Exceptions, by invoice id: it cannot be understood, somebody has refused it, or a gate stayed shut. */
export async function whyHeld(db: Db, invoices: readonly KeptInvoice[]): Promise<Map<string, Why>> {
  const ids = invoices.map(({ id }) => id)
  const decisions = await latestDecisions(db, ids)
  const refused = new Set((await openVerdicts(db, ids)).flatMap(({ kind, invoiceId }) => (kind === 'refused' ? [invoiceId] : [])))
  const lines = invoices.map(({ id, problem }) => {
    if (problem !== null) return [id, notUnderstood(problem)] as const
    return [id, refused.has(id) ? REFUSED_BY_PERSON : decisions.get(id)?.why.find(({ passed }) => !passed)] as const
  })
  return new Map(lines.flatMap(([id, why]) => (why ? [[id, why] as const] : [])))
}
