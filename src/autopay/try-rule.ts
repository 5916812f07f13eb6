import type { Author } from '../shared/actor'
import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import { inTurns } from './in-turns'
import { requireOrganisation } from './organisation-store'
import { readPastInvoices } from './past-invoices'
import { replayRule } from './replay'
import type { Replay } from './replay'
import type { Rule } from './rule'
import { readRules } from './rule-store'

/** Tries a rule on the organisation's invoices of the last 30 days; nothing is changed by it. @throws Refusal not_found */
export async function tryRule(
  deps: { readonly db: Db; readonly clock: Clock; readonly zone: string },
  rule: Rule,
  author: Author,
): Promise<Replay> {
  const { db, clock, zone } = deps
  const now = clock.now()
  const organisation = await requireOrganisation(db, author, rule.organisationId)
  const [past, others] = [await readPastInvoices(db, organisation.id, now), await readRules(db, [organisation.id])]
  return inTurns(replayRule(rule, past, { organisation, others, zone, now }))
}
