import { z } from 'zod'
import type { Approvals, Deed, Payload } from '../../approvals'
import { defineRoute, staffWith } from '../../http'
import type { Route, RouteContext } from '../../http'
import { checkPayment, FINDINGS, readTimeline, requireKnownPayment } from '../../payments'
import type { PaymentDeeds, PaymentDeps } from '../../payments'
import type { Permission } from '../../shared/permissions'
import type { StaffActor } from '../../shared/actor'
import { listAlertsAbout } from '../../shared/alerts'
import { looksLikeId } from '../../shared/ids'
import { formatMoney } from '../../shared/texts/format'
import { answerDeed, DEED_FIELDS } from '../deed-routes'
import { frameOf } from '../frame'
import { staffLogins } from '../staff-logins'
import { waitingRows } from '../waiting'
import { PAYMENTS_PATH } from './payment-filters'
import { readPayerNames } from './payers'
import { wordsFor } from './payer-words'
import { presentPayment } from './present-payment'

/** What the pages about payments work with. */
export interface PaymentPagesDeps extends PaymentDeps {
  readonly approvals: Approvals
  readonly deeds: { readonly payments: PaymentDeeds }
  readonly zone: string
}

const ID = z.object({ id: z.string().refine(looksLikeId) })
const PAYMENT_PATH = `${PAYMENTS_PATH}/:id`

/** The doors of one payment. */
export const paymentCardRoutes = (deps: PaymentPagesDeps): Route[] => [
  showOne(deps),
  checkOne(deps),
  decide(deps, { name: 'void', right: 'payments.resolve', summary: 'Gives the points of a review back.' }),
  decide(deps, { name: 'reverse', right: 'payments.reverse', summary: 'Gives the points of a captured payment back.' }),
  captureOne(deps),
]

const showOne = (deps: PaymentPagesDeps): Route =>
  defineRoute({
    method: 'get',
    path: PAYMENT_PATH,
    policy: staffWith('payments.read'),
    summary: 'Shows one payment with everything that happened to it.',
    input: { params: ID, query: z.object({ done: z.string().optional(), checked: z.enum(FINDINGS).optional().catch(undefined) }) },
    handle: async (context) => {
      const { params, query } = context.input
      const { db, zone } = deps
      await requireKnownPayment(deps, params.id, context.staff)
      const timeline = await readTimeline(db, params.id)
      const [alerts, logins, payers] = await Promise.all([
        listAlertsAbout(db, params.id),
        staffLogins(db),
        readPayerNames(db, [timeline.payment], context.staff.role),
      ])
      const view = presentPayment({ timeline, alerts, checked: query.checked, logins, payers }, context.staff, { ...context, zone })
      const waiting = await waitingRows(context, deps.approvals, `payment:${params.id}`)
      context.page('backoffice/payment', { frame: frameOf(context, 'payments', query.done), waiting, ...view })
    },
  })

const checkOne = (deps: PaymentPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${PAYMENT_PATH}/check`,
    policy: staffWith('payments.check'),
    summary: 'Asks Invoicebox about the payment now, with its own operation id.',
    input: { params: ID, body: z.object({}) },
    handle: async ({ input, staff, redirect }) => {
      const found = await checkPayment(deps, { paymentId: input.params.id, author: staff })
      redirect(`${PAYMENTS_PATH}/${input.params.id}?checked=${found}`)
    },
  })

interface Decision {
  readonly name: 'void' | 'reverse'
  readonly right: Permission
  readonly summary: string
}

const decide = (deps: PaymentPagesDeps, { name, right, summary }: Decision): Route =>
  defineRoute({
    method: 'post',
    path: `${PAYMENT_PATH}/${name}`,
    policy: staffWith(right),
    summary,
    input: { params: ID, body: z.object(DEED_FIELDS) },
    handle: (context) => {
      const paymentId = context.input.params.id
      return answer(deps, context, { name, paymentId, deed: deps.deeds.payments[name], payload: { paymentId }, fields: {} })
    },
  })

const captureOne = (deps: PaymentPagesDeps): Route =>
  defineRoute({
    method: 'post',
    path: `${PAYMENT_PATH}/capture`,
    policy: staffWith('payments.resolve'),
    summary: 'Captures a payment in review under the transaction that Invoicebox’s support named.',
    input: { params: ID, body: z.object({ ...DEED_FIELDS, transactionId: z.string().trim().max(100) }) },
    handle: (context) => {
      const { transactionId } = context.input.body
      const paymentId = context.input.params.id
      const payload = { paymentId, transactionId }
      return answer(deps, context, { name: 'capture', paymentId, deed: deps.deeds.payments.capture, payload, fields: { transactionId } })
    },
  })

interface Ordered<P extends Payload> {
  readonly name: 'void' | 'capture' | 'reverse'
  readonly paymentId: string
  readonly deed: Deed<P>
  readonly payload: P
  readonly fields: Readonly<Record<string, string>>
}

type FormContext = Pick<RouteContext, 'page' | 'redirect' | 't' | 'language'> & {
  readonly staff: StaffActor
  readonly input: { readonly body: z.output<z.ZodObject<typeof DEED_FIELDS>> }
}

async function answer<P extends Payload>(deps: PaymentPagesDeps, context: FormContext, order: Ordered<P>): Promise<void> {
  const { points, amount, invoiceNumber: number, payer } = await requireKnownPayment(deps, order.paymentId, context.staff)
  const words = { points: formatMoney(points, context.language), amount: formatMoney(amount, context.language), number }
  const back = `${PAYMENTS_PATH}/${order.paymentId}`
  await answerDeed(context, deps.approvals, {
    section: 'payments',
    deed: order.deed,
    payload: order.payload,
    what: wordsFor(payer.kind, context.t)(`payment.${order.name}.what`, words),
    action: `${back}/${order.name}`,
    fields: order.fields,
    typed: Object.keys(order.fields),
    back,
  })
}
