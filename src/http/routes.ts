import { z } from 'zod'
import { Refusal } from '../shared/refusals'
import type { Assets } from './assets'
import { sendAsset } from './assets'
import { defineRoute } from './route'
import type { Route } from './route'

const VERSION = z.object({ v: z.string().optional() })

/** The routes that belong to no room: the front page and the files that pages load. */
export const httpRoutes = (assets: Assets): Route[] => [
  defineRoute({
    method: 'get',
    path: '/',
    policy: { kind: 'public' },
    summary: 'Says what this place is and leads to the account.',
    handle: ({ page }) => page('home', {}),
  }),
  defineRoute({
    method: 'get',
    path: '/brand.css',
    policy: { kind: 'public' },
    session: false,
    summary: 'The colours of the programme.',
    input: { query: VERSION },
    handle: ({ res, input }) => sendAsset(res, assets.brand, input.query.v),
  }),
  defineRoute({
    method: 'get',
    path: '/assets/:file',
    policy: { kind: 'public' },
    session: false,
    summary: 'A style sheet, a script or a picture of the pages.',
    input: { params: z.object({ file: z.string().max(60) }), query: VERSION },
    handle: ({ res, input }) => {
      const asset = assets.find(input.params.file)
      if (!asset) throw new Refusal('not_found')
      sendAsset(res, asset, input.query.v)
    },
  }),
]
