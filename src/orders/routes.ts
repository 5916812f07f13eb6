import { z } from 'zod'
import { defineRoute } from '../http'
import type { Route, RouteContext } from '../http'
import { looksLikeId, newId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import { orderPath } from './draft'
import { listOrders } from './list-orders'
import { looksLikeNumber } from './number'
import type { OrderDeps } from './order'
import { paymentOrigins } from './payment-origins'
import { presentForm, presentLines, presentOrder } from './present'
import { mayBuy, topUp, typedRoubles } from './top-up'
import { viewOrder } from './view-order'

/** The doors of a member to top-ups: the form with the list, and the page of one order. */
export const orderRoutes = (deps: OrderDeps): Route[] => [showTopUps(deps), buyPoints(deps), showTopUp(deps)]

const TOP_UPS = '/account/top-ups'
const PAGE = 20
const ID = z.string().refine(looksLikeId)

const showTopUps = (deps: OrderDeps): Route =>
  defineRoute({
    method: 'get',
    path: TOP_UPS,
    policy: { kind: 'member' },
    summary: "Shows the member's own top-ups, newest first, and the form for another one.",
    input: { query: z.object({ before: ID.optional() }) },
    handle: (context) => answerForm(deps, context, { memberId: context.member.id, before: context.input.query.before }),
  })

const buyPoints = (deps: OrderDeps): Route =>
  defineRoute({
    method: 'post',
    path: TOP_UPS,
    policy: { kind: 'member' },
    summary: 'Makes an order of points at Invoicebox and takes the member to its payment page.',
    input: { body: z.object({ amount: z.string().max(30), checkout: z.union([z.literal(''), ID]).optional(), key: z.uuid().optional() }) },
    handle: async (context) => {
      const { amount, checkout, key } = context.input.body
      try {
        const request = {
          memberId: context.member.id,
          amount: typedRoubles(amount),
          checkoutId: checkout === '' ? undefined : checkout,
          key,
        }
        const order = await topUp(deps, { ...request, language: context.language })
        if (order.state === 'created' && order.paymentUrl !== null) context.redirectOut(order.paymentUrl)
        else context.redirect(orderPath(order.number))
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        await answerForm(deps, context, { memberId: context.member.id, typed: { amount, refusal: error } })
      }
    },
  })

const showTopUp = (deps: OrderDeps): Route =>
  defineRoute({
    method: 'get',
    path: `${TOP_UPS}/:number`,
    policy: { kind: 'member' },
    summary: 'Shows a top-up: its payment link while it waits, and what became of it.',
    input: { params: z.object({ number: z.string().refine(looksLikeNumber) }) },
    handle: async ({ input, member, t, language, page }) => {
      page('orders/top-up', presentOrder(await viewOrder(deps, input.params.number, member.id), { t, language }))
    },
  })

interface Shown {
  readonly memberId: string
  readonly before?: string | undefined
  readonly typed?: { readonly amount: string; readonly refusal: Refusal }
}

async function answerForm(
  deps: OrderDeps,
  context: Pick<RouteContext, 'page' | 't' | 'language' | 'formsMayLeadTo'>,
  shown: Shown,
): Promise<void> {
  const found = await listOrders(deps.db, { memberId: shown.memberId }, { limit: PAGE + 1, before: shown.before })
  const last = found.at(PAGE - 1)
  for (const origin of await paymentOrigins(deps)) context.formsMayLeadTo(origin)
  const model = {
    form: (await mayBuy(deps, shown.memberId)) ? presentForm(deps.topUps, newId(), context, shown.typed) : null,
    lines: presentLines(found.slice(0, PAGE), context),
    ...(found.length > PAGE && last && { olderHref: `${TOP_UPS}?before=${last.id}` }),
    ...(shown.before !== undefined && { newestHref: TOP_UPS }),
  }
  context.page('orders/top-ups', model, shown.typed?.refusal.status ?? 200)
}
