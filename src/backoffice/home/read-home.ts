import { listRequests } from '../../approvals'
import type { Approvals } from '../../approvals'
import { countQueue, organisationsOf, signerOf } from '../../autopay'
import { readFundPicture } from '../../fund'
import type { FundPicture } from '../../fund'
import type { BudgetUse, CircuitState, InvoiceboxClient } from '../../invoicebox'
import { nothingOfOthers, ofMembersOr } from '../../payments'
import type { PaymentDeps } from '../../payments'
import { countOpenDifferences, knownDifferences } from '../../reconciliation'
import { authorName } from '../../shared/actor'
import type { StaffActor } from '../../shared/actor'
import { listOpenAlerts } from '../../shared/alerts'
import type { Alert } from '../../shared/alerts'
import type { Clock } from '../../shared/clock'
import type { Db } from '../../shared/database'
import type { Rate } from '../../shared/money'
import { may } from '../../shared/permissions'
import type { Language } from '../../shared/texts'
import { readAlertNames } from './alert-names'
import type { AlertNames } from './alert-names'
import { readProofs } from './proofs'
import type { Proof } from './proofs'

export interface HomeDeps extends Pick<PaymentDeps, 'knownOrganisations' | 'invoicesOfOthers'> {
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
  readonly names: AlertNames
  readonly reviews: number
  readonly approvals: number | null
  /** Invoices of organisations that wait for this very person, and those that somebody must look at. */
  readonly signatures: number | null
  readonly exceptions: number | null
  readonly differences: number
  readonly circuit: CircuitState
  readonly budget: BudgetUse | null
}

export async function readHome(deps: HomeDeps, staff: StaffActor, language: Language): Promise<Home> {
  const { db, clock, invoicebox, config, approvals: requests } = deps
  const now = clock.now()
  const [ofAlerts, ofDifferences, organisations] = [
    await nothingOfOthers(deps, staff, 'alerts.subject'),
    await knownDifferences(deps, staff),
    await deps.knownOrganisations(staff),
  ]
  const [money, fund, alerts, reviews, approvals, differences, budget, invoices] = await Promise.all([
    readProofs(db, now),
    may(staff, 'fund.read') ? readFundPicture(db, { now, zone: config.timeZone, rate: config.pointsPerRuble }) : null,
    listOpenAlerts(db, MOST_ALERTS + 1, ofAlerts),
    countReviews(db, organisations),
    may(staff, 'approvals.decide') ? countForMe({ db, approvals: requests }, staff, now) : null,
    countOpenDifferences(db, MOST_COUNTED, ofDifferences),
    invoicebox.budget(),
    countInvoices(db, staff, now),
  ])
  const names = await readAlertNames(db, alerts, language)
  return { money, fund, alerts, names, reviews, approvals, differences, budget, ...invoices, circuit: invoicebox.circuit() }
}

/** The state stands in the statement itself: as a bound value it would keep SQLite from using the index of open payments. */
async function countReviews(db: Db, organisations: readonly string[] | undefined): Promise<number> {
  const query = db('payments')
    .whereRaw(`state in ('confirming', 'review') and state = 'review'`)
    .limit(MOST_COUNTED + 1)
    .select('id')
  if (organisations) void query.where(ofMembersOr(organisations))
  const rows: unknown[] = await query
  return rows.length
}

/** Of automatic payment, for those who may sign; whoever has no organisation is told nothing of it. */
async function countInvoices(db: Db, staff: StaffActor, now: Date): Promise<Pick<Home, 'signatures' | 'exceptions'>> {
  const organisations = may(staff, 'autopay.approve') ? await organisationsOf(db, staff) : []
  if (organisations.length === 0) return { signatures: null, exceptions: null }
  const of = { organisations, signer: await signerOf(db, staff, now) }
  const [signatures, exceptions] = await Promise.all((['mine', 'exceptions'] as const).map((tab) => countQueue(db, { ...of, tab })))
  return { signatures: signatures ?? 0, exceptions: exceptions ?? 0 }
}

/** Open requests that somebody else made and that this person may know of. */
async function countForMe({ db, approvals }: Pick<HomeDeps, 'db' | 'approvals'>, staff: StaffActor, now: Date): Promise<number> {
  const open = await listRequests(db, { state: 'open', limit: MOST_COUNTED + 1 })
  const others = open.filter(({ maker, lapsesAt }) => authorName(maker) !== authorName(staff) && lapsesAt > now)
  let known = 0
  for (const request of others) if (await approvals.isKnownTo(request, staff)) known += 1
  return known
}
