import type { Knex } from 'knex'
import type { Narrowing } from '../payments'
import { iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { canonicalJson, newSortedId } from '../shared/ids'
import { insertMissingRows } from '../shared/statements'
import type { DifferenceKind, Facts, Found } from './differences'

export type Source = 'invoices' | 'statement'

/** How a difference ended. */
export type DifferenceEnd =
  | 'gone' //            a later comparison found it no more
  | 'points_returned' // the payment was reversed
  | 'accepted' //        a person looked into it and wrote down what it is

/** A difference that was noted, with what became of it. */
export interface NotedDifference extends Found {
  readonly id: string
  readonly source: Source
  readonly firstSeen: Date
  readonly lastSeen: Date
  readonly resolvedAt: Date | null
  readonly resolvedBy: string | null
  readonly resolution: DifferenceEnd | null
  readonly remark: string | null
}

interface Row {
  id: string
  source: Source
  kind: DifferenceKind
  subject: string
  invoice_id: string | null
  payment_id: string | null
  facts: string
  text: string
  first_seen: Date | string
  last_seen: Date | string
  resolved_at: Date | string | null
  resolved_by: string | null
  resolution: DifferenceEnd | null
  remark: string | null
}

const toDifference = (row: Row): NotedDifference => ({
  id: row.id,
  source: row.source,
  kind: row.kind,
  subject: row.subject,
  invoiceId: row.invoice_id,
  paymentId: row.payment_id,
  facts: JSON.parse(row.facts) as Facts,
  text: row.text,
  firstSeen: moment(row.first_seen),
  lastSeen: moment(row.last_seen),
  resolvedAt: optionalMoment(row.resolved_at),
  resolvedBy: row.resolved_by,
  resolution: row.resolution,
  remark: row.remark,
})

export const TABLE = 'reconciliation_differences'

export interface Noting {
  readonly source: Source
  /** The run, or the statement, that has found them. */
  readonly by: string
  /** When the comparison began: what it has read may be as old as that. */
  readonly began: Date
  readonly at: Date
}

/**
 * Notes what was found: one open difference for each kind and subject. What a person has accepted does not come back unless its facts have changed, nor does a payment
 * whose points went back while it was compared.
 * @returns those that are open now, in the order in which they were found
 */
export async function noteDifferences(tx: Tx, found: readonly Found[], noting: Noting): Promise<Found[]> {
  if (found.length === 0) return []
  const latest = await latestOf(tx, found)
  const open = found.filter((one) => !isAccepted(latest.get(nameOf(one)), one) && !isReturnedSince(latest.get(nameOf(one)), noting.began))
  const isKnown = (one: Found): boolean => latest.get(nameOf(one))?.resolved_at === null
  await updateKnown(tx, open.filter(isKnown), latest, noting)
  await insertMissingRows(
    tx,
    TABLE,
    open.filter((one) => !isKnown(one)).map((one) => toRow(one, noting)),
  )
  return open
}

/** A difference by what it is about. */
export const nameOf = ({ kind, subject }: Pick<Found, 'kind' | 'subject'>): string => `${kind} ${subject}`

const isAccepted = (row: Row | undefined, { facts }: Found): boolean => row?.resolution === 'accepted' && row.facts === canonicalJson(facts)

const isReturnedSince = (row: Row | undefined, began: Date): boolean =>
  row?.resolution === 'points_returned' && row.resolved_at !== null && moment(row.resolved_at) >= began

/** What is known of each kind and subject: the newest row. */
async function latestOf(tx: Tx, found: readonly Found[]): Promise<Map<string, Row>> {
  const latest = new Map<string, Row>()
  for (const kind of new Set(found.map((one) => one.kind))) {
    const subjects = found.filter((one) => one.kind === kind).map(({ subject }) => subject)
    const rows = (await tx(TABLE).where({ kind }).whereIn('subject', subjects).orderBy('id')) as Row[]
    for (const row of rows) latest.set(nameOf(row), row)
  }
  return latest
}

async function updateKnown(tx: Tx, known: readonly Found[], latest: ReadonlyMap<string, Row>, { by, at }: Noting): Promise<void> {
  const rowOf = (one: Found): Row | undefined => latest.get(nameOf(one))
  const ids = known.flatMap((one) => rowOf(one)?.id ?? [])
  if (ids.length > 0)
    await tx(TABLE)
      .whereIn('id', ids)
      .update({ last_seen: iso(at), last_run: by })
  for (const one of known.filter((other) => rowOf(other)?.facts !== canonicalJson(other.facts)))
    await tx(TABLE)
      .where({ id: rowOf(one)?.id ?? '' })
      .update({ facts: canonicalJson(one.facts), text: one.text.slice(0, 1000), payment_id: one.paymentId })
}

const toRow = (found: Found, { source, by, at }: Noting) => ({
  id: newSortedId(),
  source,
  kind: found.kind,
  subject: found.subject,
  invoice_id: found.invoiceId,
  payment_id: found.paymentId,
  facts: canonicalJson(found.facts),
  text: found.text.slice(0, 1000),
  first_seen: iso(at),
  last_seen: iso(at),
  last_run: by,
})

export interface Ending {
  readonly id: string
  readonly resolution: DifferenceEnd
  readonly by: string
  readonly at: Date
  readonly remark: string | null
}

/** As a companion of the ledger, or in any transaction. One that is closed already stays as it was. */
export async function endDifferences(tx: Tx, endings: readonly Ending[]): Promise<void> {
  for (const ending of endings) await endDifference(tx, ending)
}

/** @returns whether it was still open */
export async function endDifference(tx: Tx, { id, resolution, by, at, remark }: Ending): Promise<boolean> {
  const open = tx(TABLE).where({ id }).whereNull('resolved_at')
  return (await open.update({ resolved_at: iso(at), resolved_by: by, resolution, ...(remark === null ? {} : { remark }) })) > 0
}

/** Accepts open differences of one kind, the oldest first, none newer than `upTo`. @returns how many */
export async function acceptSome(
  tx: Tx,
  which: { kind: DifferenceKind; upTo: string; limit: number; known: Narrowing | undefined },
  ending: Omit<Ending, 'id' | 'resolution'>,
): Promise<number> {
  const query = tx(TABLE)
    .where({ kind: which.kind })
    .whereNull('resolved_at')
    .where('id', '<=', which.upTo)
    .orderBy('id')
    .limit(which.limit)
  which.known?.(query)
  const ids = (await query.pluck('id')) as string[]
  if (ids.length === 0) return 0
  return tx(TABLE)
    .whereIn('id', ids)
    .whereNull('resolved_at')
    .update({ resolved_at: iso(ending.at), resolved_by: ending.by, resolution: 'accepted', remark: ending.remark })
}

/** What was said when it was closed stays. @returns whether it was still open */
export const writeRemark = async (tx: Tx, id: string, remark: string): Promise<boolean> =>
  (await tx(TABLE).where({ id }).whereNull('resolved_at').update({ remark })) > 0

/** @param known narrows it to what somebody may know of */
export async function findDifference(db: Db, id: string, known?: Narrowing): Promise<NotedDifference | undefined> {
  const query = db(TABLE).where(`${TABLE}.id`, id)
  known?.(query)
  const row = (await query.first()) as Row | undefined
  return row && toDifference(row)
}

export interface DifferenceFilter {
  readonly kind?: DifferenceKind | undefined
  /** Those alone that this statement, or run, has found last. */
  readonly foundBy?: string | undefined
  /** Open ones alone, or all. */
  readonly all?: boolean
  /** Narrows them to what somebody may know of. */
  readonly known?: Narrowing | undefined
}

/** Differences, newest first: so many after `before`. */
export async function listDifferences(
  db: Db,
  filter: DifferenceFilter,
  page: { readonly before?: string | undefined; readonly limit: number },
): Promise<NotedDifference[]> {
  const query: Knex.QueryBuilder = db(TABLE).orderBy('id', 'desc').limit(page.limit)
  if (!filter.all) void query.whereNull('resolved_at')
  if (filter.kind !== undefined) void query.where({ kind: filter.kind })
  if (filter.foundBy !== undefined) void query.where({ last_run: filter.foundBy })
  if (page.before !== undefined) void query.where('id', '<', page.before)
  filter.known?.(query)
  return ((await query) as Row[]).map(toDifference)
}

/** Open differences of one kind that this run has found, in the order of their ids. */
export async function foundBy(
  db: Db,
  runId: string,
  kind: DifferenceKind,
  page: { after: string; limit: number },
): Promise<NotedDifference[]> {
  const rows = (await db(TABLE)
    .where({ kind, last_run: runId })
    .whereNull('resolved_at')
    .where('id', '>', page.after)
    .orderBy('id')
    .limit(page.limit)) as Row[]
  return rows.map(toDifference)
}

/** Everything that a run has found, settled by now or not, in the order of the ids; what a later run has found again, or has found besides, as well. */
export async function allFoundBy(
  db: Db,
  runId: string,
  page: { readonly after: string; readonly limit: number; readonly known: Narrowing | undefined },
): Promise<NotedDifference[]> {
  const query: Knex.QueryBuilder = db(TABLE)
    .where({ source: 'invoices' })
    .where('last_run', '>=', runId)
    .where('id', '>', page.after)
    .orderBy('id')
    .limit(page.limit)
  page.known?.(query)
  return ((await query) as Row[]).map(toDifference)
}

/** How many are open of those that somebody may know of, counted up to `most`: beyond it a page says "more than". */
export async function countOpenDifferences(db: Db, most: number, known?: Narrowing): Promise<number> {
  const open = db(TABLE)
    .whereNull('resolved_at')
    .limit(most + 1)
    .select('id')
  known?.(open)
  const [row] = await db.from(open.as('open')).select<{ count: unknown }[]>(db.raw('count(*) as count'))
  return Number(row?.count ?? 0)
}
