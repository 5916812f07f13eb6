import { z } from 'zod'
import { defineRoute } from '../http'
import type { Route } from '../http'
import { isDown, isTransient } from '../shared/database'
import { looksLikeId } from '../shared/ids'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { RefusalCode } from '../shared/refusals'
import { openCheckout } from './arrive'
import { readCheckout } from './checkouts'
import { issueConsent } from './consent'
import { makePayment } from './make-payment'
import { noteLeft } from './note-left'
import { memberOf } from './payment'
import type { PaymentDeps } from './payment'
import { declineExit, presentCheckout, presentReceipt } from './present'
import { viewCheckout } from './view-checkout'

export interface PaymentRoutesDeps extends PaymentDeps {
  /** How missing points are bought; handed in, since this room knows nobody who sells them. */
  readonly missing?: { priceOf(missing: Money): Money | undefined; origins(): Promise<readonly string[]> }
}

/** The doors of this room: arrival from Invoicebox, the checkout page and its two forms, the receipt. */
export const paymentRoutes = (deps: PaymentRoutesDeps): Route[] => [
  arrive(deps),
  showCheckout(deps),
  confirm(deps),
  decline(deps),
  showReceipt(deps),
]

const CHECKOUT = z.object({ id: z.string().refine(looksLikeId) })
const LINK = z.string().optional()

/** One address may bring so many invoices a minute: each costs a request to Invoicebox. */
const ARRIVALS = { requests: 60, perSeconds: 60 }

const arrive = (deps: PaymentDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/pay',
    policy: { kind: 'public' },
    summary: 'Takes a browser that Invoicebox sent with an invoice id to a checkout of its own.',
    input: { query: z.object({ invoiceId: LINK, invoice_id: LINK, id: LINK, successUrl: LINK, failUrl: LINK, returnUrl: LINK }) },
    limit: ARRIVALS,
    handle: async ({ input: { query }, actor, redirect }) => {
      const invoiceId = query.invoiceId ?? query.id ?? query.invoice_id ?? ''
      const memberId = actor?.kind === 'member' ? actor.id : null
      const id = await openCheckout(deps, {
        invoiceId,
        memberId,
        successUrl: query.successUrl,
        failUrl: query.failUrl,
        returnUrl: query.returnUrl,
      })
      redirect(`/pay/${id}`)
    },
  })

const showCheckout = (deps: PaymentRoutesDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/pay/:id',
    policy: { kind: 'public' },
    summary: 'Shows the invoice, what it costs in points, and what became of the payment.',
    input: { params: CHECKOUT, query: z.object({ notice: z.literal('consent').optional().catch(undefined) }) },
    handle: async ({ input, actor, t, language, page, formsMayLeadTo }) => {
      const member = actor?.kind === 'member' ? actor : null
      const view = await viewCheckout(deps, input.params.id, member?.id ?? null)
      const { checkout } = view
      const model = presentCheckout(
        view,
        { t, language },
        {
          notice: input.query.notice,
          priceOf: (points) => deps.missing?.priceOf(points),
          consent: (invoice, points) => {
            if (!member) throw new Error('bug: a consent for nobody')
            const of = { checkoutId: checkout.id, memberId: member.id, invoiceId: checkout.invoiceId, amount: invoice.amount, points }
            return issueConsent(deps.settings.secret, of, deps.clock.now())
          },
        },
      )
      if (model.onwardSeconds !== undefined) noteLeft(deps, checkout)
      formsMayLeadTo(declineExit(checkout))
      if (model.topUp) for (const origin of (await deps.missing?.origins()) ?? []) formsMayLeadTo(origin)
      page('payments/checkout', model, view.state === 'not-found' ? 404 : 200)
    },
  })

/** After these the page itself says what is so: it is shown again, as it is now. */
const TOLD_BY_THE_PAGE: readonly RefusalCode[] = [
  'amount_changed',
  'invoice_not_payable',
  'invoice_unsupported',
  'invoice_being_paid',
  'not_enough_points',
  'member_locked',
  'spending_limit',
  'payments_unavailable',
]

const confirm = (deps: PaymentDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/pay/:id/confirm',
    policy: { kind: 'member' },
    summary: 'Pays the invoice with the points and the price that the form was shown with.',
    input: { params: CHECKOUT, body: z.object({ consent: z.string() }) },
    handle: async ({ input, member, redirect }) => {
      const path = `/pay/${input.params.id}`
      try {
        await makePayment(deps, { checkoutId: input.params.id, memberId: member.id, consent: input.body.consent })
        redirect(path)
      } catch (error) {
        // A connection that broke during the commit leaves it open whether the points are held: the page will tell.
        if (isTransient(error) || isDown(error)) redirect(path)
        else if (!(error instanceof Refusal)) throw error
        else if (error.code === 'consent_expired') redirect(`${path}?notice=consent`)
        else if (TOLD_BY_THE_PAGE.includes(error.code)) redirect(path)
        else throw error
      }
    },
  })

const decline = (deps: PaymentDeps): Route =>
  defineRoute({
    method: 'post',
    path: '/pay/:id/decline',
    policy: { kind: 'member' },
    summary: 'Takes a buyer who does not want to pay here back to where they came from.',
    input: { params: CHECKOUT, body: z.object({}) },
    handle: async ({ input, member, redirect, redirectOut }) => {
      const { checkout, payment } = await readCheckout(deps.db, input.params.id, member.id)
      const isMine = payment !== undefined && memberOf(payment) === member.id
      // Whoever has points held must see what becomes of them, not leave as if nothing had happened.
      if (isMine && payment.state !== 'voided') {
        redirect(`/pay/${checkout.id}`)
        return
      }
      if (isMine && payment.checkoutId === checkout.id) noteLeft(deps, checkout)
      redirectOut(declineExit(checkout))
    },
  })

const showReceipt = (deps: PaymentDeps): Route =>
  defineRoute({
    method: 'get',
    path: '/pay/:id/receipt',
    policy: { kind: 'member' },
    summary: 'Shows the receipt of a payment, ready for the printer.',
    input: { params: CHECKOUT },
    handle: async ({ input, member, t, language, page }) => {
      const { checkout, payment } = await readCheckout(deps.db, input.params.id, member.id)
      if (!payment || memberOf(payment) !== member.id || payment.state !== 'captured') throw new Refusal('not_found')
      page('payments/receipt', presentReceipt(payment, checkout, { t, language }))
    },
  })
