import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Log } from '../shared/log'
import type { Seal } from '../shared/seal'

/** What the use cases of this room need. */
export interface StorefrontDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly storefront: StorefrontSettings
}

export interface StorefrontSettings {
  /** Keeps codes that are money's worth. */
  readonly codes: Seal
  /** One-time codes by e-mail: what is derived and counted for them. */
  readonly oneTimeCodes: Seal
  /** What says who somebody is in the mini-app. */
  readonly memberPasses: Seal
  /** What opens one order to whoever made it. */
  readonly orderPasses: Seal
  /** The operator's zone: offers begin and end with its days. */
  readonly zone: string
}
