import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { DAY } from '../shared/clock'
import type { Clock } from '../shared/clock'
import { bound, engineOf, inTransaction } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { canonicalJson, sha256 } from '../shared/ids'
import type { Money } from '../shared/money'
import type { Weight } from './deed'

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

/** What somebody does alone is added up for so long. */
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
}

type Doing = Pick<AloneDeed, 'author' | 'kind'>

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

/**
 * Counts a deed among what its maker does alone, before it is done, so that of many at one moment each sees the others. One that is refused is taken back by `uncount`; one that
 * a crash has interrupted stays counted, which errs on the safe side.
 * @returns false, and then nothing is counted, when together with the maker's deeds of this kind in the last day it is more than one person may do
 */
export const countAlone = (deps: AloneDeps, deed: AloneDeed): Promise<boolean> =>
  inTransaction(deps.db, async (tx) => {
    await oneByOne(tx, deed)
    await deleteOne(tx, deed)
    const { weight } = deed
    const all = [...(await doneLately(tx, deps.clock, deed, weight.unit)), { amount: weight.minor, payload: deed.payload }]
    if (sumOf(all) > mostAlone(deps, weight.unit).minor) return false
    const row = { ...nameOf(deed), amount: bound(weight.minor), unit: weight.unit, at: tx.raw(nowOf(tx, deps.clock)) }
    await tx('done_alone').insert(row)
    return true
  })

/** The deed was refused and changed nothing. */
export const uncount = ({ db }: Pick<AloneDeps, 'db'>, deed: Omit<AloneDeed, 'weight'>): Promise<void> =>
  inTransaction(db, (tx) => deleteOne(tx, deed))

/** What somebody has done alone in the last day, of one kind. */
export const doneAlone = ({ db, clock }: Pick<AloneDeps, 'db' | 'clock'>, doing: Doing, unit: Money['unit']): Promise<Counted[]> =>
  doneLately(db, clock, doing, unit)

/** Whoever does the same at the same moment waits here. SQLite has one writer at a time anyway. */
async function oneByOne(tx: Tx, { author, kind }: Doing): Promise<void> {
  if (engineOf(tx) === 'postgres')
    await tx.raw('select pg_advisory_xact_lock(hashtextextended(?, 0))', [`done_alone ${authorName(author)} ${kind}`])
}

const nameOf = ({ author, kind, key, payload }: Omit<AloneDeed, 'weight'>) => ({
  maker: authorName(author),
  kind,
  idempotency_key: key,
  payload,
})

async function deleteOne(tx: Tx, deed: Omit<AloneDeed, 'weight'>): Promise<void> {
  await tx('done_alone').where(nameOf(deed)).delete()
}

const doneLately = (db: Db, clock: Clock, { author, kind }: Doing, unit: Money['unit']): Promise<Counted[]> =>
  db('done_alone')
    .where({ maker: authorName(author), kind, unit })
    .whereRaw(`at > ${nowOf(db, clock)} - ${ADDED_UP_FOR_MS}`)
    .select('amount', 'payload')

/** PostgreSQL tells the time for all processes; with SQLite there is one, and its own clock. */
const nowOf = (db: Db, clock: Clock): string =>
  engineOf(db) === 'postgres' ? '(extract(epoch from clock_timestamp()) * 1000)::bigint' : String(clock.now().getTime())
