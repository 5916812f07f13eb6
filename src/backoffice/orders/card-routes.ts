import { z } from 'zod'
import { defineRoute, staffWith } from '../../http'
import type { Route } from '../../http'
import { checkOrder, looksLikeNumber, planRefund, readHistory } from '../../orders'
import type { RefundPlan } from '../../orders'
import { listAlertsAbout } from '../../shared/alerts'
import type { Db } from '../../shared/database'
import { money, NotMoney, parsePositiveMoney, toDecimal } from '../../shared/money'
import { Refusal } from '../../shared/refusals'
import { formatMoney } from '../../shared/texts/format'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { staffLogins } from '../staff-logins'
import type { OrderPagesDeps } from './deps'
import { ORDERS_PATH } from './order-filters'
import { presentOrderCard } from './present-order'

const ORDER_PATH = `${ORDERS_PATH}/:number`
const PARAMS = z.object({ number: z.string().refine(looksLikeNumber) })

/** The doors of one top-up. */
export const orderCardRoutes = (deps: OrderPagesDeps): Route[] => [showOne(deps), checkOne(deps), refundOne(deps)]

const showOne = ({ db, zone }: OrderPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: ORDER_PATH,
    policy: staffWith('orders.read'),
    summary: 'Shows one top-up with everything that happened to it.',
    input: { params: PARAMS, query: z.object({ done: z.string().optional(), checked: z.literal('yes').optional().catch(undefined) }) },
    handle: async (context) => {
      const { params, query } = context.input
      const history = await readHistory(db, params.number)
      const [plan, alerts, logins] = await Promise.all([planOf(db, params.number), listAlertsAbout(db, history.order.id), staffLogins(db)])
      const told = alerts.map(({ detail }) => detail)
      const view = { history, plan, alerts: told, wasChecked: query.checked === 'yes', logins }
      const page = presentOrderCard(view, context.staff, { ...context, zone })
      context.page('backoffice/order', { frame: frameOf(context, 'orders', query.done), ...page })
    },
  })

/** What a whole refund would be; null where there can be none. */
async function planOf(db: Db, number: string): Promise<RefundPlan | null> {
  try {
    return await planRefund(db, number)
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
    input: { params: PARAMS, body: z.object({ ...DEED_FIELDS, amount: z.string().trim().max(30) }) },
    handle: async (context) => {
      const { number } = context.input.params
      const amount = readAmount(context.input.body.amount)
      const back = `${ORDERS_PATH}/${number}`
      await answerDeed(context, deps.approvals, {
        section: 'orders',
        deed: deps.deeds.orders.refund,
        payload: { number, amount },
        what: context.t('order.refund_what', { number, payout: await payoutText(deps.db, { number, amount }, context) }),
        action: `${back}/refund`,
        fields: { amount: amount ?? '' },
        back,
      })
    },
  })

/** Roubles as people type them; nothing means all that is left. @throws Refusal bad_input (detail: amount) */
function readAmount(text: string): string | null {
  const plain = text.replace(/[\s\u00a0]/g, '').replace(',', '.')
  if (plain === '') return null
  try {
    return toDecimal(parsePositiveMoney(plain, 'RUB').minor)
  } catch (error) {
    if (error instanceof NotMoney) throw new Refusal('bad_input', 'amount')
    throw error
  }
}

/** The second step of a form that was sent twice finds nothing left to plan: then the amount as typed says it. */
async function payoutText(
  db: Db,
  { number, amount }: { readonly number: string; readonly amount: string | null },
  { language }: { readonly language: 'ru' | 'en' },
): Promise<string> {
  const plan = await planRefund(db, number, amount === null ? undefined : parsePositiveMoney(amount, 'RUB')).catch((error: unknown) => {
    if (error instanceof Refusal) return null
    throw error
  })
  if (!plan) return amount ?? ''
  return formatMoney(money(plan.amount.minor - plan.fee.minor, 'RUB'), language)
}
