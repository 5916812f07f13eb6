import { z } from 'zod'
import { amountText, requireNoHeavier } from '../approvals'
import type { Deed, Performer, Weight } from '../approvals'
import { writeAudit } from '../shared/audit'
import type { AuditFacts } from '../shared/audit'
import { inTransaction } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { money, parseMoney, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { StorefrontDeps } from './deps'
import { subjectOf } from './offer'
import type { Offer } from './offer'
import { lockOffer, readOffer } from './offer-store'
import { countCodes, EMPTY, inStock } from './stock-store'

const PAYLOAD = z.strictObject({
  offerId: z.uuid(),
  /** By which they are sold, as it was when they came. */
  price: amountText('RUB'),
  /** How many are loaded. */
  codes: z.string().regex(/^[1-9]\d{0,3}$/),
})
export type LoadPayload = z.output<typeof PAYLOAD>

export type AgreeDeed = Deed<LoadPayload, void>

/**
 * Loading codes at a price that one person has set. It weighs all that is sold by that price then, as a price does that is set once the codes are there, or whoever sets it
 * first could give away any stock. What two agree to is the price: the codes themselves stand in no request and are loaded again afterwards, as many as come.
 */
export const agreeDeed = (deps: StorefrontDeps): AgreeDeed => ({
  kind: 'voucher_price_agreed',
  permission: 'catalogue.change',
  payload: PAYLOAD,
  // A price and its codes let out the same.
  addsUp: true,
  addsUpAs: 'offer_changed',
  addsUpAt: ({ offerId }) => offerId,
  weigh: (payload) => weighLoad(deps.db, payload),
  async preview({ offerId, price, codes }) {
    requirePrice(await readOffer(deps.db, offerId), price)
    const { free } = (await countCodes(deps.db, [offerId])).get(offerId) ?? EMPTY
    const after = { codes_free: String(free + Number(codes)), price: `${price} RUB` }
    return { subject: subjectOf(offerId), before: { codes_free: String(free), price: `${price} RUB` }, after }
  },
  perform: (payload, by) => agree(deps, payload, by),
})

/** @throws Refusal bad_input (detail: offer) for one that sells no codes */
async function weighLoad(db: Db, { offerId, codes }: LoadPayload): Promise<Weight> {
  const offer = await readOffer(db, offerId)
  const largest = await largestByOne(db, offer)
  if (largest === null) return 'never'
  const counts = (await countCodes(db, [offerId])).get(offerId) ?? EMPTY
  return money(largest * BigInt(inStock(counts) + Number(codes)), 'RUB')
}

/**
 * For a transaction that loads codes: holds the offer, so that a price that is set at this moment is weighed with them, or they with it.
 * @throws Refusal offer_changed where the price is another one by now; WeighsMore
 */
export async function requireWeighed(tx: Tx, payload: LoadPayload, { weighed }: Pick<Performer, 'weighed'>): Promise<void> {
  const offer = await lockOffer(tx, payload.offerId)
  if (!offer) throw new Refusal('not_found', 'offer')
  requirePrice(offer, payload.price)
  requireNoHeavier(await weighLoad(tx, payload), weighed)
}

/** @throws Refusal offer_changed */
function requirePrice({ price }: Offer, looked: string): void {
  if (price === null || toDecimal(price.minor) !== toDecimal(parseMoney(looked, 'RUB').minor)) throw new Refusal('offer_changed')
}

/** @throws Refusal forbidden, not_found, offer_changed */
async function agree({ db, clock }: StorefrontDeps, payload: LoadPayload, by: Performer): Promise<void> {
  requirePermission(by.author, 'catalogue.change')
  await inTransaction(db, async (tx) => {
    await requireWeighed(tx, payload, by)
    const { offerId, price, codes } = payload
    const entry = { author: by.author, at: clock.now(), action: AGREED, subject: subjectOf(offerId), reason: by.reason }
    await writeAudit(tx, [{ ...entry, after: { price: `${price} RUB`, codes }, ...(by.approvedBy && { approvedBy: by.approvedBy }) }])
  })
}

const AGREED = 'voucher_price_agreed'
const SETS_PRICE = ['offer_added', 'offer_changed', AGREED]

interface Step {
  readonly action: string
  readonly before: string | null
  readonly after: string | null
  readonly approved_by: string | null
}

/**
 * The largest price of an offer since two people last agreed on one, that one included, in kopecks; null where they have agreed on the price that stands. The audit log
 * tells: there is nowhere else where it stands who has set a price.
 * @throws Refusal bad_input (detail: offer) for one that has no price
 */
async function largestByOne(db: Db, { id, price }: Pick<Offer, 'id' | 'price'>): Promise<bigint | null> {
  if (price === null) throw new Refusal('bad_input', 'offer')
  const steps: Step[] = await db('audit_log')
    .where({ subject: subjectOf(id) })
    .whereIn('action', SETS_PRICE)
    .orderBy('id', 'desc')
    .select('action', 'before', 'after', 'approved_by')
  let largest = price.minor
  let isNewest = true
  for (const { action, before, after, approved_by: approvedBy } of steps) {
    const [was, is] = [priceIn(before), priceIn(after)]
    if (was === is && action !== AGREED) continue
    if (approvedBy !== null && isNewest && is === price.minor) return null
    for (const one of [was, is]) if (one > largest) largest = one
    if (approvedBy !== null) break
    isNewest = false
  }
  return largest
}

const UNIT = / RUB$/

function priceIn(facts: string | null): Money['minor'] {
  const price = facts === null ? null : (JSON.parse(facts) as AuditFacts)['price']
  return typeof price === 'string' ? parseMoney(price.replace(UNIT, ''), 'RUB').minor : 0n
}
