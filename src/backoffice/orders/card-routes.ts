import { z } from 'zod'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import { checkOrder, findOrder, looksLikeNumber, planRefund, readHistory } from '../../orders'
import type { RefundPlan } from '../../orders'
import { listAlertsAbout } from '../../shared/alerts'
import { money, NotMoney, parsePositiveMoney, toDecimal } from '../../shared/money'
import { Refusal } from '../../shared/refusals'
import { formatMoney } from '../../shared/texts/format'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { staffLogins } from '../staff-logins'
import type { Reader } from '../reader'
import type { OrderPagesDeps } from './deps'
import { ORDERS_PATH } from './order-filters'
import { presentOrderCard } from './present-order'
import type { OrderView } from './present-order'

const ORDER_PATH = `${ORDERS_PATH}/:number`
const PARAMS = z.object({ number: z.string().refine(looksLikeNumber) })

/** The doors of one top-up. */
export const orderCardRoutes = (deps: OrderPagesDeps): Route[] => [showOne(deps), checkOne(deps), refundOne(deps)]

const showOne = (deps: OrderPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: ORDER_PATH,
    policy: staffWith('orders.read'),
    summary: 'Shows one top-up with everything that happened to it.',
    input: { params: PARAMS, query: z.object({ done: z.string().optional(), checked: z.literal('yes').optional().catch(undefined) }) },
    handle: async (context) => {
      const { params, query } = context.input
      const view = { ...(await readView(deps, params.number)), wasChecked: query.checked === 'yes' }
      const page = presentOrderCard(view, context.staff, { ...context, zone: deps.zone })
      context.page('backoffice/order', { frame: frameOf(context, 'orders', query.done), ...page })
    },
  })

async function readView(deps: OrderPagesDeps, number: string): Promise<Omit<OrderView, 'wasChecked'>> {
  const { db, fulfilment } = deps
  const history = await readHistory(db, number)
  const [plan, code, alerts, logins] = await Promise.all([
    planOf(deps, number),
    fulfilment.look(db, history.order),
    listAlertsAbout(db, history.order.id),
    staffLogins(db),
  ])
  return { history, plan, code, alerts: alerts.map(({ detail }) => detail), logins }
}

/** What a whole refund would be; null where there can be none. */
async function planOf(deps: OrderPagesDeps, number: string): Promise<RefundPlan | null> {
  try {
    return await planRefund(deps, number)
  } catch (error) {
    if (error instanceof Refusal) return null
    throw error
  }
}

const checkOne = (deps: OrderPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${ORDER_PATH}/check`,
    policy: staffWith('orders.check'),
    summary: 'Asks Invoicebox about the order now.',
    input: { params: PARAMS, body: z.object({}) },
    handle: async ({ input, staff, redirect }) => {
      await checkOrder(deps, { number: input.params.number, author: staff })
      redirect(`${ORDERS_PATH}/${input.params.number}?checked=yes`)
    },
  })

const refundOne = (deps: OrderPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${ORDER_PATH}/refund`,
    policy: staffWith('orders.refund'),
    summary: 'Gives money of a paid order back and takes its points.',
    input: {
      params: PARAMS,
      body: z.object({ ...DEED_FIELDS, amount: z.string().trim().max(30).default(''), unused: z.literal('yes').optional() }),
    },
    handle: async (context) => {
      const { number } = context.input.params
      const amount = readAmount(context.input.body.amount)
      const unused = context.input.body.unused === 'yes'
      const back = `${ORDERS_PATH}/${number}`
      await answerDeed(context, deps.approvals, {
        section: 'orders',
        deed: deps.deeds.orders.refund,
        payload: { number, amount, unused },
        what: await whatText(deps, { number, amount }, context),
        action: `${back}/refund`,
        fields: { amount: amount ?? '', ...(unused && { unused: 'yes' }) },
        typed: ['amount'],
        back,
      })
    },
  })

/** Roubles as people type them; nothing means all that is left. What is no amount stays as it was typed, since the deed refuses it. */
function readAmount(text: string): string | null {
  const plain = text.replace(/[\s\u00a0]/g, '').replace(',', '.')
  if (plain === '') return null
  try {
    return toDecimal(parsePositiveMoney(plain, 'RUB').minor)
  } catch (error) {
    if (error instanceof NotMoney) return plain
    throw error
  }
}

async function whatText(deps: OrderPagesDeps, of: Wanted, reader: Pick<Reader, 't' | 'language'>): Promise<string> {
  const goods = (await findOrder(deps.db, { number: of.number }))?.goods ?? 'points'
  const words = { number: of.number, payout: await payoutText(deps, of, reader) }
  return reader.t(goods === 'points' ? 'order.refund_what' : 'order.refund_code_what', words)
}

interface Wanted {
  readonly number: string
  readonly amount: string | null
}

const planTyped = async (deps: OrderPagesDeps, { number, amount }: Wanted): ReturnType<typeof planRefund> =>
  planRefund(deps, number, amount === null ? undefined : parsePositiveMoney(amount, 'RUB'))

/** The second step of a form that was sent twice finds nothing left to plan: then the amount as typed says it. */
async function payoutText(deps: OrderPagesDeps, { number, amount }: Wanted, { language }: Pick<Reader, 'language'>): Promise<string> {
  const plan = await planTyped(deps, { number, amount }).catch((error: unknown) => {
    if (error instanceof Refusal || error instanceof NotMoney) return null
    throw error
  })
  if (!plan) return amount ?? ''
  return formatMoney(money(plan.amount.minor - plan.fee.minor, 'RUB'), language)
}
