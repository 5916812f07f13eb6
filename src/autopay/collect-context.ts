import { readFund } from '../fund'
import type { PaymentDeps } from '../payments'
import type { DecisionContext } from './decision-context'
import { findSimilar } from './find-similar'
import type { DueInvoice } from './invoice'
import type { Organisation } from './organisation'
import { readOrganisations } from './organisation-store'
import { readRules } from './rule-store'
import { readSpending, spendingPeriods } from './spending'
import { readApprovals } from './words-store'

/** Reads everything that decisions about these invoices depend on, as it stands now. */
export async function collectContext(
  { db, clock, settings }: Pick<PaymentDeps, 'db' | 'clock' | 'settings'>,
  invoices: readonly DueInvoice[],
): Promise<DecisionContext> {
  const [now, zone] = [clock.now(), settings.timeZone]
  const organisations = await readOrganisations(db)
  const { available, floor } = await readFund(db)
  const ids = invoices.map(({ id }) => id)
  return {
    now,
    zone,
    organisations: new Map(organisations.map((one) => [one.id, one])),
    shut: shutOf(organisations),
    rules: (
      await readRules(
        db,
        organisations.map(({ id }) => id),
      )
    ).filter(({ isOn }) => isOn),
    spent: await readSpending(db, spendingPeriods(now, zone)),
    fund: available.minor - floor.minor,
    similar: await findSimilar(db, invoices, now),
    approvals: await readApprovals(db, ids, now),
  }
}

/** Organisations whose automatic payment is off or stopped, with which of the two. */
export const shutOf = (organisations: readonly Organisation[]): Map<string, 'off' | 'stopped'> =>
  new Map(organisations.flatMap(({ id, autopay: { state } }) => (state === 'on' ? [] : [[id, state] as const])))
