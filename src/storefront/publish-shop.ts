import type { MarketplaceClient, MarketplaceShopDraft, ShopWritten } from '../invoicebox'
import type { Author } from '../shared/actor'
import { requireReason, writeAudit } from '../shared/audit'
import { MINUTE, plus } from '../shared/clock'
import { brokenUniqueRule, inTransaction } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { shopSubject } from './change-shop'
import type { StorefrontDeps } from './deps'
import type { Shop } from './shop'
import { claimMarketplace, isOfAnother, noteMarketplace, readShop } from './shop-store'
import type { MarketplaceNews } from './shop-store'

/** How shops get into Invoicebox's marketplace. */
export interface Marketplace {
  readonly client: MarketplaceClient
  /** Invoicebox's id of this programme. */
  readonly programId: string
}

export interface PublishDeps extends StorefrontDeps {
  /** null where the operator is no merchant of Invoicebox, or has not said which programme is theirs. */
  readonly marketplace: Marketplace | null
}

export interface ShopToPublish {
  readonly shopId: string
  /** The shop's number in the marketplace, when staff know it to be there. */
  readonly knownId?: string | undefined
  readonly author: Author
  readonly reason: string
}

/** Whoever asked and never came back with an answer holds a shop no longer than this; no call lasts so long. */
const CLAIMED_FOR_MS = 2 * MINUTE

/**
 * Creates a shop in the marketplace, or updates it there, and records what came of it. A creation is never repeated by itself: without an answer somebody looks first.
 * @throws Refusal forbidden, not_found, bad_input (detail: reason, knownId), marketplace_unavailable, key_reused while somebody else is at it
 */
export async function publishShop(deps: PublishDeps, { shopId, knownId, author, reason }: ShopToPublish): Promise<Shop> {
  requirePermission(author, 'catalogue.change')
  const why = requireReason(reason)
  if (knownId !== undefined && !/^[1-9]\d{0,14}$/.test(knownId)) throw new Refusal('bad_input', 'knownId')
  if (!deps.marketplace) throw new Refusal('marketplace_unavailable')
  const shop = await readShop(deps.db, shopId)
  if (knownId !== undefined && (await isOfAnother(deps.db, shopId, knownId))) throw new Refusal('bad_input', 'knownId')
  await claim(deps, shopId)
  const id = knownId ?? shop.marketplace.id
  const outcome = await ask(deps.marketplace, shop, id)
  await record(deps, shopId, { outcome, author, reason: why, id: id ?? undefined })
  return readShop(deps.db, shopId)
}

async function claim({ db, clock }: StorefrontDeps, shopId: string): Promise<void> {
  const at = clock.now()
  const isOurs = await inTransaction(db, (tx) => claimMarketplace(tx, shopId, at, plus(at, -CLAIMED_FOR_MS)))
  if (!isOurs) throw new Refusal('key_reused', 'shop')
}

async function ask({ client, programId }: Marketplace, shop: Shop, id: string | null): Promise<ShopWritten> {
  const draft: MarketplaceShopDraft = {
    title: shop.title.ru,
    description: shop.text.ru,
    merchantId: client.merchantId,
    accountProgramIds: [programId],
    ...(shop.link !== '' && shop.link.length <= 64 && { shopUrl: shop.link }),
    ...(shop.address !== '' && { registrationAddress: shop.address }),
  }
  const { outcome } = await (id === null ? client.createShop(draft) : client.updateShop(id, draft))
  return outcome
}

interface Recording {
  readonly outcome: ShopWritten
  readonly author: Author
  readonly reason: string
  /** The number that was asked about. */
  readonly id: string | undefined
}

async function record({ db, clock, log }: StorefrontDeps, shopId: string, { outcome, author, reason, id }: Recording): Promise<void> {
  const news = newsOf(outcome, clock.now(), id)
  log.info({ shopId, outcome: outcome.kind }, 'the marketplace was told of a shop')
  await inTransaction(db, async (tx) => {
    await noteMarketplace(tx, shopId, news)
    const after = { state: news.state, ...(news.id !== undefined && { marketplace: news.id }) }
    await writeAudit(tx, [{ author, at: news.at, action: 'shop_published', subject: shopSubject(shopId), reason, after }])
  }).catch((error: unknown) => {
    throw brokenUniqueRule(error) === undefined ? error : new Refusal('bad_input', 'knownId')
  })
}

/** What is left unknown after a creation may be there; an update changes nothing that a second one would not. */
function newsOf(outcome: ShopWritten, at: Date, id: string | undefined): MarketplaceNews {
  switch (outcome.kind) {
    case 'accepted':
      return { state: 'accepted', at, id: outcome.shop.id }
    case 'rejected':
      return { state: 'rejected', at, note: outcome.code }
    case 'unknown':
      return { state: outcome.sent && id === undefined ? 'unknown' : 'rejected', at, note: outcome.reason }
  }
}
