import { engineOf, iso } from '../shared/database'
import type { Tx } from '../shared/database'

/** What is due to be asked about: in these states, so many at most. */
export interface Due<State> {
  readonly states: readonly State[]
  readonly now: Date
  /** Nobody else gets them before, unless the process that took them dies. */
  readonly until: Date
  readonly limit: number
}

/** Takes the rows about which Invoicebox is to be asked, the longest due first. What another process takes at the same moment is passed over. */
export async function takeDue<Row>(tx: Tx, table: 'orders' | 'order_refunds', of: Due<string>): Promise<Row[]> {
  const due = () => tx(table).whereIn('state', of.states).where('next_check_at', '<=', iso(of.now))
  const found = due().orderBy('next_check_at').limit(of.limit)
  const rows: { id: string }[] = await (engineOf(tx) === 'postgres' ? found.forUpdate().skipLocked() : found).select('id')
  if (rows.length === 0) return []
  const ids = rows.map(({ id }) => id)
  return (await due()
    .whereIn('id', ids)
    .update({ next_check_at: iso(of.until) })
    .returning('*')) as Row[]
}
