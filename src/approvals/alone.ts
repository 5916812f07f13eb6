import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { DAY } from '../shared/clock'
import type { Clock } from '../shared/clock'
import { bound, engineOf, inTransaction, lockName } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { canonicalJson, sha256 } from '../shared/ids'
import type { Money } from '../shared/money'
import type { Weight } from './deed'
import { personsBehind } from './let-in'

/** Up to these amounts, themselves included, one person may act alone. */
export interface AloneUpTo {
  readonly points: Money
  readonly roubles: Money
}

export interface AloneDeps {
  readonly db: Db
  readonly clock: Clock
  readonly alone: AloneUpTo
}

/** What somebody does alone is added up for so long, unless the deed says otherwise (`Deed.addsUpFor`). */
export const ADDED_UP_FOR_MS = DAY

export const mostAlone = ({ alone }: Pick<AloneDeps, 'alone'>, unit: Money['unit']): Money =>
  unit === 'PTS' ? alone.points : alone.roubles

export function isHeavy(deps: Pick<AloneDeps, 'alone'>, weight: Weight): boolean {
  if (typeof weight === 'string') return weight === 'always'
  return weight.minor > mostAlone(deps, weight.unit).minor
}

/** A deed that somebody is about to do alone. */
export interface AloneDeed {
  readonly author: Author
  readonly kind: string
  /** Names the intent: the same one counts once, however often it is tried. */
  readonly key: string
  /** What is done, by `namePayload`: another deed under the same key is counted by itself, until it is refused. */
  readonly payload: string
  readonly weight: Money
  /** For so long what was done alone counts, in milliseconds. */
  readonly forMs: number
}

type Doing = Pick<AloneDeed, 'author' | 'kind' | 'forMs'>

/** One deed that counts. */
interface Counted {
  readonly amount: bigint
  readonly payload: string
}

/** Behind the place, where a deed has one. A digest has no such sign. */
const PLACE_ENDS = ':'
const NAME_LENGTH = 64

/** A digest of what is done, behind the place where it is done, if it has one. */
export function namePayload(payload: object, place: string | undefined): string {
  const digest = sha256(canonicalJson(payload))
  return place === undefined ? digest : `${place}${PLACE_ENDS}${digest}`.slice(0, NAME_LENGTH)
}

/** What deeds come to together: of those at one place the largest counts. */
export function sumOf(counted: readonly Counted[]): bigint {
  const places = new Map<string, bigint>()
  let sum = 0n
  for (const { amount, payload } of counted) {
    const [place, digest] = payload.split(PLACE_ENDS)
    if (digest === undefined) sum += amount
    else if (amount > (places.get(place ?? '') ?? 0n)) places.set(place ?? '', amount)
  }
  return [...places.values()].reduce((total, amount) => total + amount, sum)
}

/** When it was counted, in milliseconds: another attempt at the same deed counts it at another moment, or puts it back when it is done. */
export type CountedAt = string | number | bigint

/**
 * Counts a deed among what its maker does alone, before it is done, so that of many at one moment each sees the others. One that is refused is taken back by `uncount`; one that
 * a crash has interrupted stays counted, which errs on the safe side. Whoever could be the maker (ADR 0024) is one person with them.
 * @returns undefined, and then nothing is counted, when together with what one person could have done of this kind in its time it is more than one person may do
 */
export const countAlone = (deps: AloneDeps, deed: AloneDeed): Promise<CountedAt | undefined> =>
  inTransaction(deps.db, async (tx) => {
    const persons = await personsBehind(tx, deed.author)
    await oneByOne(tx, [...persons.keys()], deed.kind)
    await deleteOne(tx, deed)
    const { weight } = deed
    const added = { amount: weight.minor, payload: deed.payload }
    const done = await doneLately(tx, deps.clock, persons, deed, weight.unit)
    if (mostOf(done, added) > mostAlone(deps, weight.unit).minor) return undefined
    const row = { ...nameOf(deed), amount: bound(weight.minor), unit: weight.unit, at: tx.raw(nowOf(tx, deps.clock)) }
    await tx('done_alone').insert(row)
    return (await tx('done_alone').where(nameOf(deed)).first<{ at: CountedAt }>('at')).at
  })

/** The deed was refused and changed nothing. What another attempt has counted since at another moment, or has done (`keepCounted`), stays. */
export const uncount = ({ db }: Pick<AloneDeps, 'db'>, deed: Omit<AloneDeed, 'weight' | 'forMs'>, at: CountedAt): Promise<void> =>
  inTransaction(db, async (tx) => {
    await tx('done_alone').where(nameOf(deed)).where({ at }).delete()
  })

/** The deed was done: another attempt under its key that is refused must not take it back, whether it has done so already or does so later. */
export const keepCounted = ({ db, clock }: Pick<AloneDeps, 'db' | 'clock'>, deed: AloneDeed): Promise<void> =>
  inTransaction(db, async (tx) => {
    const row = { ...nameOf(deed), amount: bound(deed.weight.minor), unit: deed.weight.unit, at: tx.raw(nowOf(tx, clock)) }
    const next = tx.raw('case when done_alone.at >= excluded.at then done_alone.at + 1 else excluded.at end')
    await tx('done_alone').insert(row).onConflict(['maker', 'kind', 'idempotency_key', 'payload']).merge({ at: next })
  })

/** What was done alone of one kind, as long as it counts, by each who could be this author: of the person with whom `added` comes to most. */
export async function doneAlone(
  { db, clock }: Pick<AloneDeps, 'db' | 'clock'>,
  doing: Doing,
  { amount, unit }: { readonly amount: Counted; readonly unit: Money['unit'] },
): Promise<{ readonly done: bigint; readonly together: bigint }> {
  const lists = await doneLately(db, clock, await personsBehind(db, doing.author), doing, unit)
  const sums = lists.map((list) => ({ done: sumOf(list), together: sumOf([...list, amount]) }))
  return sums.reduce((most, one) => (one.together > most.together ? one : most))
}

/** What it comes to with the one more, for whichever person it comes to most. */
const mostOf = (lists: readonly (readonly Counted[])[], added: Counted): bigint =>
  lists.map((list) => sumOf([...list, added])).reduce((most, sum) => (sum > most ? sum : most), 0n)

/** Whoever does the same at the same moment waits here, each person in the order of their names. */
async function oneByOne(tx: Tx, persons: readonly string[], kind: string): Promise<void> {
  for (const person of persons) await lockName(tx, `done_alone ${person} ${kind}`)
}

const nameOf = ({ author, kind, key, payload }: Omit<AloneDeed, 'weight' | 'forMs'>) => ({
  maker: authorName(author),
  kind,
  idempotency_key: key,
  payload,
})

async function deleteOne(tx: Tx, deed: Omit<AloneDeed, 'weight' | 'forMs'>): Promise<void> {
  await tx('done_alone').where(nameOf(deed)).delete()
}

/** Of each person what was done with any of the logins that could be theirs. */
async function doneLately(
  db: Db,
  clock: Clock,
  persons: ReadonlyMap<string, ReadonlySet<string>>,
  { kind, forMs }: Omit<Doing, 'author'>,
  unit: Money['unit'],
): Promise<Counted[][]> {
  const makers = [...new Set([...persons.values()].flatMap((logins) => [...logins]))]
  const rows = await db('done_alone')
    .whereIn('maker', makers)
    .where({ kind, unit })
    .whereRaw(`at > ${nowOf(db, clock)} - ${forMs}`)
    .select<(Counted & { maker: string })[]>('maker', 'amount', 'payload')
  return [...persons.values()].map((logins) => rows.filter(({ maker }) => logins.has(maker)))
}

/** PostgreSQL tells the time for all processes; with SQLite there is one, and its own clock. */
const nowOf = (db: Db, clock: Clock): string =>
  engineOf(db) === 'postgres' ? '(extract(epoch from clock_timestamp()) * 1000)::bigint' : String(clock.now().getTime())
