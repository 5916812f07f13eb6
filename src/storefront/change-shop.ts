import { z } from 'zod'
import type { Author } from '../shared/actor'
import { requireReason, writeAudit } from '../shared/audit'
import type { AuditFacts } from '../shared/audit'
import { brokenUniqueRule, inTransaction } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { StorefrontDeps } from './deps'
import { isPlain } from './plain-text'
import type { Shop } from './shop'
import { insertShop, lockIfThere, updateShop } from './shop-store'
import type { ShopBody } from './shop-store'

export interface ShopChange extends ShopBody {
  /** Of a new shop as well: the form that adds it names it, so that one sent twice is one shop. */
  readonly shopId: string
  readonly author: Author
  readonly reason: string
  /** What whoever writes has seen, by `shopStamp`; absent where nobody has looked. */
  readonly basedOn?: string | undefined
}

/** Names what a form was made from: a shop as it was last changed, or that there was none. */
export const shopStamp = (shop?: Pick<Shop, 'changedAt'>): string => shop?.changedAt.toISOString() ?? 'new'

const title = z.string().min(1).max(50).refine(isPlain)
const text = z
  .string()
  .max(600)
  .refine((value) => isPlain(value.replaceAll('\n', '')))
/** A name or a password before the host makes a link look as if it led somewhere else. */
function isLink(value: string): boolean {
  if (value === '') return true
  if (!isPlain(value) || !/^https?:\/\//i.test(value) || !URL.canParse(value)) return false
  const { username, password } = new URL(value)
  return username === '' && password === ''
}

const BODY = z.object({
  title: z.object({ ru: title, en: title }),
  text: z.object({ ru: text, en: text }),
  address: z.string().max(200).refine(isPlain),
  link: z.string().max(300).refine(isLink),
  position: z.int().min(0).max(1_000_000),
  isShown: z.boolean(),
})

const factsOf = ({ title: titles, text: texts, address, link, position, isShown }: ShopBody): AuditFacts => ({
  titleRu: titles.ru,
  titleEn: titles.en,
  textRu: texts.ru,
  textEn: texts.en,
  address,
  link,
  position: String(position),
  shown: isShown,
})

/**
 * Adds a shop to those that accept the programme, or changes one. One person may: no money moves by it.
 * @throws Refusal forbidden, bad_input (detail: the field); shop_changed when somebody has changed it since it was seen
 */
export async function saveShop(deps: StorefrontDeps, { shopId, author, reason, basedOn, ...body }: ShopChange): Promise<void> {
  requirePermission(author, 'catalogue.change')
  const change = { shopId, author, reason: requireReason(reason), basedOn }
  const checked = BODY.safeParse(body)
  if (!checked.success) throw new Refusal('bad_input', String(checked.error.issues[0]?.path[0] ?? ''))
  await write(deps, change, checked.data).catch((error: unknown) => {
    // The same form was quicker in another tab: by now the shop is there.
    if (brokenUniqueRule(error) === undefined) throw error
    return write(deps, change, checked.data)
  })
}

type Written = Pick<ShopChange, 'shopId' | 'author' | 'reason' | 'basedOn'>

const write = ({ db, clock }: StorefrontDeps, { shopId, author, reason, basedOn }: Written, body: ShopBody): Promise<void> =>
  inTransaction(db, async (tx) => {
    const at = clock.now()
    const shop: Shop | undefined = await lockIfThere(tx, shopId)
    const [before, after] = [shop && factsOf(shop), factsOf(body)]
    if (JSON.stringify(before) === JSON.stringify(after)) return
    if (basedOn !== undefined && basedOn !== shopStamp(shop)) throw new Refusal('shop_changed')
    await (shop ? updateShop(tx, shopId, body, at) : insertShop(tx, shopId, body, at))
    const told = { ...(before && { before }), after }
    await writeAudit(tx, [{ author, at, action: shop ? 'shop_changed' : 'shop_added', subject: shopSubject(shopId), reason, ...told }])
  })

export const shopSubject = (id: string): string => `shop:${id}`
