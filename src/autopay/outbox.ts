import { iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId, sha256 } from '../shared/ids'
import { toDecimal } from '../shared/money'
import { insertMissingRows } from '../shared/statements'
import { readOrganisations } from './organisation-store'
import type { RunItem } from './run-items'

/** Something that an organisation's people are to be told by letter. */
export interface Tiding {
  readonly id: string
  /** A run's digest, or invoices that wait for a signature. */
  readonly topic: 'digest' | 'approval'
  /** The id of the run, or of the signature before. */
  readonly source: string
  readonly organisationId: string
  readonly facts: Readonly<Record<string, string>>
  readonly at: Date
}

interface Row {
  id: string
  topic: 'digest' | 'approval'
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

/** The digest of a run for each organisation that it concerned, and the request to whoever must sign what it has found. */
export async function tellOrganisations(tx: Tx, runId: string, items: readonly RunItem[], at: Date): Promise<void> {
  for (const organisationId of new Set(items.map((item) => item.organisationId))) {
    const facts = digestFacts(items.filter((item) => item.organisationId === organisationId))
    const isNews = facts['paid'] !== '0' || !(await wasToldSo(tx, organisationId, facts))
    if (isNews) await writeTidings(tx, [{ topic: 'digest', source: runId, organisationId, facts, at }])
  }
  await tellApprovers(tx, runId, at)
}

function digestFacts(items: readonly RunItem[]): Record<string, string> {
  const of = (outcome: RunItem['outcome']): [string, string][] => {
    const some = items.filter((item) => item.outcome === outcome)
    const sum = some.reduce((total, { amount }) => total + amount.minor, 0n)
    return [
      [outcome, String(some.length)],
      [`${outcome}_sum`, `${toDecimal(sum)} RUB`],
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
  return { count: String(asked.length), sum: `${toDecimal(sum)} RUB`, ...(asked.length === 1 && first ? { invoice: first.id } : {}) }
}

/** How somebody whom an organisation has told us to write to is named in the queue of letters: never by the address. */
const contactName = (organisationId: string, address: string): string => `contact:${organisationId}:${sha256(address).slice(0, 24)}`

/** Whom to write to about an organisation: its contacts, and for approvals the staff assigned to it who sign in with an e-mail address and may approve. */
export async function tidingRecipients(db: Db, { organisationId, topic }: Tiding): Promise<{ recipients: string[]; organisation: string }> {
  const organisation = (await readOrganisations(db)).find(({ id }) => id === organisationId)
  const contacts = (organisation?.contacts ?? []).map((address) => contactName(organisationId, address))
  const staff = topic === 'digest' ? [] : await approversByMail(db, organisationId)
  return { recipients: [...contacts, ...staff.map(({ id }) => `staff:${id}`)], organisation: organisation?.name ?? '' }
}

async function approversByMail(db: Db, organisationId: string): Promise<{ id: string; login: string }[]> {
  return db('staff as s')
    .join('organisation_staff as o', 'o.staff_id', 's.id')
    .where({ 'o.organisation_id': organisationId })
    .whereNull('s.disabled_at')
    .whereIn('s.role', ['operator', 'approver', 'admin'])
    .whereLike('s.login', '%@%')
    .orderBy('s.id')
    .select('s.id', 's.login')
}

/** The address behind such a name as it stands now; undefined when nobody is to be written to under it any more. */
export async function addressOfRecipient(db: Db, recipient: string): Promise<string | undefined> {
  const [kind, id = ''] = recipient.split(':')
  if (kind === 'contact') {
    const organisation = (await readOrganisations(db)).find((one) => one.id === id)
    return organisation?.contacts.find((address) => contactName(id, address) === recipient)
  }
  const row: { login: string } | undefined = await db('staff').where({ id }).whereNull('disabled_at').first('login')
  return kind === 'staff' ? row?.login : undefined
}
