import { inTransaction } from '../shared/database'
import type { Db } from '../shared/database'
import type { Clock } from '../shared/clock'
import { addDays, dayOf, monthOf } from '../shared/days'
import { readTotals } from './month-report'
import type { OrganisationTotals, Total } from './month-report'
import { readOrganisations } from './organisation-store'
import { budgetFacts, roubles, writeTidings } from './outbox'

/** Where no worker ran on the first day of a month the letters go a little later; after that they are no news any more. */
const TOLD_WITHIN_DAYS = 3

/**
 * One run of the job: tells each organisation what the month that is over came to in the first days of the next, once for each month whatever the number of processes. One that has paid nothing and
 * refused nothing in it hears nothing.
 * @returns how many are told now
 */
export async function tellMonth({ db, clock }: { readonly db: Db; readonly clock: Clock }, zone: string): Promise<number> {
  const at = clock.now()
  const today = dayOf(at, zone)
  if (today >= addDays(monthOf(today), TOLD_WITHIN_DAYS)) return 0
  const month = monthOf(addDays(monthOf(today), -1))
  const told: { organisation_id: string }[] = await db('autopay_outbox').where({ topic: 'month', source: month }).select('organisation_id')
  const isTold = new Set(told.map(({ organisation_id }) => organisation_id))
  const organisations = (await readOrganisations(db)).filter(({ id }) => !isTold.has(id))
  if (organisations.length === 0) return 0
  const totals = await readTotals(db, { month, zone, organisationIds: organisations.map(({ id }) => id) })
  const tidings = totals.filter(isNews).map((total) => {
    const budget = organisations.find(({ id }) => id === total.organisationId)?.perMonth ?? null
    return { topic: 'month', source: month, organisationId: total.organisationId, facts: factsOf(total, budget), at } as const
  })
  await inTransaction(db, (tx) => writeTidings(tx, tidings))
  return tidings.length
}

const isNews = ({ paid, refused }: OrganisationTotals): boolean => paid.count + refused.count > 0

const factsOf = ({ paid, counted, waiting, refused }: OrganisationTotals, budget: bigint | null): Record<string, string> => ({
  ...totalFacts('paid', paid),
  ...totalFacts('waiting', waiting),
  ...totalFacts('refused', refused),
  ...budgetFacts(counted, budget),
})

const totalFacts = (name: string, { count, amount }: Total): Record<string, string> => ({
  [name]: String(count),
  [`${name}_sum`]: roubles(amount),
})
