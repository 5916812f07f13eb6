import type { Request, Response } from 'express'
import { newId } from '../shared/ids'
import type { Language } from '../shared/texts'

/** What we know of a request besides what it says itself. */
export interface RequestState {
  /** Our own reference code, such as `3F9A-71C2-0B4E`. A code that the request brings along is never taken over. */
  readonly id: string
  language: Language
  /** The pattern of the route, never the address itself, which may hold ids. */
  route: string
  /** Filters of a list in the office that could not be read: the list is shown without them and says so. */
  faulty: readonly FaultyFilter[]
}

/** A filter by its name in the address, and what was given for it. */
export interface FaultyFilter {
  readonly name: string
  readonly given: string
}

/** Twelve hexadecimal digits: short enough to be read out over the phone, random enough to name one request among millions. */
const newReference = (): string => (newId().replaceAll('-', '').toUpperCase().slice(0, 12).match(/.{4}/g) ?? []).join('-')

export function beginState(res: Response): RequestState {
  const state: RequestState = { id: newReference(), language: 'ru', route: 'none', faulty: [] }
  ;(res.locals as { state?: RequestState }).state = state
  return state
}

export const stateOf = (res: Response): RequestState => (res.locals as { state: RequestState }).state

/** Everything of ours speaks HTML unless it is the API or the client prefers JSON. */
export const wantsJson = (req: Request): boolean => req.path.startsWith('/api/') || req.accepts(['html', 'json']) === 'json'

/** The address that limits count by. A household or a server owns a /64 of IPv6 addresses, so those count as one. */
export function addressOf(req: Request): string {
  const address = (req.ip ?? '').replace(/^::ffff:(?=\d+\.)/, '')
  return address.includes(':') ? `${expandIpv6(address).slice(0, 4).join(':')}::/64` : address
}

/** The eight groups of an address, each without leading zeros; a zone behind `%` is left out. */
function expandIpv6(address: string): string[] {
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const left = head ? head.split(':') : []
  if (tail === undefined) return left.map(plainGroup)
  const right = tail ? tail.split(':') : []
  return [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0'), ...right].map(plainGroup)
}

const plainGroup = (group: string): string => group.toLowerCase().replace(/^0+(?=.)/, '')
