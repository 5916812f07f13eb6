import { authorName, isStaff } from '../shared/actor'
import type { Author, StaffActor } from '../shared/actor'
import { iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'

/** What hands somebody else the way in: a code with which a password is chosen, or the room for another second factor. */
const CODE = 'staff_setup_code_issued'
const FACTOR = 'staff_factor_reset'

interface LetIn {
  readonly action: string
  readonly actor: string
  readonly at: string
}

/**
 * When to write that somebody is let in: now, and behind whatever was written of it before, or a clock that is slow would tell another than whoever handed out the code that
 * is good. Call it once nobody else can let them in.
 */
export async function letInAt(tx: Tx, name: string, now: Date): Promise<Date> {
  const last: { at: Date | string } | undefined = await tx('audit_log')
    .where({ subject: name })
    .whereIn('action', [CODE, FACTOR])
    .orderBy('at', 'desc')
    .first('at')
  return last && moment(last.at) >= now ? new Date(moment(last.at).getTime() + 1) : now
}

/** By whom each of the staff was let in, newest first. */
type LetIns = ReadonlyMap<string, readonly LetIn[]>

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
export const couldBe = async (db: Db, person: StaffActor): Promise<ReadonlySet<string>> =>
  couldBeAmong(await readLetIns(db), authorName(person))

/** By one read, for any of the staff: who could be them, or whom they could be, themselves included. Ids. */
export async function readSameHands(db: Db): Promise<(staffId: string) => ReadonlySet<string>> {
  const handsOf = handsAmong(await readLetIns(db))
  return (staffId) => {
    const hands = handsOf(`staff:${staffId}`)
    return new Set([...hands.keys(), ...(hands.get(`staff:${staffId}`) ?? [])].map((name) => name.slice('staff:'.length)))
  }
}

/**
 * Who may be behind a deed of this author: the author, and whoever could be them. With each goes everybody whom that one person could act as, so that what one person
 * does with several logins is added up, whichever of them it is done with.
 * @returns names as the audit log writes them, in their order: whoever locks them in turn meets no deadlock
 */
export const personsBehind = async (db: Db, author: Author): Promise<ReadonlyMap<string, ReadonlySet<string>>> =>
  isStaff(author) ? handsAmong(await readLetIns(db))(authorName(author)) : new Map([[authorName(author), new Set([authorName(author)])]])

/** For any of the staff by name: each person who could be behind them, with all logins that could be that person's. */
function handsAmong(letIns: LetIns): (name: string) => ReadonlyMap<string, ReadonlySet<string>> {
  const behind = new Map([...letIns.keys()].map((login) => [login, couldBeAmong(letIns, login)]))
  const loginsOf = (person: string): string[] => [...behind].flatMap(([login, by]) => (by.has(person) ? [login] : []))
  return (name) => {
    const persons = [...new Set([name, ...(behind.get(name) ?? [])])].sort()
    return new Map(persons.map((person) => [person, new Set([person, ...loginsOf(person)])]))
  }
}

function couldBeAmong(letIns: LetIns, name: string): ReadonlySet<string> {
  const asked: Asked[] = [{ name, until: null }]
  const seen = new Set<string>()
  for (const one of asked) {
    for (const next of lettersInOf(letIns, one)) {
      const key = `${next.name} ${next.until ?? ''}`
      if (seen.has(key)) continue
      seen.add(key)
      asked.push(next)
    }
  }
  return new Set(asked.slice(1).map((one) => one.name))
}

/** A later code ends what an earlier one opened. Another second factor alone does not: whoever chose the password still knows it. */
function lettersInOf(letIns: LetIns, { name, until }: Asked): Asked[] {
  const rows = (letIns.get(name) ?? []).filter(({ at }) => until === null || at <= until)
  const newest = [rows[0], rows.find(({ action }) => action === CODE)]
  return newest.flatMap((row) => (row?.actor.startsWith('staff:') ? [{ name: row.actor, until: row.at }] : []))
}

/** All of them by one read of the index of actions: a handful for each who ever worked here. */
async function readLetIns(db: Db): Promise<LetIns> {
  const rows = await db('audit_log')
    .whereIn('action', [CODE, FACTOR])
    .orderBy([
      { column: 'at', order: 'desc' },
      { column: 'id', order: 'desc' },
    ])
    .select<{ subject: string; action: string; actor: string; at: Date | string }[]>('subject', 'action', 'actor', 'at')
  const letIns = new Map<string, LetIn[]>()
  for (const { subject, action, actor, at } of rows) {
    const one = { action, actor, at: iso(moment(at)) }
    const known = letIns.get(subject)
    if (known) known.push(one)
    else letIns.set(subject, [one])
  }
  return letIns
}
