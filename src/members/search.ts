import { engineOf, storable } from '../shared/database'
import type { Db } from '../shared/database'
import { looksLikeId } from '../shared/ids'
import { canonicalLogin } from './login'
import type { Member } from './member'
import { folded, phoneDigits } from './search-keys'
import { MEMBER_COLUMNS, toMember } from './store'
import type { MemberRow } from './store'

/** Fewer letters of a name, or digits of a phone, would fit half of the members. */
const SHORTEST_NAME = 2
const SHORTEST_PHONE = 5
const LONGEST = 200

/**
 * Members by whatever was typed: a member's id, a login or its beginning, an e-mail address, a phone number or its beginning in any spelling, or the beginning of a name.
 * With `whole` nothing is found by its beginning: who may not see a phone number must not learn it digit by digit.
 * Each way is a range of one index, so the answer comes as fast from a million members as from a few. Best first, each member once, at most `limit`.
 */
export async function searchMembers(db: Db, text: string, limit: number, { whole = false } = {}): Promise<Member[]> {
  const typed = storable(text.trim().slice(0, LONGEST))
  const ways = whole ? wholeWaysTo(db, typed, limit) : waysTo(db, typed, limit)
  const found = new Map<string, Member>()
  for (const rows of await Promise.all(ways)) {
    for (const row of rows) if (found.size < limit && !found.has(row.id)) found.set(row.id, toMember(row))
  }
  return [...found.values()]
}

function waysTo(db: Db, typed: string, limit: number): Promise<MemberRow[]>[] {
  const id = typed.replace(/^member:/, '').toLowerCase()
  const login = canonicalLogin(typed)
  const digits = /^[\d\s()+.-]+$/.test(typed) ? phoneDigits(typed) : ''
  const name = folded(typed)
  return [
    ...(looksLikeId(id) ? [members(db, limit).where('m.id', id)] : []),
    ...(login === undefined ? [] : [members(db, limit).where('m.login', login)]),
    ...(typed.includes('@') ? [people(db, limit).where('p.email_key', name)] : []),
    ...(digits.length >= SHORTEST_PHONE ? [startingWith(people(db, limit), 'p.phone_key', digits)] : []),
    ...(login === undefined ? [] : [startingWith(members(db, limit), loginColumn(db), login)]),
    ...(name.length >= SHORTEST_NAME && !looksLikeId(id) ? [startingWith(people(db, limit), 'p.name_key', name)] : []),
  ] as Promise<MemberRow[]>[]
}

function wholeWaysTo(db: Db, typed: string, limit: number): Promise<MemberRow[]>[] {
  const id = typed.replace(/^member:/, '').toLowerCase()
  const login = canonicalLogin(typed)
  const [name, digits] = [folded(typed), phoneDigits(typed)]
  return [
    ...(looksLikeId(id) ? [members(db, limit).where('m.id', id)] : []),
    ...(login === undefined ? [] : [members(db, limit).where('m.login', login)]),
    ...(typed.includes('@') ? [people(db, limit).where('p.email_key', name)] : []),
    ...(digits.length >= SHORTEST_PHONE ? [people(db, limit).where('p.phone_key', digits)] : []),
    ...(name.length >= SHORTEST_NAME ? [people(db, limit).where('p.name_key', name)] : []),
  ] as Promise<MemberRow[]>[]
}

const columns = MEMBER_COLUMNS.map((name) => `m.${name}`)

const members = (db: Db, limit: number) => db('members as m').select(columns).limit(limit)

const people = (db: Db, limit: number) => db('member_people as p').join('members as m', 'm.id', 'p.member_id').select(columns).limit(limit)

/** The index of the beginnings of logins is in the order of bytes, whatever the database sorts by. */
const loginColumn = (db: Db): string => (engineOf(db) === 'postgres' ? 'm.login collate "C"' : 'm.login')

/** Nothing that is stored sorts behind this letter. */
const LAST = '\u{10ffff}'

const startingWith = <Q extends ReturnType<typeof members>>(query: Q, column: string, start: string): Q =>
  query.whereRaw(`${column} >= ? and ${column} < ?`, [start, start + LAST]).orderByRaw(column) as Q
