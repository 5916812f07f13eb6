import { z } from 'zod'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import { frameOf } from '../frame'
import { findAnything, onlyHit } from './find-anything'
import type { SearchDeps } from './find-anything'
import { presentSearch } from './present'

export interface SearchRoutesDeps extends SearchDeps {
  readonly config: { readonly timeZone: string }
}

/** One search over everything. What it finds alone opens at once. */
export const searchRoutes = (deps: SearchRoutesDeps): Route[] => [
  defineRoute({
    method: 'get',
    path: '/admin/search',
    policy: staffWith('members.read'),
    summary: 'Finds members and payments by any of their names; a pasted id opens what it names.',
    input: { query: z.object({ q: z.string().max(200).optional() }) },
    handle: async (context) => {
      const q = (context.input.query.q ?? '').trim()
      const found = await findAnything(deps, q, context.staff)
      const hit = onlyHit(found)
      if (hit !== undefined) {
        context.redirect(hit)
        return
      }
      const shown = presentSearch(q, found, context.staff.role, { ...context, zone: deps.config.timeZone })
      context.page('backoffice/search', { frame: frameOf(context, 'home'), searched: q, ...shown })
    },
  }),
]
