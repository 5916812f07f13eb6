import { isStaff } from './actor'
import type { Author, StaffRole } from './actor'
import { engineOf } from './database'
import type { Tx } from './database'
import { Refusal } from './refusals'

/**
 * Somebody still has the role in which their request came in. Whoever changes it at this moment is waited for; whoever changes it later waits for this transaction, and finds
 * what it has written.
 * @throws Refusal forbidden
 */
export async function requireStanding(tx: Tx, author: Author): Promise<void> {
  if (!isStaff(author)) return
  const query = tx('staff').where({ id: author.id })
  const row: { role: StaffRole; disabled_at: unknown } | undefined = await (engineOf(tx) === 'postgres' ? query.forShare() : query).first(
    'role',
    'disabled_at',
  )
  // Nobody of the staff is ever deleted.
  if (row && (row.role !== author.role || row.disabled_at !== null)) throw new Refusal('forbidden', 'the role was taken away meanwhile')
}
