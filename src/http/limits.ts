import type { RequestHandler } from 'express'
import type { Clock } from '../shared/clock'
import { SECOND } from '../shared/clock'
import { Refusal } from '../shared/refusals'
import { addressOf } from './request-state'
import type { AddressLimit } from './route'

/** How many addresses one limit remembers; beyond it the oldest is forgotten, so that a flood of addresses cannot fill the memory. */
const MOST_ADDRESSES = 10_000

/** Counts the requests of each address in windows of a fixed length. Counted per process: what guards passwords is counted in the database (`members`). */
export function limitAddress(limit: AddressLimit, clock: Clock): RequestHandler {
  const windows = new Map<string, { count: number; endsAt: number }>()
  return (req, res, next) => {
    const now = clock.now().getTime()
    // A window that ends later than a new one would was opened by a clock that was wrong, so it counts as over.
    const newEnd = now + limit.perSeconds * SECOND
    const address = addressOf(req)
    const known = windows.get(address)
    const window = known && known.endsAt > now && known.endsAt <= newEnd ? known : { count: 0, endsAt: newEnd }
    window.count += 1
    windows.delete(address)
    windows.set(address, window)
    forgetOldest(windows)
    if (window.count > limit.requests) {
      res.set('Retry-After', String(Math.ceil((window.endsAt - now) / SECOND)))
      throw new Refusal('too_many_requests')
    }
    next()
  }
}

function forgetOldest(windows: Map<string, unknown>): void {
  if (windows.size <= MOST_ADDRESSES) return
  const [oldest] = windows.keys()
  if (oldest !== undefined) windows.delete(oldest)
}

/** Lets so many requests be at work at once and refuses the rest with 503, before they have touched anything. */
export function limitWork(most: number): RequestHandler {
  let working = 0
  return (_req, res, next) => {
    if (working >= most) {
      res.set('Retry-After', '2')
      throw new Refusal('overloaded')
    }
    working += 1
    res.once('close', () => (working -= 1))
    next()
  }
}
