import type { Author, StaffRole } from '../shared/actor'
import { DAY } from '../shared/clock'
import type { Payload } from './deed'

export const REQUEST_STATES = ['open', 'approved', 'refused', 'withdrawn', 'lapsed'] as const
export type RequestState = (typeof REQUEST_STATES)[number]

/** A deed that waits, or waited, for a second person. */
export interface ApprovalRequest {
  readonly id: string
  readonly kind: string
  readonly payload: Payload
  /** What it is done to, as the audit log writes it. */
  readonly subject: string
  readonly reason: string
  readonly maker: Author
  readonly state: RequestState
  readonly createdAt: Date
  readonly lapsesAt: Date
  readonly decision: Decision | null
  /** When the approved deed was carried out or proved impossible; null until then. */
  readonly performedAt: Date | null
  /** `done`, `nothing_changed`, the code of the refusal that the approved deed met, or `unclear` where nobody can say whether an earlier version has done it. */
  readonly outcome: string | null
}

export interface Decision {
  readonly at: Date
  readonly by: { readonly name: string; readonly login: string | null; readonly role: StaffRole | null }
  readonly reason: string | null
}

/** A request that nobody decides in this time lapses. */
export const LAPSES_AFTER_MS = 3 * DAY

/** Before the id of a request, in the key under which its deed is carried out. Nobody chooses such a key. */
export const OF_REQUEST = 'approval:'

export const keyOf = (requestId: string): string => `${OF_REQUEST}${requestId}`

/** Ends the instruction keys of what was done for a request, whatever the deed puts before it. */
export const OF_A_REQUEST = /approval:[0-9a-f-]{36}$/
