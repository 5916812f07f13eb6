import type { Request } from 'express'
import { addressOf } from './request-state'

/** Where and with what somebody signed in, as coarse as is still of use: enough to recognise a session of one's own, too little to follow a person. */
export interface Seen {
  /** The network: an IPv4 address without its last part, the /48 of an IPv6 one. */
  readonly from: string
  /** The family of the browser and of the system. */
  readonly with: string
}

declare module 'express-session' {
  interface SessionData {
    seen?: Seen
  }
}

export const seenOf = (req: Request): Seen => ({ from: networkOf(addressOf(req)), with: familyOf(req.get('user-agent') ?? '') })

export const networkOf = (address: string): string =>
  address.includes(':') ? `${address.split(':').slice(0, 3).join(':')}::/48` : address.replace(/\.\d+$/, '.x').slice(0, 60)

/** Browsers name each other, so the more particular ones come first. */
const BROWSERS = [
  ['YaBrowser/', 'Yandex'],
  ['Edg/', 'Edge'],
  ['OPR/', 'Opera'],
  ['Firefox/', 'Firefox'],
  ['Chrome/', 'Chrome'],
  ['Safari/', 'Safari'],
] as const
const SYSTEMS = [
  ['Android', 'Android'],
  ['iPhone', 'iOS'],
  ['iPad', 'iOS'],
  ['Windows', 'Windows'],
  ['Mac OS', 'macOS'],
  ['Linux', 'Linux'],
] as const

export function familyOf(userAgent: string): string {
  const named = (table: readonly (readonly [string, string])[]): string | undefined => table.find(([mark]) => userAgent.includes(mark))?.[1]
  return [named(BROWSERS) ?? '?', named(SYSTEMS)].filter((part) => part !== undefined).join(', ')
}
