import { listRequests } from '../../approvals'
import type { Approvals } from '../../approvals'
import { readFundPicture } from '../../fund'
import type { FundPicture } from '../../fund'
import type { BudgetUse, CircuitState, InvoiceboxClient } from '../../invoicebox'
import { countOpenDifferences } from '../../reconciliation'
import { authorName } from '../../shared/actor'
import type { StaffActor } from '../../shared/actor'
import { listOpenAlerts } from '../../shared/alerts'
import type { Alert } from '../../shared/alerts'
import type { Clock } from '../../shared/clock'
import type { Db } from '../../shared/database'
import type { Rate } from '../../shared/money'
import { may } from '../../shared/permissions'
import { readProofs } from './proofs'
import type { Proof } from './proofs'

export interface HomeDeps {
  readonly db: Db
  readonly clock: Clock
  readonly approvals: Pick<Approvals, 'isKnownTo'>
  readonly invoicebox: Pick<InvoiceboxClient, 'circuit' | 'budget'>
  readonly config: { readonly timeZone: string; readonly pointsPerRuble: Rate }
}

/** A number up to which things are counted; beyond it the page says «more than». */
export const MOST_COUNTED = 1_000
export const MOST_ALERTS = 20

/** The four answers of the home page; what the reader may not know is null. */
export interface Home {
  readonly money: { readonly last: Proof | null; readonly running: Proof | null }
  readonly fund: FundPicture | null
  readonly alerts: readonly Alert[]
  readonly reviews: number
  readonly approvals: number | null
  readonly differences: number
  readonly circuit: CircuitState
  readonly budget: BudgetUse | null
}

export async function readHome({ db, clock, invoicebox, config, approvals: requests }: HomeDeps, staff: StaffActor): Promise<Home> {
  const now = clock.now()
  const [money, fund, alerts, reviews, approvals, differences, budget] = await Promise.all([
    readProofs(db, now),
    may(staff, 'fund.read') ? readFundPicture(db, { now, zone: config.timeZone, rate: config.pointsPerRuble }) : null,
    listOpenAlerts(db, MOST_ALERTS + 1),
    countReviews(db),
    may(staff, 'approvals.decide') ? countForMe({ db, approvals: requests }, staff, now) : null,
    countOpenDifferences(db, MOST_COUNTED),
    invoicebox.budget(),
  ])
  return { money, fund, alerts, reviews, approvals, differences, budget, circuit: invoicebox.circuit() }
}

/** The state stands in the statement itself: as a bound value it would keep SQLite from using the index of open payments. */
async function countReviews(db: Db): Promise<number> {
  const rows: unknown[] = await db('payments')
    .whereRaw(`state in ('confirming', 'review') and state = 'review'`)
    .limit(MOST_COUNTED + 1)
    .select('id')
  return rows.length
}

/** Open requests that somebody else made and that this person may know of. */
async function countForMe({ db, approvals }: Pick<HomeDeps, 'db' | 'approvals'>, staff: StaffActor, now: Date): Promise<number> {
  const open = await listRequests(db, { state: 'open', limit: MOST_COUNTED + 1 })
  const others = open.filter(({ maker, lapsesAt }) => authorName(maker) !== authorName(staff) && lapsesAt > now)
  let known = 0
  for (const request of others) if (await approvals.isKnownTo(request, staff)) known += 1
  return known
}
