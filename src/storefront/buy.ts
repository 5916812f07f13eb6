import { createOrder, orderOfIntent, pointsWorth } from '../orders'
import type { NewOrder, Order, OrderDeps, OrderGoods } from '../orders'
import { money, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import type { Tx } from '../shared/database'
import { Refusal } from '../shared/refusals'
import type { StorefrontDeps } from './deps'
import type { Offer, OfferType } from './offer'
import { isOnSale, readOffer } from './offer-store'
import { readEmail } from './recognise'

export type BuyDeps = StorefrontDeps & OrderDeps

/** A member, or a guest who is known by an address alone. */
export type Buyer = { readonly memberId: string } | Guest

export interface Guest {
  readonly email: string
  /** The network address that limits count by, as `RouteContext.address` gives it. */
  readonly address: string
}

interface Joining extends Pick<NewOrder, 'orderContainerId'> {
  /** Whether letters go. Without them no code joins an invoice: the pages of that show none, since whoever has its link reads them. */
  readonly hasLetters?: boolean | undefined
}

type Request = Pick<NewOrder, 'key' | 'language' | 'links'> & Joining & { readonly buyer: Buyer }

interface VoucherRequest extends Request {
  readonly offerId: string
  /** What the buyer has seen that it costs; unset where no price was shown. It is compared and never taken. */
  readonly seenPrice?: Money | undefined
}

/**
 * Buys one voucher, whose code is set aside until the order ends.
 * @throws Refusal not_found, offer_not_on_sale, price_changed (detail: the new one in roubles), offer_limit_reached, sold_out, bad_input (detail: email), invoice_being_paid,
 * code_not_sendable, and what `createOrder` refuses
 */
export async function buyVoucher(deps: BuyDeps, { offerId, buyer: whose, seenPrice, ...request }: VoucherRequest): Promise<Order> {
  const buyer = buyerOf(deps, whose)
  const known = await orderOfIntent(deps, { ...request, ...buyer, goods: 'voucher', offerId })
  if (known) return known
  await requireJoinable(deps, 'voucher', request)
  const offer = await offerOnSale(deps, offerId, 'voucher')
  if (offer.price === null) throw new Error(`bug: voucher ${offerId} has no price`)
  if (seenPrice && seenPrice.minor !== offer.price.minor) throw new Refusal('price_changed', toDecimal(offer.price.minor))
  const sold = { goods: 'voucher', offerId, title: offer.title[request.language], vatCode: offer.vatCode } as const
  return createOrder(deps, { ...request, ...buyer, ...sold, limit: limitOf(offer, buyer), amount: offer.price, points: money(0n, 'PTS') })
}

/** So many roubles' worth of points, by an offer of the catalogue or without one. */
interface PointsRequest extends Joining, Pick<NewOrder, 'key' | 'language' | 'links'> {
  readonly amount: Money
  readonly offerId?: string | undefined
}

/**
 * Buys points for somebody else: a code that any member may redeem. An offer's limits hold besides those of the settings.
 * @throws Refusal top_up_out_of_range, offer_not_on_sale, offer_limit_reached, bad_input (detail: email), and what `createOrder` refuses
 */
export async function buyTopUpCode(deps: BuyDeps, { buyer, ...request }: PointsRequest & { readonly buyer: Buyer }): Promise<Order> {
  return buyPointsAs('code', deps, buyerOf(deps, buyer), request)
}

/** A member buys points for the own account, by an offer. @throws Refusal as `buyTopUpCode`, and member_locked, member_erased */
export async function buyPoints(deps: BuyDeps, { memberId, ...request }: PointsRequest & { readonly memberId: string }): Promise<Order> {
  return buyPointsAs('points', deps, { memberId }, request)
}

async function buyPointsAs(
  goods: 'points' | 'code',
  deps: BuyDeps,
  buyer: KnownBuyer,
  { amount, offerId, ...request }: PointsRequest,
): Promise<Order> {
  const known = await orderOfIntent(deps, { ...request, ...buyer, goods, offerId, amount })
  if (known) return known
  await requireJoinable(deps, goods, request)
  const points = pointsWorth(deps, amount)
  if (offerId === undefined) return createOrder(deps, { ...request, ...buyer, goods, amount, points })
  const offer = await offerOnSale(deps, offerId, 'points')
  requireWithinRange(offer, amount)
  return createOrder(deps, { ...request, ...buyer, goods, amount, points, offerId, vatCode: offer.vatCode, limit: limitOf(offer, buyer) })
}

/** Whoever pays the invoice at hand has agreed to what it was, and points or an organisation's money pay for nothing of ours. @throws Refusal invoice_being_paid, code_not_sendable */
async function requireJoinable(deps: BuyDeps, goods: OrderGoods, { orderContainerId, hasLetters = true }: Joining): Promise<void> {
  if (orderContainerId === undefined) return
  if (goods !== 'points' && !hasLetters) throw new Refusal('code_not_sendable')
  if (await deps.isBeingPaid(orderContainerId.toLowerCase())) throw new Refusal('invoice_being_paid')
}

async function offerOnSale({ db, clock }: BuyDeps, offerId: string, type: OfferType): Promise<Offer> {
  const offer = await readOffer(db, offerId)
  if (offer.type !== type || !isOnSale(offer, clock.now())) throw new Refusal('offer_not_on_sale')
  return offer
}

/** @throws Refusal top_up_out_of_range (detail: the limits) */
function requireWithinRange({ least, most }: Offer, amount: Money): void {
  const isWithin = (least === null || amount.minor >= least.minor) && (most === null || amount.minor <= most.minor)
  if (!isWithin) throw new Refusal('top_up_out_of_range', `${String(least?.minor ?? 0n)} to ${String(most?.minor ?? 'any')} kopecks`)
}

type KnownBuyer = Pick<NewOrder, 'memberId' | 'buyer'>

function buyerOf({ storefront: { codes } }: StorefrontDeps, buyer: Buyer): KnownBuyer {
  if ('memberId' in buyer) return { memberId: buyer.memberId }
  const digest = codes.digest(readEmail(buyer.email))
  return { memberId: null, buyer: { email: buyer.email.trim(), digest, addressDigest: codes.digest(`address ${buyer.address}`) } }
}

const NOT_BOUGHT = ['failed', 'expired', 'cancelled']

const UNPAID = ['creating', 'created']
/** Each sets a code aside: whoever never pays must not keep a stock from all others. */
const MOST_UNPAID_VOUCHERS = 2

/** How often one person may buy an offer. A guest's address is not proven, so a stranger who types it must not learn what it has bought: the answer is that of other limits. Another request of the same form, which was quicker, does not count against this one. */
const limitOf =
  ({ id, type, perPerson }: Offer, { memberId, buyer }: KnownBuyer): NewOrder['limit'] =>
  async (tx, { intentKey }) => {
    const ofPerson = () => {
      const query = tx('orders').where({ offer_id: id }).whereNot({ intent_key: intentKey })
      return memberId === null ? query.whereIn('id', ordersAt(tx, buyer?.digest ?? '')) : query.where({ member_id: memberId })
    }
    if (perPerson !== null) {
      const bought: unknown[] = await ofPerson().whereNotIn('state', NOT_BOUGHT).limit(perPerson).select('id')
      if (bought.length >= perPerson) throw new Refusal(memberId === null ? 'too_many_requests' : 'offer_limit_reached')
    }
    if (type !== 'voucher') return
    const unpaid: unknown[] = await ofPerson().whereIn('state', UNPAID).limit(MOST_UNPAID_VOUCHERS).select('id')
    if (unpaid.length >= MOST_UNPAID_VOUCHERS) throw new Refusal('too_many_requests')
  }

const ordersAt = (tx: Tx, digest: string) => tx('order_buyers').where({ email_digest: digest }).select('order_id')
