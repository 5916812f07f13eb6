import { requireNoHeavier } from '../approvals'
import type { Deed, Performer, Weight } from '../approvals'
import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { wasCarriedOut, writeAudit } from '../shared/audit'
import type { AuditFacts } from '../shared/audit'
import { inTransaction, lockName } from '../shared/database'
import type { Tx } from '../shared/database'
import { canonicalJson } from '../shared/ids'
import { money } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { agreeDeed } from './agree-price'
import type { AgreeDeed } from './agree-price'
import type { StorefrontDeps } from './deps'
import { subjectOf } from './offer'
import type { Offer } from './offer'
import { bodyOf, OFFER, offerFacts, payloadOf } from './offer-payload'
import type { OfferPayload } from './offer-payload'
import { findOffer, insertOffer, lockOffer, updateOffer } from './offer-store'
import { countCodes, EMPTY, inStock } from './stock-store'
import { withdrawDeed } from './withdraw-codes'
import type { CodesDeed } from './withdraw-codes'

export interface OfferDeeds {
  readonly change: Deed<OfferPayload, void>
  readonly withdraw: CodesDeed
  readonly agree: AgreeDeed
}

/** Adding an offer and changing one. Whoever sets a price above the set amount, or leaves one, needs a second person. */
export const offerDeeds = (deps: StorefrontDeps): OfferDeeds => ({
  change: {
    kind: 'offer_changed',
    permission: 'catalogue.change',
    payload: OFFER,
    // An offer is no bound: one person alone could give away the stock of each.
    addsUp: true,
    addsUpAt: ({ offerId }) => offerId,
    weigh: (payload) => weighPrice(deps, payload),
    async preview(payload) {
      const before = await findOffer(deps.db, payload.offerId)
      requireSameType(before, payload)
      requireSeen(before, payload)
      return { subject: subjectOf(payload.offerId), before: factsOf(deps, before) ?? {}, after: offerFacts(payload) }
    },
    // Sent again, a form must not take what it did out of the sum.
    wasDone: (key, { author }) => wasCarriedOut(deps.db, keyOf(key), author),
    perform: (payload, by) => changeOffer(deps, payload, by),
  },
  withdraw: withdrawDeed(deps),
  agree: agreeDeed(deps),
})

const factsOf = ({ storefront }: StorefrontDeps, offer: Offer | undefined): AuditFacts | undefined =>
  offer && offerFacts(payloadOf(offer, storefront.zone))

/** The larger of the two prices, since too cheap costs as much as too dear, for as many codes as are sold by it. Those that come later are weighed when they come (`agreeDeed`). */
async function weighPrice({ db, storefront }: Pick<StorefrontDeps, 'db' | 'storefront'>, payload: OfferPayload): Promise<Weight> {
  const before = await findOffer(db, payload.offerId)
  const [was, is] = [before?.price?.minor ?? 0n, bodyOf(payload, storefront.zone).price?.minor ?? 0n]
  if (was === is) return 'never'
  const stock = inStock((await countCodes(db, [payload.offerId])).get(payload.offerId) ?? EMPTY)
  return money((was > is ? was : is) * BigInt(Math.max(1, stock)), 'RUB')
}

/**
 * A whole offer is written, so one that was changed meanwhile would lose that change: it may have been taken off sale. Without a look at one, it must be a new one.
 * @throws Refusal offer_changed
 */
function requireSeen(before: Offer | undefined, { basedOn }: OfferPayload): void {
  if (before?.changedAt.toISOString() !== basedOn) throw new Refusal('offer_changed')
}

/** The codes of a stock cannot become points. @throws Refusal bad_input (detail: type) */
function requireSameType(before: Offer | undefined, { type }: OfferPayload): void {
  if (before && before.type !== type) throw new Refusal('bad_input', 'type')
}

const keyOf = (key: string): string => `offer:${key}`

/** What was done under a key is not counted again, so it is not done again either. @throws Refusal key_reused where the key stands for something else */
async function isDone(tx: Tx, key: string, { author, after }: { readonly author: Author; readonly after: AuditFacts }): Promise<boolean> {
  const where = { instruction_key: keyOf(key), actor: authorName(author) }
  const row: { after: string } | undefined = await tx('audit_log').where(where).first('after')
  if (row && row.after !== canonicalJson(after)) throw new Refusal('key_reused')
  return row !== undefined
}

/** @throws WeighsMore where codes came in since it was weighed; Refusal forbidden, bad_input (detail: type), offer_changed, key_reused */
async function changeOffer(deps: StorefrontDeps, payload: OfferPayload, by: Performer): Promise<void> {
  const { author, reason, approvedBy, weighed } = by
  requirePermission(author, 'catalogue.change')
  const [id, at, body] = [payload.offerId, deps.clock.now(), bodyOf(payload, deps.storefront.zone)]
  await inTransaction(deps.db, async (tx) => {
    // A copy of the form that adds one waits here: an offer that is not there yet has no row to lock.
    await lockName(tx, subjectOf(id))
    const offer = await lockOffer(tx, id)
    requireSameType(offer, payload)
    const [before, after] = [factsOf(deps, offer), offerFacts(payload)]
    const wasDone = await isDone(tx, by.key, { author, after })
    if (JSON.stringify(before) === JSON.stringify(after)) return
    if (wasDone) throw new Refusal('offer_changed')
    requireSeen(offer, payload)
    // Codes may have come in since: more of them are sold at that price.
    requireNoHeavier(await weighPrice({ ...deps, db: tx }, payload), weighed)
    await (offer ? updateOffer(tx, id, body, at) : insertOffer(tx, id, body, at))
    const told = { ...(before && { before }), after, instructionKey: keyOf(by.key), ...(approvedBy && { approvedBy }) }
    await writeAudit(tx, [{ author, at, action: offer ? 'offer_changed' : 'offer_added', subject: subjectOf(id), reason, ...told }])
  })
}
