import { iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { dayOf, monthOf } from '../shared/days'
import { newSortedId, sha256 } from '../shared/ids'
import { toDecimal } from '../shared/money'
import { rolesWith } from '../shared/permissions'
import { insertMissingRows } from '../shared/statements'
import type { Organisation } from './organisation'
import { readTotals } from './month-report'
import { readOrganisations } from './organisation-store'
import type { RunItem } from './run-items'

export type TidingTopic = 'digest' | 'approval' | 'month'

/** Something that people of an organisation are to be told by letter. A further topic needs a migration: the column has a CHECK (017, 025). */
export interface Tiding {
  readonly id: string
  /** A run's digest, invoices that wait for a signature, or what a month came to. */
  readonly topic: TidingTopic
  /** The id of the run, or of the signature before; of a month its first day. */
  readonly source: string
  readonly organisationId: string
  readonly facts: Readonly<Record<string, string>>
  readonly at: Date
}

interface Row {
  id: string
  topic: TidingTopic
  source: string
  organisation_id: string
  facts: string
  at: Date | string
}

const toTiding = (row: Row): Tiding => ({
  id: row.id,
  topic: row.topic,
  source: row.source,
  organisationId: row.organisation_id,
  facts: JSON.parse(row.facts) as Record<string, string>,
  at: moment(row.at),
})

/** Told once for each topic, source and organisation, whoever writes it how often. */
export const writeTidings = (tx: Tx, tidings: readonly Omit<Tiding, 'id'>[]): Promise<void> =>
  insertMissingRows(
    tx,
    'autopay_outbox',
    tidings.map(({ topic, source, organisationId, facts, at }) => ({
      id: newSortedId(),
      topic,
      source,
      organisation_id: organisationId,
      facts: JSON.stringify(facts),
      at: iso(at),
    })),
  )

/** Tidings in the order of their ids, which grow with time: so many behind `after`, up to `upTo` where that is given. */
export async function readTidingsAfter(
  db: Db,
  of: { readonly after: string; readonly upTo?: string | undefined; readonly limit: number },
): Promise<Tiding[]> {
  const query = db('autopay_outbox').where('id', '>', of.after).orderBy('id').limit(of.limit)
  if (of.upTo !== undefined) void query.where('id', '<=', of.upTo)
  return ((await query) as Row[]).map(toTiding)
}

export async function readTiding(db: Db, id: string): Promise<Tiding | undefined> {
  const row = (await db('autopay_outbox').where({ id }).first()) as Row | undefined
  return row && toTiding(row)
}

/** The digest of a run for each organisation that it concerned, and the request to whoever must sign what it has found. */
export async function tellOrganisations(tx: Tx, runId: string, { items, problem, at, zone }: Ended): Promise<void> {
  const organisationIds = [...new Set(items.map((item) => item.organisationId))]
  const totals = await readTotals(tx, { month: monthOf(dayOf(at, zone)), zone, organisationIds })
  const budgets = new Map((await readOrganisations(tx)).map(({ id, perMonth }) => [id, perMonth]))
  for (const { organisationId, counted } of totals) {
    const result = digestFacts(items.filter((item) => item.organisationId === organisationId))
    const facts: Record<string, string> = {
      ...result,
      ...budgetFacts(counted, budgets.get(organisationId) ?? null),
      ...(problem === null ? {} : { problem }),
    }
    const isNews = facts['paid'] !== '0' || !(await wasToldSo(tx, organisationId, facts))
    if (isNews) await writeTidings(tx, [{ topic: 'digest', source: runId, organisationId, facts, at }])
  }
  await tellApprovers(tx, runId, at)
}

/** What a run came to, why it did not come to its end, when it ended, and the zone whose months budgets are for. */
interface Ended {
  readonly items: readonly RunItem[]
  readonly problem: string | null
  readonly at: Date
  readonly zone: string
}

/** What is spent of the month's budget, in kopecks; without a budget what is spent alone. */
export const budgetFacts = (spent: bigint, budget: bigint | null): Record<string, string> => ({
  month_spent: roubles(spent),
  ...(budget === null ? {} : { month_budget: roubles(budget) }),
})

/** Amounts in facts. */
export const roubles = (kopecks: bigint): string => `${toDecimal(kopecks)} RUB`

function digestFacts(items: readonly RunItem[]): Record<string, string> {
  const of = (outcome: RunItem['outcome']): [string, string][] => {
    const some = items.filter((item) => item.outcome === outcome)
    const sum = some.reduce((total, { amount }) => total + (amount?.minor ?? 0n), 0n)
    return [
      [outcome, String(some.length)],
      [`${outcome}_sum`, roubles(sum)],
    ]
  }
  return Object.fromEntries([...of('paid'), ...of('waiting'), ...of('refused')])
}

/** The same invoices wait as when it was last told: nobody needs to hear that four times an hour. */
async function wasToldSo(tx: Tx, organisationId: string, facts: Record<string, string>): Promise<boolean> {
  const last: { facts: string } | undefined = await tx('autopay_outbox')
    .where({ topic: 'digest', organisation_id: organisationId })
    .orderBy('id', 'desc')
    .first('facts')
  const told = last ? (JSON.parse(last.facts) as Record<string, string>) : {}
  return ['waiting', 'waiting_sum', 'refused', 'refused_sum'].every((name) => told[name] === facts[name])
}

/** What this run was the first to find: an invoice that already waited is not asked for again. */
async function tellApprovers(tx: Tx, runId: string, at: Date): Promise<void> {
  const asked: { id: string; organisation_id: string; amount: bigint }[] = await tx('autopay_decisions as d')
    .join('autopay_invoices as i', 'i.decision_id', 'd.id')
    .where({ 'd.run_id': runId, 'i.queue': 'ask' })
    .select('i.id', 'i.organisation_id', 'd.amount')
  for (const organisationId of new Set(asked.map((row) => row.organisation_id))) {
    const own = asked.filter((row) => row.organisation_id === organisationId)
    const facts = approvalFacts(own.map(({ id, amount }) => ({ id, amount })))
    await writeTidings(tx, [{ topic: 'approval', source: runId, organisationId, facts, at }])
  }
}

/** How many wait and for how much; of a single one its id, so that the letter leads to it. */
export function approvalFacts(asked: readonly { readonly id: string; readonly amount: bigint }[]): Record<string, string> {
  const [first] = asked
  const sum = asked.reduce((total, { amount }) => total + amount, 0n)
  return { count: String(asked.length), sum: roubles(sum), ...(asked.length === 1 && first ? { invoice: first.id } : {}) }
}

/** How somebody whom an organisation has told us to write to is named in the queue of letters: never by the address. */
const contactName = (organisationId: string, address: string): string => `contact:${organisationId}:${sha256(address).slice(0, 24)}`

/** Where the results of runs go: to the contacts of the organisation. */
export const contactNames = ({ id, contacts }: Pick<Organisation, 'id' | 'contacts'>): string[] =>
  contacts.map((address) => contactName(id, address))

/** The address behind such a name as it stands now; undefined when nobody is to be written to under it any more. */
export async function addressOfRecipient(db: Db, recipient: string): Promise<string | undefined> {
  const [kind, id = ''] = recipient.split(':')
  if (kind === 'contact') {
    const organisation = (await readOrganisations(db)).find((one) => one.id === id)
    return organisation?.contacts.find((address) => contactName(id, address) === recipient)
  }
  const query = db('staff')
    .where({ id })
    .whereNull('disabled_at')
    .whereIn('role', [...rolesWith('autopay.approve')])
  const row: { login: string; email: string | null } | undefined = await query.first('login', 'email')
  return kind === 'staff' ? (row?.email ?? row?.login) : undefined
}
