import { z } from 'zod'
import { envelope } from '../http/envelope'
import type { Json } from '../http/json'
import { ApiRefusal } from '../http/refusal'
import { toAtom } from '../state/clock'
import type { Shop, SpecialOffer } from '../state/shops'
import type { World } from '../state/world'
import type { ApiRoute } from '../wire/call'
import { notFound } from './find-order'
import { flag, moment, oneOf, readApiBody, text } from './read-body'

const whole = z.number({ error: 'This value should be of type int.' }).int({ error: 'This value should be of type int.' })
const number = z.number({ error: 'This value should be of type float.' })
const texts = z.array(text(1_000), { error: 'This value should be of type array.' }).max(1_000)
const shopType = oneOf(['shop', 'marketplace', 'external', 'offline', 'brand'])

const createSchema = z.object({
  title: text(50, 1),
  description: text(2_000).optional(),
  brandId: whole.optional(),
  merchantId: text(36).optional(),
  accountProgramIds: texts.optional(),
  externalUpdate: flag.optional(),
})

/** Data can be pulled from a merchant only when one is named (reference 3.8). @throws ApiRefusal 422 `validation` */
function checkExternal({ externalUpdate, merchantId }: Shop['fields']): void {
  if (externalUpdate === true && !merchantId)
    throw new ApiRefusal(422, 'validation', 'Validation error', [
      { name: 'externalUpdate', code: 'wrong_value', message: 'This value needs merchantId.' },
    ])
}

const updateSchema = z.object({
  description: text(2_000).optional(),
  shopUrl: text(64).optional(),
  minOrderSum: number.optional(),
  notificationEmail: text(500).optional(),
  yandexMetrikaId: whole.optional(),
  jivositeId: text(100).optional(),
  deliveryInfo: text(1_000).optional(),
  type: shopType.optional(),
  registrationAddress: text(200).optional(),
  lat: number.optional(),
  lon: number.optional(),
  brandId: whole.optional(),
  merchantId: text(36).optional(),
  accountProgramIds: texts.optional(),
  externalUpdate: flag.optional(),
})

const atom = moment.transform(toAtom)

const offerSchema = z.object({
  merchantId: text(36, 1),
  externalId: text(36, 1),
  active: flag,
  startAt: atom,
  finishAt: atom,
  description: text(1_000),
  name: text(500).optional(),
  tags: texts,
})

const stated = (fields: Readonly<Record<string, Json | undefined>>): Readonly<Record<string, Json>> =>
  Object.fromEntries(Object.entries(fields).filter((pair): pair is [string, Json] => pair[1] !== undefined))

/** What was sent, and what the marketplace adds; shops that name no programme accept none. */
export const presentShop = ({ id, token, alias, fields }: Shop): Readonly<Record<string, Json>> => ({
  id,
  type: 'shop',
  alias,
  shopUrl: `https://${alias}.shops.sandbox.test`,
  accountProgramIds: [],
  ...fields,
  token,
})

export const presentOffer = ({ id, fields }: SpecialOffer): Readonly<Record<string, Json>> => ({ ...fields, id })

/** Aliases are the moments of creation in seconds; the id keeps two of one second apart. */
function openShop(world: World, fields: Shop['fields']): Shop {
  checkExternal(fields)
  const id = world.shops.size + 1
  const alias = String(Math.floor(world.clock.now().getTime() / 1_000) + id)
  const shop: Shop = { id, token: world.chance.hex(32), alias, fields }
  world.shops.set(id, shop)
  return shop
}

/** `POST …/marketplace/api/shop` (reference 3.8). */
const createShop: ApiRoute = {
  method: 'POST',
  path: /^\/marketplace\/api\/shop$/,
  on: 'marketplace.shop',
  isMerchants: true,
  answer: (world, call) => envelope(world, presentShop(openShop(world, stated(readApiBody(createSchema, call))))),
}

/** `POST …/marketplace/api/shop/{id}`: a change, although it is a POST (reference 2.1). */
const updateShop: ApiRoute = {
  method: 'POST',
  path: /^\/marketplace\/api\/shop\/([^/]+)$/,
  on: 'marketplace.shop',
  isMerchants: true,
  answer: (world, call) => {
    const change = stated(readApiBody(updateSchema, call))
    const shop = world.shops.get(Number(call.id))
    if (!shop) throw notFound()
    const fields = { ...shop.fields, ...change }
    checkExternal(fields)
    shop.fields = fields
    return envelope(world, presentShop(shop))
  },
}

/** `POST …/marketplace/api/special-offer`: new, or changed when the merchant's `externalId` is known. */
const putOffer: ApiRoute = {
  method: 'POST',
  path: /^\/marketplace\/api\/special-offer$/,
  on: 'marketplace.offer',
  isMerchants: true,
  answer: (world, call) => {
    const fields = stated(readApiBody(offerSchema, call))
    const key = JSON.stringify([fields['merchantId'], fields['externalId']])
    const offer = world.offers.get(key) ?? { id: world.offers.size + 1, fields }
    offer.fields = fields
    world.offers.set(key, offer)
    return envelope(world, presentOffer(offer))
  },
}

export const marketplaceRoutes: readonly ApiRoute[] = [createShop, updateShop, putOffer]
