import { createOrder, pointsWorth } from '../orders'
import type { NewOrder, Order, OrderDeps } from '../orders'
import { money } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { z } from 'zod'
import type { StorefrontDeps } from './deps'
import type { Offer } from './offer'
import { isOnSale, readOffer } from './offer-store'

export type BuyDeps = StorefrontDeps & OrderDeps

/** A member, or a guest who is known by an address alone. */
export type Buyer = { readonly memberId: string } | { readonly email: string }

type Request = Pick<NewOrder, 'key' | 'language' | 'links' | 'orderContainerId'> & { readonly buyer: Buyer }

/**
 * Buys one voucher, whose code is set aside until the order ends.
 * @throws Refusal not_found, offer_not_on_sale, offer_limit_reached, sold_out, bad_input (detail: email), and what `createOrder` refuses
 */
export async function buyVoucher(
  deps: BuyDeps,
  { offerId, buyer: whose, ...request }: Request & { readonly offerId: string },
): Promise<Order> {
  const offer = await readOffer(deps.db, offerId)
  if (offer.type !== 'voucher' || offer.price === null || !isOnSale(offer, deps.clock.now())) throw new Refusal('offer_not_on_sale')
  const buyer = buyerOf(deps, whose)
  await requireWithinLimit(deps, offer, buyer, request.key)
  const sold = { goods: 'voucher', offerId, title: offer.title[request.language], vatCode: offer.vatCode } as const
  return createOrder(deps, { ...request, ...buyer, ...sold, amount: offer.price, points: money(0n, 'PTS') })
}

/** Buys points for somebody else: a code that any member may redeem. @throws Refusal top_up_out_of_range, bad_input (detail: email), and what `createOrder` refuses */
export async function buyTopUpCode(deps: BuyDeps, { amount, buyer, ...request }: Request & { readonly amount: Money }): Promise<Order> {
  return createOrder(deps, { ...request, ...buyerOf(deps, buyer), goods: 'code', amount, points: pointsWorth(deps, amount) })
}

type KnownBuyer = Pick<NewOrder, 'memberId' | 'buyer'>

const EMAIL = z.email().max(254)

function buyerOf({ storefront }: StorefrontDeps, buyer: Buyer): KnownBuyer {
  if ('memberId' in buyer) return { memberId: buyer.memberId }
  const email = EMAIL.safeParse(buyer.email.trim())
  if (!email.success) throw new Refusal('bad_input', 'email')
  return { memberId: null, buyer: { email: email.data, digest: storefront.codes.digest(email.data.toLowerCase()) } }
}

const NOT_BOUGHT = ['failed', 'expired', 'cancelled']

/** How often one person may buy an offer; the form at hand does not count against itself. */
async function requireWithinLimit({ db }: BuyDeps, { id, perPerson }: Offer, { memberId, buyer }: KnownBuyer, key?: string): Promise<void> {
  if (perPerson === null) return
  const query = db('orders').where({ offer_id: id }).whereNotIn('state', NOT_BOUGHT)
  if (key !== undefined) void query.whereNot({ intent_key: key })
  if (memberId !== null) void query.where({ member_id: memberId })
  else
    void query.whereIn(
      'id',
      db('order_buyers')
        .where({ email_digest: buyer?.digest ?? '' })
        .select('order_id'),
    )
  const bought: unknown[] = await query.limit(perPerson).select('id')
  if (bought.length >= perPerson) throw new Refusal('offer_limit_reached')
}
