import { findOrder } from '../orders'
import type { Order } from '../orders'
import { DAY, MINUTE, plus } from '../shared/clock'
import { looksLikeId } from '../shared/ids'
import type { Seal } from '../shared/seal'
import type { StorefrontDeps } from './deps'

/** Long enough to choose and to pay, too short to be of use to whoever finds it. */
const MEMBER_PASS_MS = 30 * MINUTE
/** As long as a guest's address is known. */
const ORDER_PASS_MS = 30 * DAY
const LONGEST_PASS = 400
const OWNER = 'pass'
/** Of a pass that stands where others see it. */
const STATE_OWNER = 'pass to the state'

type Deps = Pick<StorefrontDeps, 'clock' | 'storefront'>

/**
 * A pass names one thing and says until when. It is sealed under a key of its own purpose, so nobody reads it or makes one, none opens what another kind opens, and it is no
 * session: it stands in no cookie and there is no row that it finds.
 */
function sealPass(seal: Seal, id: string, until: Date, owner = OWNER): string {
  return seal.seal(owner, `${id}.${until.getTime().toString(36)}`)
}

/** The id inside a pass; undefined when it is over or not one of ours. */
function openPass(seal: Seal, pass: string | undefined, now: Date, owner = OWNER): string | undefined {
  if (pass === undefined || pass.length > LONGEST_PASS) return undefined
  const [id, until = ''] = seal.unseal(owner, pass)?.split('.') ?? []
  return looksLikeId(id) && now.getTime() < parseInt(until, 36) ? id : undefined
}

export const sealMemberPass = ({ clock, storefront }: Deps, memberId: string): string =>
  sealPass(storefront.memberPasses, memberId, plus(clock.now(), MEMBER_PASS_MS))

export const idOfMemberPass = ({ clock, storefront }: Deps, pass: string | undefined): string | undefined =>
  openPass(storefront.memberPasses, pass, clock.now())

/** What opens one order, for thirty days, to whoever made it, guests included: its state, and its code once it is paid. */
export const sealOrderPass = ({ clock, storefront }: Deps, { id }: Pick<Order, 'id'>): string =>
  sealPass(storefront.orderPasses, id, plus(clock.now(), ORDER_PASS_MS))

/** What tells the state of one order and nothing else, for links that stand on the payment page: whoever has the link of an invoice reads those. */
export const sealStatePass = ({ clock, storefront }: Deps, { id }: Pick<Order, 'id'>): string =>
  sealPass(storefront.orderPasses, id, plus(clock.now(), ORDER_PASS_MS), STATE_OWNER)

/** The order whose state a pass tells; undefined as of `orderOfPass`. */
export async function orderOfStatePass(deps: Deps & Pick<StorefrontDeps, 'db'>, pass: string | undefined): Promise<Order | undefined> {
  const id = openPass(deps.storefront.orderPasses, pass, deps.clock.now(), STATE_OWNER)
  return id === undefined ? undefined : findOrder(deps.db, { id })
}

/** The order that a pass opens; undefined when the pass is over or not one of ours. */
export async function orderOfPass(deps: Deps & Pick<StorefrontDeps, 'db'>, pass: string | undefined): Promise<Order | undefined> {
  const id = openPass(deps.storefront.orderPasses, pass, deps.clock.now())
  return id === undefined ? undefined : findOrder(deps.db, { id })
}
