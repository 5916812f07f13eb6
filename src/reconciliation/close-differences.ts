import type { Knex } from 'knex'
import type { Narrowing } from '../payments'
import { iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { nameOf, TABLE } from './difference-store'
import type { DifferenceEnd } from './difference-store'
import type { DifferenceKind, Found } from './differences'

/* Differences that are not so any more end as `gone`. */

const GONE = (at: Date, by = 'system:reconciliation') => ({
  resolved_at: iso(at),
  resolved_by: by,
  resolution: 'gone' satisfies DifferenceEnd,
})

/** After a comparison of everything: whatever it has not found is not so any more. */
export const closeGone = (tx: Tx, runId: string, at: Date): Promise<number> =>
  tx(TABLE).where({ source: 'invoices' }).whereNull('resolved_at').whereNot({ last_run: runId }).update(GONE(at))

/** Found in the list itself, which a moving list may keep back for once; of the others each was asked about by its id. */
const FOUND_IN_LIST: readonly DifferenceKind[] = ['paid_there_unknown_here', 'paid_there_voided_here', 'amount_differs']

/** The invoices of open differences that the list has shown before and not in this run: so many after `after`. */
export async function invoicesNotFoundAgain(db: Db, runId: string, page: { after: string; limit: number }): Promise<string[]> {
  const rows = await db(TABLE)
    .where({ source: 'invoices' })
    .whereIn('kind', FOUND_IN_LIST)
    .whereNull('resolved_at')
    .whereNot({ last_run: runId })
    .where('subject', '>', page.after)
    .orderBy('subject')
    .limit(page.limit)
    .distinct<{ subject: string }[]>('subject')
  return rows.map(({ subject }) => subject)
}

/** Who closes what a statement shows not to be so any more. */
export interface Closing {
  readonly by: string
  readonly at: Date
  /** Narrows it to what they may know of: anybody may write a file that names any operation. */
  readonly known: Narrowing | undefined
}

/** Closes these subjects of one kind. */
export async function closeSubjects(tx: Tx, kind: DifferenceKind, subjects: readonly string[], closing: Closing): Promise<void> {
  if (subjects.length === 0) return
  const open = openOnes(tx, closing)
    .where({ kind })
    .whereIn('subject', [...subjects])
  await open.update(GONE(closing.at, closing.by))
}

/** Closes what these statements have shown and this comparison has not found again. @param found each by `nameOf` */
export async function closeUnstated(
  tx: Tx,
  statementIds: readonly string[],
  found: ReadonlySet<string>,
  closing: Closing,
): Promise<number> {
  const open = await openOnes(tx, closing)
    .where({ source: 'statement' })
    .whereIn('last_run', [...statementIds])
    .select<(Pick<Found, 'kind' | 'subject'> & { id: string })[]>('id', 'kind', 'subject')
  const gone = open.filter((row) => !found.has(nameOf(row))).map(({ id }) => id)
  for (let from = 0; from < gone.length; from += CLOSED_AT_ONCE)
    await tx(TABLE)
      .whereIn('id', gone.slice(from, from + CLOSED_AT_ONCE))
      .whereNull('resolved_at')
      .update(GONE(closing.at, closing.by))
  return gone.length
}

function openOnes(tx: Tx, { known }: Closing): Knex.QueryBuilder {
  const query: Knex.QueryBuilder = tx(TABLE).whereNull('resolved_at')
  known?.(query)
  return query
}

const CLOSED_AT_ONCE = 500
