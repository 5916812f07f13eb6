import type { MarketplaceClient, MarketplaceShopUpdate, ShopWritten } from '../invoicebox'
import type { Author } from '../shared/actor'
import { requireReason, writeAudit } from '../shared/audit'
import { MINUTE, plus } from '../shared/clock'
import { brokenUniqueRule, inTransaction } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { shopSubject } from './change-shop'
import type { StorefrontDeps } from './deps'
import type { Shop } from './shop'
import { isOfAnother, lockShop, noteMarketplace, readShop } from './shop-store'
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
  /** Staff have looked, and it is not there: needed when an earlier creation has no answer. */
  readonly isNotThere?: boolean | undefined
  readonly author: Author
  readonly reason: string
}

/** Whoever asked and never came back with an answer holds a shop no longer than this; no call lasts so long. */
const CLAIMED_FOR_MS = 2 * MINUTE

/**
 * Creates a shop in the marketplace, or updates it there, and records what came of it. A creation without an answer is not repeated before somebody has looked and says what
 * they found: the shop's number, or that it is not there.
 * @throws Refusal forbidden, not_found, bad_input (detail: reason, knownId), marketplace_unavailable, key_reused while somebody else is at it
 */
export async function publishShop(
  deps: PublishDeps,
  { shopId, knownId, isNotThere = false, author, reason }: ShopToPublish,
): Promise<Shop> {
  requirePermission(author, 'catalogue.change')
  const why = requireReason(reason)
  if (knownId !== undefined && !/^[1-9]\d{0,14}$/.test(knownId)) throw new Refusal('bad_input', 'knownId')
  if (!deps.marketplace) throw new Refusal('marketplace_unavailable')
  if (knownId !== undefined && (await isOfAnother(deps.db, shopId, knownId))) throw new Refusal('bad_input', 'knownId')
  const shop = await claim(deps, shopId, { hasLooked: isNotThere || knownId !== undefined })
  const id = knownId ?? shop.marketplace.id
  const outcome = await (id === null ? create(deps.marketplace, shop) : update(deps.marketplace, shop, id))
  await record(deps, shopId, { outcome, author, reason: why, id: id ?? undefined, isInDoubt: isInDoubt(shop) && !isNotThere })
  return readShop(deps.db, shopId)
}

/** Whether it may be in the marketplace under a number that was never told. */
export const isInDoubt = ({ marketplace: { id, state } }: Shop): boolean => id === null && (state === 'unknown' || state === 'asked')

/** @returns the shop as it was before the claim */
async function claim({ db, clock }: StorefrontDeps, shopId: string, { hasLooked }: { readonly hasLooked: boolean }): Promise<Shop> {
  const at = clock.now()
  return inTransaction(db, async (tx) => {
    const shop = await lockShop(tx, shopId)
    const { state, at: askedAt } = shop.marketplace
    if (state === 'asked' && askedAt && askedAt >= plus(at, -CLAIMED_FOR_MS)) throw new Refusal('key_reused', 'shop')
    if (isInDoubt(shop) && !hasLooked) throw new Refusal('bad_input', 'knownId')
    await noteMarketplace(tx, shopId, { state: 'asked', at })
    return shop
  })
}

async function create({ client, programId }: Marketplace, { title, text }: Shop): Promise<ShopWritten> {
  const draft = { title: title.ru, description: text.ru, merchantId: client.merchantId, accountProgramIds: [programId] }
  return (await client.createShop(draft)).outcome
}

/**
 * Programmes are sent all together, so the first answer is asked which ones the shop has, and ours is added to them. Where it does not tell, they are left as they are: a shop
 * must not lose the programmes of others.
 */
async function update({ client, programId }: Marketplace, shop: Shop, id: string): Promise<ShopWritten> {
  const { outcome } = await client.updateShop(id, changesOf(shop))
  const accepted = outcome.kind === 'accepted' ? outcome.shop.accountProgramIds : null
  if (accepted === null || accepted.includes(programId)) return outcome
  return (await client.updateShop(id, { accountProgramIds: [...accepted, programId] })).outcome
}

const changesOf = ({ text, link, address }: Shop): MarketplaceShopUpdate => ({
  description: text.ru,
  ...(link !== '' && link.length <= 64 && { shopUrl: link }),
  ...(address !== '' && { registrationAddress: address }),
})

interface Recording {
  readonly outcome: ShopWritten
  readonly author: Author
  readonly reason: string
  /** The number that was asked about. */
  readonly id: string | undefined
  /** Whether it was unknown before if the shop is there. */
  readonly isInDoubt: boolean
}

async function record({ db, clock, log }: StorefrontDeps, shopId: string, recording: Recording): Promise<void> {
  const { outcome, author, reason } = recording
  const news = newsOf(recording, clock.now())
  log.info({ shopId, outcome: outcome.kind }, 'the marketplace was told of a shop')
  await inTransaction(db, async (tx) => {
    await noteMarketplace(tx, shopId, news)
    const after = { state: news.state, ...(news.id !== undefined && { marketplace: news.id }) }
    const entry = { author, at: news.at, action: 'shop_published', subject: shopSubject(shopId), reason, after }
    await writeAudit(tx, [{ ...entry, evenWithoutRole: true }])
  }).catch((error: unknown) => {
    throw brokenUniqueRule(error) === undefined ? error : new Refusal('bad_input', 'knownId')
  })
}

/** What is left unknown after a creation may be there; an update changes nothing that a second one would not. A wrong number takes no doubt away. */
function newsOf({ outcome, id, isInDoubt: wasInDoubt }: Recording, at: Date): MarketplaceNews {
  const refused = wasInDoubt ? 'unknown' : 'rejected'
  switch (outcome.kind) {
    case 'accepted':
      return { state: 'accepted', at, id: outcome.shop.id, ...(outcome.shop.accountProgramIds === null && { note: 'programmes not told' }) }
    case 'rejected':
      return { state: refused, at, note: outcome.code }
    case 'unknown':
      return { state: outcome.sent && id === undefined ? 'unknown' : refused, at, note: outcome.reason }
  }
}
