import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Log } from '../shared/log'
import type { Language } from '../shared/texts'
import type { Ledger } from '../ledger'

/** A member of the programme, without anything personal. Points stand in the ledger account `member:<id>`. */
export interface Member {
  readonly id: string
  /** Canonical: lower case. */
  readonly login: string
  readonly language: Language
  /** Since when the member may sign in and look, but not pay. */
  readonly lockedAt: Date | null
  readonly lockedReason: string | null
  /** Since when nothing is known of the person any more. */
  readonly erasedAt: Date | null
}

/** Personal data, kept in a table of its own so that it can be erased. */
export interface Person {
  readonly fullName: string | null
  readonly email: string | null
  readonly phone: string | null
}

/** What the use cases of this room need. */
export interface MembersDeps {
  readonly db: Db
  readonly ledger: Ledger
  readonly clock: Clock
  readonly log: Log
}
