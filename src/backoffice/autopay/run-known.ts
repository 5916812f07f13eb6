import { knownOrganisations, readRun, readTotals } from '../../autopay'
import type { OrganisationTotals, Run, RunSum } from '../../autopay'
import type { StaffActor } from '../../shared/actor'
import type { Db } from '../../shared/database'
import { dayOf, monthOf } from '../../shared/days'
import { Refusal } from '../../shared/refusals'

/** @throws Refusal not_found also for a run of others */
export async function requireRun(db: Db, id: string, staff: StaffActor): Promise<Run> {
  const run = await readRun(db, id, { organisations: await knownOrganisations(db, staff) })
  if (!run) throw new Refusal('not_found')
  return run
}

/** What the organisations of a run have spent in the month in which it began. */
export const totalsOf = (db: Db, { startedAt }: Run, sums: readonly RunSum[], zone: string): Promise<OrganisationTotals[]> => {
  const organisationIds = [...new Set(sums.map(({ organisationId }) => organisationId))]
  return readTotals(db, { month: monthOf(dayOf(startedAt, zone)), zone, organisationIds })
}
