import { isSuccess } from '../answers'
import type { Clear, Understood } from '../answers'
import { speaksOfError } from '../errors'
import type { JsonObject } from '../exact-json'
import { foundElements } from '../outcomes'
import { isAskedPage } from '../paging'
import type { OtherPage } from '../paging'
import type { Unavailable, Unknown, UnknownReason } from '../types'
import { elements, pageInfo, sameId } from '../wire'
import { isOddObject, toCounterparty } from './shapes'
import type { CounterpartiesRead, ObjectPage, OddObject, Paging, ReadObject, Rejected, Written } from './types'

/** What a clear answer means for each call of the merchant API. Everything here is pure. */

/** How one kind of object is read. */
export interface Reading<Name extends string, T extends object> {
  readonly name: Name
  readonly read: (value: JsonObject) => T | OddObject
  /** Whether it is what was asked for; an answer may be somebody else's. */
  readonly isOurs: (value: T) => boolean
}

/**
 * A write: a success that shows our own object is a yes, a 4xx with an error in the API's own format is a no, and whatever is left is unknown.
 * A success that cannot be read is unknown too: something was done, and only a look by our own number tells what.
 */
export function writeOutcome<Name extends string, T extends object>(answer: Understood, reading: Reading<Name, T>): Written<Name, T> {
  const found = successOf(answer)
  if (!Array.isArray(found)) return found
  const [value, ...others] = found
  if (!value || others.length > 0) return puzzling('not-understood', 'A write was answered without a single object.')
  const object = reading.read(value)
  if (isOddObject(object)) return puzzling('not-understood', `A write was answered with something odd: ${object.problem}`)
  if (!reading.isOurs(object)) return puzzling('wrong-operation', 'A write was answered with another object than ours.')
  return accepted(reading.name, object)
}

// A computed key is `string` to the compiler, whatever its type says.
const accepted = <Name extends string, T>(name: Name, object: T): Written<Name, T> =>
  ({ kind: 'accepted', [name]: object }) as unknown as Written<Name, T>

/** The objects of a success, or what else came of a write. */
export function successOf(answer: Understood): JsonObject[] | Rejected | Unknown {
  if (answer.kind === 'trouble') return unknownOf(answer)
  if (!isSuccess(answer)) return refusedWrite(answer)
  if (speaksOfError(answer.body)) return puzzling('not-understood', `A write was answered ${answer.status} with an error.`)
  return elements(answer.body) ?? puzzling('not-understood', 'A write was answered without an object.')
}

const refusedWrite = ({ error, status }: Clear): Rejected | Unknown =>
  error ? { kind: 'rejected', code: error.code, status, message: error.message } : puzzling('not-understood')

function unknownOf({ reason, sent, retryAfterMs }: Extract<Understood, { kind: 'trouble' }>): Unknown {
  const outcome: Unknown = { kind: 'unknown', reason, sent, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
  return reason === 'redirected' ? { ...outcome, alarm: 'A write was answered with a redirect, which was not followed.' } : outcome
}

export const puzzling = (reason: UnknownReason, alarm?: string): Unknown => ({
  kind: 'unknown',
  reason,
  sent: true,
  ...(alarm ? { alarm } : {}),
})

/** Absent is a 404 with any code, `[]` or `null`; foreign is a 403. */
export function readOutcome<Name extends string, T extends object>(
  answer: Understood,
  { name, read }: Reading<Name, T>,
  id: string,
): ReadObject<Name, T> {
  const found = objectsOf(answer)
  if (!Array.isArray(found)) return found
  if (found.length === 0) return { kind: 'not-found' }
  const [same, ...others] = found.filter((item) => sameId(item.id, id))
  if (!same || others.length > 0) return { kind: 'odd', id, problem: 'Another object was answered than the one asked for.' }
  const object = read(same)
  // A computed key is `string` to the compiler, whatever its type says.
  return isOddObject(object) ? object : ({ kind: 'found', [name]: object } as unknown as ReadObject<Name, T>)
}

/** All lines of one order; one odd line spoils them, since a refund must know them all. */
export function linesOutcome<T extends object>(answer: Understood, read: (value: JsonObject) => T | OddObject): ReadObject<'lines', T[]> {
  const found = objectsOf(answer)
  if (!Array.isArray(found)) return found
  const lines = found.map(read)
  const spoiler = lines.find(isOddObject)
  return spoiler ?? { kind: 'found', lines: lines.filter((line): line is T => !isOddObject(line)) }
}

/** What a question about one object brought. */
function objectsOf(answer: Understood): JsonObject[] | { readonly kind: 'not-found' | 'forbidden' } | Unavailable {
  if (answer.kind === 'clear' && answer.error && answer.status === 404) return { kind: 'not-found' }
  if (answer.kind === 'clear' && answer.error && answer.status === 403) return { kind: 'forbidden' }
  return foundElements(answer)
}

/** One page; each object is held against the question once more, since a filter that upstream does not know may be ignored. */
export function pageOutcome<T extends object>(
  answer: Understood,
  paging: Paging,
  { read, isOurs }: Pick<Reading<string, T>, 'read' | 'isOurs'>,
): ObjectPage<T> | OtherPage | Unavailable {
  const found = foundElements(answer)
  if (!Array.isArray(found)) return found
  const info = answer.kind === 'clear' ? pageInfo(answer.body) : null
  if (!isAskedPage(found.length, info, paging)) return { kind: 'other-page' }
  const objects = found.map(read)
  return {
    kind: 'page',
    items: objects.filter((object): object is T => !isOddObject(object) && isOurs(object)),
    odd: objects.filter(isOddObject),
    totalCount: info?.totalCount ?? null,
    hasMore: info ? info.page * info.pageSize < info.totalCount : found.length >= paging.pageSize,
  }
}

export function counterpartiesOutcome(answer: Understood, vatNumber: string): CounterpartiesRead {
  const found = foundElements(answer)
  if (!Array.isArray(found)) return found
  const counterparties = found.flatMap((item) => toCounterparty(item) ?? []).filter((one) => one.vatNumber === vatNumber)
  return counterparties.length > 0 ? { kind: 'found', counterparties } : { kind: 'not-found' }
}
