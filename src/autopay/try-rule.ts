import type { Author } from '../shared/actor'
import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import { inTurns } from './in-turns'
import type { Organisation } from './organisation'
import { requireOrganisation } from './organisation-store'
import { readPastInvoices } from './past-invoices'
import { lookBack, replaySeen } from './replay'
import type { Replay, SeenInvoice } from './replay'
import type { Rule } from './rule'
import { readRules } from './rule-store'

interface TrialDeps {
  readonly db: Db
  readonly clock: Clock
  readonly zone: string
}

/** The past of an organisation, made ready for rules to be tried on it. */
export interface Trial {
  readonly organisation: Organisation
  readonly seen: readonly SeenInvoice[]
  readonly zone: string
}

/** Reads the organisation's invoices of the last 30 days. @throws Refusal not_found */
export async function prepareTrial({ db, clock, zone }: TrialDeps, organisationId: string, author: Author): Promise<Trial> {
  const organisation = await requireOrganisation(db, author, organisationId)
  const [past, others] = [await readPastInvoices(db, organisation.id, clock.now()), await readRules(db, [organisation.id])]
  return { organisation, zone, seen: await inTurns(lookBack(past, { others, zone })) }
}

export const tryOn = (trial: Trial, rule: Rule): Promise<Replay> => inTurns(replaySeen(rule, trial.seen, trial))

/** Tries a rule on the organisation's invoices of the last 30 days; nothing is changed by it. @throws Refusal not_found */
export const tryRule = async (deps: TrialDeps, rule: Rule, author: Author): Promise<Replay> =>
  tryOn(await prepareTrial(deps, rule.organisationId, author), rule)
