import type { StaffActor, StaffRole } from '../shared/actor'
import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Log } from '../shared/log'

/** One of the operator's staff. */
export interface StaffMember {
  readonly id: string
  readonly login: string
  readonly role: StaffRole
  readonly createdAt: Date
  readonly disabledAt: Date | null
  /** Signing in asks for a code besides the password. */
  readonly hasFactor: boolean
  /** There is no password yet: one is chosen with a code that an admin hands over. */
  readonly awaitsSetup: boolean
  readonly passwordHash: string
  /** Where they are written to; null when nowhere. */
  readonly email: string | null
}

/** What the use cases of this room need. */
export interface StaffDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly settings: {
    /** Off in the demo alone. */
    readonly secondFactor: boolean
    /** The secret of which the key to the stored second factors is made. */
    readonly secret: string
    /** How an authenticator app names us. */
    readonly issuer: string
  }
}

/** These may approve or hand out rights, so a password alone does not let them in, and nobody makes one of them alone. */
export const isPowerful = (role: StaffRole): boolean => role === 'admin' || role === 'approver'

export const actorOf = ({ id, login, role }: Pick<StaffMember, 'id' | 'login' | 'role'>): StaffActor => ({ kind: 'staff', id, login, role })

/** How a member of staff stands in the audit log. */
export const subjectOf = (id: string): string => `staff:${id}`
