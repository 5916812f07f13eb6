import type { Author, Sender } from '../shared/actor'
import { requireKey, requireReason } from '../shared/audit'
import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import { canonicalJson } from '../shared/ids'
import type { Log } from '../shared/log'
import type { Money } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { readForm, requireSameForm } from '../shared/sent-forms'
import { ADDED_UP_FOR_MS, countAlone, doneAlone, isHeavy, keepCounted, mostAlone, namePayload, uncount } from './alone'
import type { AloneDeed, AloneUpTo } from './alone'
import { WeighsMore } from './deed'
import type { Deed, Payload, Preview, Weight } from './deed'
import { checkPayload } from './payload'
import { OF_REQUEST } from './request'
import type { ApprovalRequest } from './request'
import { digestOf, withEarlier } from './sent-before'
import { findByKey } from './store'
import { madeWith, storeRequest } from './store-request'

export interface ApprovalsDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly alone: AloneUpTo
}

export interface Order<P extends Payload> {
  readonly payload: P
  readonly author: Author
  readonly reason: string
  /** Names the intent: the same author, key and payload have one effect and one answer. */
  readonly key: string
}

export type Submitted<R> = { readonly state: 'done'; readonly result: R } | { readonly state: 'waiting'; readonly request: ApprovalRequest }

/** What somebody has done alone of a deed that adds up, for how long it counts, and how much of it one person may. */
export interface DoneAlone {
  readonly done: Money
  readonly most: Money
  /** In milliseconds. */
  readonly forMs: number
}

export interface Look extends Preview {
  readonly needsSecond: boolean
  /** It takes two whatever it comes to: no amount is the reason. */
  readonly isAlwaysForTwo: boolean
  readonly alone?: DoneAlone
}

/** What a deed would change as of now, and whether it would wait. @param by whoever would do it */
export async function look<P extends Payload, R>(deps: ApprovalsDeps, deed: Deed<P, R>, given: P, by?: Author): Promise<Look> {
  const payload = checkPayload(deed, given)
  const [preview, weight] = [await deed.preview(payload), await deed.weigh(payload)]
  const isAlwaysForTwo = weight === 'always'
  if (!by || !deed.addsUp || typeof weight === 'string') return { ...preview, needsSecond: isHeavy(deps, weight), isAlwaysForTwo }
  const { unit } = weight
  const added = await addedBy(deed, payload, weight)
  if (added === null) return { ...preview, needsSecond: isHeavy(deps, weight), isAlwaysForTwo }
  const amount = { amount: added.minor, payload: await nameOf(deed, payload) }
  const { done, together } = await doneAlone(deps, { author: by, ...countsAs(deed) }, { amount, unit })
  const most = mostAlone(deps, unit)
  return {
    ...preview,
    needsSecond: isHeavy(deps, weight) || together > most.minor,
    isAlwaysForTwo,
    alone: { done: { minor: done, unit }, most, forMs: countsAs(deed).forMs },
  }
}

/** Under which word it counts, and for how long. */
const countsAs = <P extends Payload, R>({ addsUpAs, kind, addsUpFor }: Deed<P, R>): { kind: string; forMs: number } => ({
  kind: addsUpAs ?? kind,
  forMs: addsUpFor ?? ADDED_UP_FOR_MS,
})

const addedBy = async <P extends Payload, R>(deed: Deed<P, R>, payload: P, weight: Money): Promise<Money | null> =>
  deed.adds ? deed.adds(payload) : weight

const nameOf = async <P extends Payload, R>(deed: Deed<P, R>, payload: P): Promise<string> =>
  namePayload(payload, await deed.addsUpAt?.(payload))

/** See `Approvals.submit`. */
export async function submit<P extends Payload, R>(deps: ApprovalsDeps, deed: Deed<P, R>, order: Order<P>): Promise<Submitted<R>> {
  requirePermission(order.author, deed.permission)
  const reason = requireReason(order.reason)
  const key = requireOwnKey(order.key)
  const payload = checkPayload(deed, order.payload)
  await deed.requireKnown?.(payload, order.author)
  const author: Sender = { ...order.author, form: { key, kind: deed.kind, digest: digestOf(deed.kind, payload) } }
  const sent = { payload, author, reason, key }
  try {
    return (await tellAgain(deps, deed, sent)) ?? (await submitForm(deps, deed, sent))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    // A copy of it may have been quicker, and what it did may be why this one was refused: an order that was just refunded has nothing left to refund.
    const told = await tellAgain(deps, deed, sent).catch(() => undefined)
    if (told) return told
    throw await withEarlier(deps.db, sent, error)
  }
}

const isKeyReused = (error: unknown): boolean => error instanceof Refusal && error.code === 'key_reused'

interface SentOrder<P extends Payload> extends Order<P> {
  readonly author: Sender
}

/**
 * What a form came to that was sent before: whatever it would weigh by now, it asks nobody anew. A deed that was done under its key does nothing more.
 * @throws Refusal key_reused where it had other contents; request_not_open where it was asked for and does not wait any more
 */
async function tellAgain<P extends Payload, R>(
  deps: ApprovalsDeps,
  deed: Deed<P, R>,
  { payload, ...by }: SentOrder<P>,
): Promise<Submitted<R> | undefined> {
  const { author, key } = by
  const { db } = deps
  const known = await findByKey(db, author, key)
  if (known) return waiting(known, deed.kind, payload)
  const noted = await readForm(db, author, key)
  if (noted && noted.digest !== author.form.digest) throw new Refusal('key_reused')
  if (!noted) return undefined
  if (noted.wasAsked) {
    const request = await madeWith(db, noted.auditId)
    return request && waiting(request, deed.kind, payload)
  }
  // The note alone lets nobody do what takes two: the deed itself remembers it, or it is told as done before.
  if (!(await deed.wasDone?.(key, { payload, author })) && isHeavy(deps, await deed.weigh(payload, key))) throw new Refusal('key_reused')
  return { state: 'done', result: await deed.perform(payload, { ...by, weighed: 'never' }) }
}

async function submitForm<P extends Payload, R>(deps: ApprovalsDeps, deed: Deed<P, R>, order: SentOrder<P>): Promise<Submitted<R>> {
  const { payload, author, reason, key } = order
  const done = await doAlone(deps, deed, order)
  if (done) {
    // With other contents at the same moment the other one was done, and this one was taken for it.
    await requireSameForm(deps.db, author)
    return { state: 'done', result: done.result }
  }
  // The key stands for something that one person could do alone, and did.
  if (await wasDone(deps, deed, order)) throw new Refusal('key_reused')
  const { subject } = await deed.preview(payload)
  const asking = { kind: deed.kind, payload, subject, reason, maker: author, key, once: deed.asksOnce === true }
  return waiting(await storeRequest(deps, asking), deed.kind, payload)
}

/** Whether a form was done by one person before, since the deed remembers its keys or since it was noted with the form. */
async function wasDone<P extends Payload, R>(
  { db }: ApprovalsDeps,
  deed: Deed<P, R>,
  { payload, author, key }: Order<P>,
): Promise<boolean> {
  if (await deed.wasDone?.(key, { payload, author })) return true
  const noted = await readForm(db, author, key)
  return noted !== undefined && !noted.wasAsked
}

/** A key of the caller's own: those of requests are the gateway's. @throws Refusal bad_input (detail: key) */
function requireOwnKey(text: string): string {
  const key = requireKey(text)
  if (key.startsWith(OF_REQUEST)) throw new Refusal('bad_input', 'key')
  return key
}

/** How often a deed that came to weigh more is weighed anew; whoever meets that many others at once may ask again. */
const MOST_TRIES = 10

/** Does what one person may do alone. @returns undefined, and nothing is done, when it takes a second one */
async function doAlone<P extends Payload, R>(deps: ApprovalsDeps, deed: Deed<P, R>, order: Order<P>): Promise<{ result: R } | undefined> {
  const { payload, ...by } = order
  for (let tries = 1; ; tries++) {
    const weighed = await deed.weigh(payload, order.key)
    if (isHeavy(deps, weighed)) return undefined
    try {
      return await doCounted(deps, deed, order, weighed, () => deed.perform(payload, { ...by, weighed }))
    } catch (error) {
      if (!(error instanceof WeighsMore)) throw error
      if (tries === MOST_TRIES) throw new Refusal('overloaded', 'it weighs more each time it is tried')
    }
  }
}

/** Counts it first where slices add up. What was done before under its key is only told again, and what was refused does not count. */
async function doCounted<P extends Payload, R>(
  deps: ApprovalsDeps,
  deed: Deed<P, R>,
  order: Order<P>,
  weight: Weight,
  perform: () => Promise<R>,
): Promise<{ result: R } | undefined> {
  const { payload, author, key } = order
  if (!deed.addsUp || typeof weight === 'string' || (await wasDone(deps, deed, order))) return { result: await perform() }
  const added = await addedBy(deed, payload, weight)
  if (added === null) return { result: await perform() }
  const counted = { author, ...countsAs(deed), key, payload: await nameOf(deed, payload), weight: added }
  const at = await countAlone(deps, counted)
  if (at === undefined) return undefined
  try {
    const result = await perform()
    await keepDone(deps, counted)
    return { result }
  } catch (error) {
    const changedNothing = error instanceof Refusal || error instanceof WeighsMore
    // Sent twice at one moment, the other one may have done it; with another payload, it has not done this.
    if (changedNothing && (isKeyReused(error) || !(await wasDone(deps, deed, order)))) await uncount(deps, counted, at)
    throw error
  }
}

/** It was counted before it was done, and it is done: that this could not be noted must not tell anybody otherwise. At worst a copy that is refused takes it out of the sum. */
async function keepDone(deps: ApprovalsDeps, counted: AloneDeed): Promise<void> {
  await keepCounted(deps, counted).catch((error: unknown) => {
    deps.log.error({ kind: counted.kind, key: counted.key, err: error }, 'a deed was done and could not be counted once more')
  })
}

/** The same key with another deed is another intent, and what was refused, taken back or left too long does not wait any more. */
function waiting<R>(request: ApprovalRequest, kind: string, payload: Payload): Submitted<R> {
  if (request.kind !== kind || canonicalJson(request.payload) !== canonicalJson(payload)) throw new Refusal('key_reused')
  if (request.state !== 'open' && request.state !== 'approved') throw new Refusal('request_not_open', request.state)
  return { state: 'waiting', request }
}
