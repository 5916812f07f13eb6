import { z } from 'zod'
import { defineRoute } from '../http'
import type { Route } from '../http'
import type { Db } from '../shared/database'
import { looksLikeId } from '../shared/ids'
import { readPicture } from './pictures'
import { presentShops } from './present'
import { SHOPS_ON_A_PAGE } from './shop'
import { listShops } from './shop-store'

/** What everybody may see of the catalogue: its pictures, and the shops that accept the programme. */
export const catalogueRoutes = (deps: { readonly db: Db }): Route[] => [showPicture(deps), whereToSpend(deps)]

const showPicture = ({ db }: { readonly db: Db }): Route =>
  defineRoute({
    method: 'get',
    path: '/catalogue/pictures/:id',
    policy: { kind: 'public' },
    session: false,
    summary: 'The picture of an offer; another picture has another address, so a browser keeps it for a year.',
    input: { params: z.object({ id: z.string().refine(looksLikeId) }) },
    handle: async ({ res, input }) => {
      const { type, bytes } = await readPicture(db, input.params.id)
      res.set({ 'Cache-Control': 'public, max-age=31536000, immutable', 'Content-Type': type }).send(bytes)
    },
  })

const whereToSpend = ({ db }: { readonly db: Db }): Route =>
  defineRoute({
    method: 'get',
    path: '/where-to-spend',
    policy: { kind: 'public' },
    summary: 'Lists the shops that accept the programme, and finds them by words.',
    input: { query: z.object({ q: z.string().max(100).optional(), after: z.string().max(36).optional() }) },
    handle: async ({ input: { query }, page, language }) => {
      const searched = query.q?.trim() ?? ''
      const shops = await listShops(db, { words: searched, onlyShown: true, after: query.after, limit: SHOPS_ON_A_PAGE + 1 })
      page('storefront/shops', presentShops(shops, searched, language))
    },
  })
