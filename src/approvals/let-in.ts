import { authorName } from '../shared/actor'
import type { StaffActor } from '../shared/actor'
import { iso, moment } from '../shared/database'
import type { Db } from '../shared/database'

/** What hands somebody else the way in: a code with which a password is chosen, or the room for another second factor. */
const CODE = 'staff_setup_code_issued'
const FACTOR = 'staff_factor_reset'

/** Somebody of whom it is asked who let them in, as of a moment. */
interface Asked {
  readonly name: string
  /** Null asks as of now. */
  readonly until: string | null
}

/**
 * Everybody among the staff who could sign in as this person, since they handed out the newest code of it or were let in by such a person in time. The command line and
 * the jobs are nobody: whoever reaches the server has the database anyway.
 * @returns names as the audit log writes them, `staff:…`
 */
export async function couldBe(db: Db, person: StaffActor): Promise<ReadonlySet<string>> {
  const asked: Asked[] = [{ name: authorName(person), until: null }]
  const seen = new Set<string>()
  for (const one of asked) {
    for (const next of await lettersInOf(db, one)) {
      const key = `${next.name} ${next.until ?? ''}`
      if (seen.has(key)) continue
      seen.add(key)
      asked.push(next)
    }
  }
  return new Set(asked.slice(1).map(({ name }) => name))
}

/** A later code ends what an earlier one opened. Another second factor alone does not: whoever chose the password still knows it. */
async function lettersInOf(db: Db, { name, until }: Asked): Promise<Asked[]> {
  const query = db('audit_log')
    .where({ subject: name })
    .whereIn('action', [CODE, FACTOR])
    .orderBy([
      { column: 'at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .select<{ action: string; actor: string; at: Date | string }[]>('action', 'actor', 'at')
  if (until !== null) void query.where('at', '<=', until)
  const rows = await query
  const newest = [rows[0], rows.find(({ action }) => action === CODE)]
  return newest.flatMap((row) => (row?.actor.startsWith('staff:') ? [{ name: row.actor, until: iso(moment(row.at)) }] : []))
}
