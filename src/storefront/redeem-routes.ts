import { z } from 'zod'
import { defineRoute } from '../http'
import type { Route } from '../http'
import type { Ledger } from '../ledger'
import { Refusal } from '../shared/refusals'
import { formatMoney } from '../shared/texts/format'
import type { StorefrontDeps } from './deps'
import { redeemCode } from './redeem-code'

type RedeemDeps = StorefrontDeps & { readonly ledger: Ledger }

/** Where a member turns a code, which somebody bought, into points. */
export const redeemRoutes = (deps: RedeemDeps): Route[] => [showForm, takeCode(deps)]

const REDEEM = '/account/redeem'

const showForm = defineRoute({
  method: 'get',
  path: REDEEM,
  policy: { kind: 'member' },
  summary: 'Shows the form for a code that stands for points.',
  handle: ({ page }) => page('storefront/redeem', { alert: null, done: null, code: '' }),
})

const takeCode = (deps: RedeemDeps): Route =>
  defineRoute({
    method: 'post',
    path: REDEEM,
    policy: { kind: 'member' },
    summary: 'Credits the points of a code, once.',
    limit: { requests: 100, perSeconds: 600 },
    input: { body: z.object({ code: z.string().max(60) }) },
    handle: async ({ input: { body }, member, page, t, language }) => {
      try {
        const points = await redeemCode(deps, { memberId: member.id, code: body.code })
        page('storefront/redeem', { alert: null, done: t('redeem.done', { points: formatMoney(points, language) }), code: '' })
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        page('storefront/redeem', { alert: t(`refusal.${error.code}`), done: null, code: body.code }, error.status)
      }
    },
  })
