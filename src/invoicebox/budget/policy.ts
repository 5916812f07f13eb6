import { MINUTE, SECOND } from '../../shared/clock'

/** On whose behalf Invoicebox is asked, the most urgent first: a buyer has pressed "pay"; somebody looks at a page; money is held and waits; nobody waits. */
export const REQUEST_CLASSES = ['payment', 'page', 'recovery', 'background'] as const
export type RequestClass = (typeof REQUEST_CLASSES)[number]

export type PerClass = Readonly<Record<RequestClass, number>>
export const NONE: PerClass = { payment: 0, page: 0, recovery: 0, background: 0 }

/** What Invoicebox allows: so many requests in any span of so many milliseconds. */
export interface Limit {
  readonly requests: number
  readonly windowMs: number
}

/** What all processes have taken of the limit at one moment. Times are milliseconds of the bucket's own clock. */
export interface Bucket {
  readonly limit: Limit
  readonly now: number
  /** Slots taken and not free again. */
  readonly used: PerClass
  /** How many of them will be free again within `soonMs`. */
  readonly soonFree: number
  /** When the next of them is free again; null when none is taken. */
  readonly nextFreeAt: number | null
  /** How long Invoicebox has told everybody to stay away. */
  readonly closedForMs: number
  /** Slots that may be taken at this moment: fewer than the limit for a while after a 429. */
  readonly allowed: number
  /** Before that moment neither recovery nor background takes another slot. */
  readonly pacedUntil: number
  /** Slots that callers of other processes wait for. */
  readonly wantedElsewhere: PerClass
}

export interface Waiter {
  readonly as: RequestClass
  /** Fewer are of no use. */
  readonly atLeast: number
  readonly atMost: number
  readonly waitedMs: number
}

export interface Decision {
  /** Slots for each waiter, in the order in which they were given; 0 waits on. */
  readonly grants: readonly number[]
  readonly pacedUntil: number
  /** When another look is worth while; Infinity when nobody waits. */
  readonly wakeInMs: number
}

/** Pages cost their viewers nothing, so strangers must not be able to keep payments waiting with them. */
const PAGE_SHARE = 0.5
/**
 * As long as there are buyers, six of a hundred slots are free or about to be: enough for three who press "pay" within a second. With slots that are about to be free
 * counted in, the same use of the window lets buyers wait half as long as a reserve of free slots alone does (both were simulated).
 */
const RESERVE_SHARE = 0.06
/** What "about to be" means: 0.8 of 30 seconds, which is less than anybody notices. */
export const soonMs = ({ windowMs }: Limit): number => windowMs / 37.5
/** One list and nine confirms out of a hundred: more at once would leave the next buyer a gap of seconds a window later. */
const CHUNK_SHARE = 0.1
/** Recovery that waited this long goes with the payments: buyers that never pause must not keep held points waiting for ever. */
export const AGED_MS = 5 * SECOND
/** Other processes free slots without telling us, so a look is taken this often in a window. */
const LOOKS_PER_WINDOW = 60

/** Between two slots, where those in no hurry can choose: spread evenly they come back evenly, and a buyer finds one at any moment. */
export const paceMs = ({ requests, windowMs }: Limit): number => windowMs / requests

/** @returns who gets how many slots now. Pure; the order is: class, then time of arrival. Whoever lacks a free slot keeps everybody behind from taking it. */
export function decide(bucket: Bucket, waiters: readonly Waiter[]): Decision {
  const grants = waiters.map(() => 0)
  const { pacedUntil } = bucket
  if (bucket.closedForMs > 0) return { grants, pacedUntil, wakeInMs: waiters.length > 0 ? bucket.closedForMs : Infinity }
  const counter = new Counter(bucket)
  for (const { waiter, index } of inOrder(waiters)) {
    const granted = counter.serve(waiter)
    grants[index] = granted
    if (granted === 0 && counter.isShort) break
  }
  return { grants, pacedUntil: counter.pacedUntil, wakeInMs: grants.includes(0) ? wakeInMs(bucket, counter) : Infinity }
}

function inOrder(waiters: readonly Waiter[]): { waiter: Waiter; index: number }[] {
  const ranked = waiters.map((waiter, index) => ({ waiter, index, rank: isAged(waiter) ? 0 : REQUEST_CLASSES.indexOf(waiter.as) }))
  return ranked.sort((a, b) => a.rank - b.rank || a.index - b.index)
}

const isAged = ({ as, waitedMs }: Waiter): boolean => as === 'recovery' && waitedMs >= AGED_MS

/** Hands out the slots of one decision. */
class Counter {
  /** Raised when the last caller failed for want of free slots, and not because of a rule of its own class. */
  isShort = false
  pacedUntil: number
  private free: number
  private pages: number
  private readonly reserve: number
  private readonly soon: number

  constructor(private readonly bucket: Bucket) {
    const { used, allowed, limit } = bucket
    this.free = allowed - sum(used)
    this.pages = used.page
    this.pacedUntil = bucket.pacedUntil
    this.reserve = used.payment + used.page > 0 ? Math.round(limit.requests * RESERVE_SHARE) : 0
    this.soon = bucket.soonFree
  }

  serve(waiter: Waiter): number {
    const atLeast = Math.min(waiter.atLeast, Math.max(1, this.bucket.allowed))
    const room = this.room(waiter)
    this.isShort = room < atLeast
    const granted = Math.min(room, this.most(waiter, atLeast))
    if (granted < atLeast) return 0
    this.take(waiter.as, granted)
    return granted
  }

  /** What is free and not kept for somebody more urgent. */
  private room(waiter: Waiter): number {
    if (waiter.as === 'payment' || isAged(waiter)) return this.free
    const before = REQUEST_CLASSES.slice(0, REQUEST_CLASSES.indexOf(waiter.as))
    const wanted = before.reduce((total, name) => total + this.bucket.wantedElsewhere[name], 0)
    return this.free - wanted - (waiter.as === 'page' ? 0 : Math.max(0, this.reserve - this.soon))
  }

  /** What the rules of the class allow. */
  private most(waiter: Waiter, atLeast: number): number {
    const { limit, allowed, now } = this.bucket
    if (waiter.as === 'payment') return waiter.atMost
    if (waiter.as === 'page') return Math.min(waiter.atMost, Math.max(1, Math.floor(allowed * PAGE_SHARE)) - this.pages)
    if (isAged(waiter)) return atLeast
    if (now < this.pacedUntil) return 0
    return Math.min(waiter.atMost, Math.max(atLeast, Math.floor(limit.requests * CHUNK_SHARE)))
  }

  private take(as: RequestClass, count: number): void {
    this.free -= count
    if (as === 'page') this.pages += count
    // A look that came a little late is made up for, once: otherwise each lateness would be lost for good. Buyers count too, though nobody holds them up: else those in
    // no hurry would take at full pace beside them, and a window later all slots would be gone before the first is free.
    const gap = paceMs(this.bucket.limit)
    this.pacedUntil = Math.max(this.pacedUntil, this.bucket.now - gap) + count * gap
  }
}

const sum = (counts: PerClass): number => REQUEST_CLASSES.reduce((total, name) => total + counts[name], 0)

function wakeInMs({ limit, now, nextFreeAt }: Bucket, { pacedUntil }: Counter): number {
  const moments = [nextFreeAt ?? Infinity, pacedUntil > now ? pacedUntil : Infinity].map((moment) => moment - now)
  return Math.max(1, Math.min(limit.windowMs / LOOKS_PER_WINDOW, ...moments))
}

/** After a 429 our count is not the whole truth (somebody else may use the account), so we take less for a while. */
export const REDUCED_TO = 0.8
export const RECOVERS_IN_MS = 5 * MINUTE
/** One payment is always possible. */
const LEAST_ALLOWED = 2

/** How many slots are allowed when `reduction` were taken away so long ago: they come back evenly. */
export function allowedNow({ requests }: Limit, reduction: number, sinceMs: number): number {
  const left = reduction * Math.min(1, Math.max(0, 1 - sinceMs / RECOVERS_IN_MS))
  return Math.max(Math.min(requests, LEAST_ALLOWED), Math.floor(requests - left))
}

/** How many slots fewer than the limit there are after another 429. */
export const furtherReduction = (limit: Limit, allowed: number): number => limit.requests - Math.floor(allowed * REDUCED_TO)
