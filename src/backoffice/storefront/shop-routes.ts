import { z } from 'zod'
import { isInDoubt, listShops, publishShop, readShop, saveShop, SHOPS_ON_A_PAGE } from '../../storefront'
import type { Shop } from '../../storefront'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import type { StaffActor } from '../../shared/actor'
import { looksLikeId, newId } from '../../shared/ids'
import { may } from '../../shared/permissions'
import { Refusal, REFUSALS } from '../../shared/refusals'
import { DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { shopPath, SHOPS } from './deps'
import type { StorefrontPagesDeps } from './deps'
import { presentShops, shopForm, shopRows } from './present-shops'
import type { TypedShop } from './present-shops'

/** The doors of the shops that accept the programme. */
export const shopPages = (deps: StorefrontPagesDeps): Route[] => [listAll(deps), showOne(deps), saveOne(deps), publishOne(deps)]

const PARAMS = z.object({ id: z.string().refine(looksLikeId) })
const DONE = z.object({ done: z.string().optional() })
const REASON = DEED_FIELDS.reason

const listAll = ({ db, zone }: StorefrontPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: SHOPS,
    policy: staffWith('catalogue.read'),
    summary: 'Lists the shops that accept the programme, and how the marketplace knows them.',
    input: { query: DONE.extend({ after: z.string().max(36).optional() }) },
    handle: async (context) => {
      const reader = { ...context, zone }
      context.page('backoffice/shops', {
        frame: frameOf(context, 'shops', context.input.query.done),
        table: presentShops(
          await listShops(db, { after: context.input.query.after, limit: SHOPS_ON_A_PAGE + 1 }),
          reader,
          context.input.query,
        ),
        form: may(context.staff, 'catalogue.change') ? shopForm(newId()) : null,
      })
    },
  })

const showOne = (deps: StorefrontPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${SHOPS}/:id`,
    policy: staffWith('catalogue.read'),
    summary: 'Shows one shop, and what the marketplace last answered about it.',
    input: { params: PARAMS, query: DONE },
    handle: async (context) => {
      const { params, query } = context.input
      showCard(deps, context, { shop: await readShop(deps.db, params.id), done: query.done })
    },
  })

interface Card {
  readonly shop: Shop
  readonly done?: string | undefined
  /** A form that somebody else's change has overtaken. */
  readonly overtaken?: TypedShop
}

function showCard(
  { zone, marketplace }: StorefrontPagesDeps,
  context: Pick<RouteContext, 'page' | 't' | 'language'> & { readonly staff: StaffActor },
  { shop, done, overtaken }: Card,
): void {
  const mayChange = may(context.staff, 'catalogue.change')
  const model = {
    frame: frameOf(context, 'shops', done),
    title: shop.title[context.language],
    rows: shopRows(shop, { ...context, zone }),
    form: mayChange ? shopForm(shop.id, shop, overtaken && { typed: overtaken, t: context.t }) : null,
    publish: mayChange ? { action: `${shopPath(shop.id)}/publish`, isOn: marketplace !== null, isUnknown: isInDoubt(shop) } : null,
  }
  context.page('backoffice/shop', model, overtaken ? REFUSALS.shop_changed : 200)
}

const BODY = z.object({
  shopId: z.uuid(),
  basedOn: z.string().max(30).optional(),
  titleRu: z.string().trim().max(50),
  titleEn: z.string().trim().max(50),
  textRu: z.string().trim().max(600),
  textEn: z.string().trim().max(600),
  address: z.string().trim().max(200),
  link: z.string().trim().max(300),
  position: z.string().regex(/^\d{1,6}$/),
  shown: z.literal('yes').optional(),
  reason: REASON,
})

const lines = (text: string): string => text.replaceAll('\r\n', '\n')

const saveOne = (deps: StorefrontPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: SHOPS,
    policy: staffWith('catalogue.change'),
    summary: 'Adds a shop to those that accept the programme, or changes one.',
    input: { body: BODY },
    handle: async (context) => {
      const { shopId, titleRu, titleEn, textRu, textEn, position, shown, reason, ...plain } = context.input.body
      const words = { title: { ru: titleRu, en: titleEn }, text: { ru: lines(textRu), en: lines(textEn) } }
      const rest = { position: Number(position), isShown: shown === 'yes', author: context.staff, reason }
      const isSaved = await saveShop(deps, { shopId, ...plain, ...words, ...rest }).then(() => true, notOvertaken)
      if (isSaved) context.redirect(`${shopPath(shopId)}?done=done`)
      else showCard(deps, context, { shop: await readShop(deps.db, shopId), overtaken: context.input.body })
    },
  })

/** Other refusals are told as everywhere. */
function notOvertaken(error: unknown): false {
  if (error instanceof Refusal && error.code === 'shop_changed') return false
  throw error
}

const publishOne = (deps: StorefrontPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${SHOPS}/:id/publish`,
    policy: staffWith('catalogue.change'),
    summary: 'Creates a shop in the marketplace or updates it there, and records the answer.',
    input: {
      params: PARAMS,
      body: z.object({ knownId: z.string().trim().max(15).optional(), notThere: z.literal('yes').optional(), reason: REASON }),
    },
    handle: async ({ input: { params, body }, staff, redirect }) => {
      const knownId = body.knownId === '' ? undefined : body.knownId
      await publishShop(deps, { shopId: params.id, knownId, isNotThere: body.notThere === 'yes', author: staff, reason: body.reason })
      redirect(shopPath(params.id))
    },
  })
