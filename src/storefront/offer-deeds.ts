import type { Deed, Performer, Weight } from '../approvals'
import { writeAudit } from '../shared/audit'
import type { AuditFacts } from '../shared/audit'
import { inTransaction } from '../shared/database'
import { money } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { StorefrontDeps } from './deps'
import type { Offer } from './offer'
import { bodyOf, OFFER, offerFacts, payloadOf } from './offer-payload'
import type { OfferPayload } from './offer-payload'
import { findOffer, insertOffer, lockOffer, updateOffer } from './offer-store'

export interface OfferDeeds {
  readonly change: Deed<OfferPayload, void>
}

/** Adding an offer and changing one. Whoever sets a price above the set amount, or leaves one, needs a second person. */
export const offerDeeds = (deps: StorefrontDeps): OfferDeeds => ({
  change: {
    kind: 'offer_changed',
    permission: 'catalogue.change',
    payload: OFFER,
    weigh: async (payload) => weighPrice(await findOffer(deps.db, payload.offerId), payload, deps),
    async preview(payload) {
      const before = await findOffer(deps.db, payload.offerId)
      requireSameType(before, payload)
      return { subject: subjectOf(payload.offerId), before: factsOf(deps, before) ?? {}, after: offerFacts(payload) }
    },
    perform: (payload, by) => changeOffer(deps, payload, by),
  },
})

export const subjectOf = (id: string): string => `offer:${id}`

const factsOf = ({ storefront }: StorefrontDeps, offer: Offer | undefined): AuditFacts | undefined =>
  offer && offerFacts(payloadOf(offer, storefront.zone))

/** The larger of the two prices: too cheap costs as much as too dear. */
function weighPrice(before: Offer | undefined, payload: OfferPayload, { storefront }: StorefrontDeps): Weight {
  const [was, is] = [before?.price?.minor ?? 0n, bodyOf(payload, storefront.zone).price?.minor ?? 0n]
  return was === is ? 'never' : money(was > is ? was : is, 'RUB')
}

/** The codes of a stock cannot become points. @throws Refusal bad_input (detail: type) */
function requireSameType(before: Offer | undefined, { type }: OfferPayload): void {
  if (before && before.type !== type) throw new Refusal('bad_input', 'type')
}

async function changeOffer(deps: StorefrontDeps, payload: OfferPayload, { author, reason, approvedBy }: Performer): Promise<void> {
  requirePermission(author, 'catalogue.change')
  const [id, at, body] = [payload.offerId, deps.clock.now(), bodyOf(payload, deps.storefront.zone)]
  await inTransaction(deps.db, async (tx) => {
    const offer = await lockOffer(tx, id)
    requireSameType(offer, payload)
    const [before, after] = [factsOf(deps, offer), offerFacts(payload)]
    if (JSON.stringify(before) === JSON.stringify(after)) return
    await (offer ? updateOffer(tx, id, body, at) : insertOffer(tx, id, body, at))
    const told = { ...(before && { before }), after, ...(approvedBy && { approvedBy }) }
    await writeAudit(tx, [{ author, at, action: offer ? 'offer_changed' : 'offer_added', subject: subjectOf(id), reason, ...told }])
  })
}
