import { iso } from '../../shared/database'
import type { Db, Tx } from '../../shared/database'
import { newSortedId } from '../../shared/ids'
import type { Eraser } from '../../members'

/** A list with its filters, under a name that one member of staff has given it. */
export interface SavedView {
  readonly id: string
  readonly name: string
  /** The query of the list's address. */
  readonly query: string
}

/** As many as still fit on the page. */
const MOST_VIEWS = 20

export async function listViews(db: Db, staffId: string, section: string): Promise<SavedView[]> {
  return db('staff_views')
    .where({ staff_id: staffId, section })
    .orderBy('name')
    .limit(MOST_VIEWS)
    .select<SavedView[]>('id', 'name', 'query')
}

/** A view of the same name is replaced. */
export async function saveView(tx: Tx, view: Omit<SavedView, 'id'> & { staffId: string; section: string; at: Date }): Promise<void> {
  const { staffId, section, name, query, at } = view
  await tx('staff_views')
    .insert({ id: newSortedId(), staff_id: staffId, section, name, query, created_at: iso(at) })
    .onConflict(['staff_id', 'section', 'name'])
    .merge(['query'])
}

/** @returns whether the member of staff had it */
export const deleteView = async (tx: Tx, id: string, staffId: string): Promise<boolean> =>
  (await tx('staff_views').where({ id, staff_id: staffId }).delete()) > 0

/** A view on the payments of one member may bear that member's name, so it goes with the person. */
export const eraseViews: Eraser = async (tx, { id }) => ({
  saved_views: await tx('staff_views').whereLike('query', `%member=${id}%`).delete(),
})
