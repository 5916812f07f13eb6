import type { Request, Response, Router } from 'express'
import express from 'express'
import { refuseCrossSite } from '../control/guard'
import { FAULT_KIND_NAMES, faultRule, isSpent } from '../state/faults'
import { hasExpired, statusOf } from '../state/invoices'
import type { Invoice } from '../state/invoices'
import { partnerUrl, returnLink } from '../state/links'
import type { ReturnLink } from '../state/links'
import { toDecimal } from '../state/money'
import { ordersIn } from '../state/order-status'
import { payByGuarantee } from '../state/pay-by-guarantee'
import { markPaid } from '../state/pay-invoice'
import { operationsOn } from '../state/world'
import type { World } from '../state/world'
import { orderPart, shopAnswer } from './order-part'
import type { HostParts } from '../host/minapp-host'
import { slotModel } from '../host/slot'
import { allow } from './content-policy'
import { goTo, pageOf, render } from './page'
import type { Page } from './page'
import { momentText, moneyText, visibleStatusView } from './present'

const KNOWN_PARAMS = ['lang', 'minapp', 'preset', 'view']
const LONGEST_LIST = 300
/** Seconds after which the page looks again whether the shop has answered. */
const LOOK_AGAIN = 2

/** Names in the query that this page does not know. The address must come back from the partner unchanged. */
function appendedParams(req: Request): string {
  const names = Object.keys(req.query).filter((name) => !KNOWN_PARAMS.includes(name))
  return names.join(', ').slice(0, LONGEST_LIST)
}

const operationRows = (world: World, invoice: Invoice, { lang }: Page) =>
  operationsOn(world, invoice).map((operation) => ({
    id: operation.id,
    partnerOperationId: operation.partnerOperationId,
    amount: moneyText(operation.amount, operation.currencyId, lang),
    isReversed: operation.reversedAt !== null,
  }))

/** A link to the shop: its own as it stands, our stand-in in the language of the page. */
function shopPath(world: World, invoice: Invoice, page: Page, link: ReturnLink): string {
  const href = returnLink(world, invoice, link)
  return href.startsWith(`${world.url}/merchant/`) ? page.href(href.slice(world.url.length)) : href
}

const faultOptions = ({ t }: Page) =>
  FAULT_KIND_NAMES.filter((kind) => faultRule('business.confirm', kind)).map((kind) => ({ kind, text: t.faultKinds[kind] }))

async function orderModel(parts: HostParts, invoice: Invoice, req: Request, res: Response) {
  const { world } = parts
  const page = pageOf(req)
  const path = `/order/${encodeURIComponent(invoice.id)}`
  const appended = appendedParams(req)
  const armed = world.faults.filter((fault) => fault.invoiceId === invoice.id && !isSpent(fault))
  return {
    invoice,
    state: visibleStatusView(world, invoice, page),
    amount: moneyText(invoice.amount, invoice.currencyId, page.lang),
    amountValue: toDecimal(invoice.amount),
    issued: momentText(invoice.createdAt, page.lang),
    deadline: page.t.order.payBefore(momentText(invoice.expirationDate, page.lang)),
    isExpired: hasExpired(invoice, world.clock.now()),
    paidBy: invoice.paidBy && page.t.order.paidBy[invoice.paidBy],
    rawAmount: invoice.amountRaw === null ? null : page.t.order.rawAmount(invoice.amountRaw),
    appended: appended === '' ? null : page.t.order.appended(appended),
    programmePath: `${path}/programme`,
    cardPath: page.href(`${path}/card`),
    guaranteePath: page.href(`${path}/guarantee`),
    successPath: shopPath(world, invoice, page, 'successUrl'),
    failPath: shopPath(world, invoice, page, 'failUrl'),
    returnPath: shopPath(world, invoice, page, 'returnUrl'),
    shop: shopAnswer(world, invoice),
    orders: orderPart(world, invoice, page),
    slot: !page.isFramed && statusOf(invoice, world.clock.now()) === 'pending' ? await slotModel(parts, invoice, req, res) : null,
    target: page.isFramed ? '_blank' : '_self',
    cheatPath: page.href(`/_sandbox/console/invoices/${encodeURIComponent(invoice.id)}`),
    kinds: faultOptions(page),
    armed: armed.map((fault) => ({ kind: fault.kind, text: page.t.faultKinds[fault.kind] })),
    operations: operationRows(world, invoice, page),
  }
}

function showNotFound(req: Request, res: Response): void {
  render(req, res, 'order-not-found', {}, 404)
}

async function showInvoice(parts: HostParts, invoice: Invoice, req: Request, res: Response): Promise<void> {
  allow(res, { isFramed: true })
  const model = await orderModel(parts, invoice, req, res)
  if (model.shop === 'waiting') res.set('Refresh', String(LOOK_AGAIN))
  render(req, res, 'order', model)
}

/** `/order/{id}`: the payment page. The programme is a redirect to the partner; card and guarantee pay at once and leave the partner's fund alone. */
export function orderPages(parts: HostParts): Router {
  const { world } = parts
  const pages = express.Router({ caseSensitive: true })
  const find = (req: Request<{ id: string }>): Invoice | undefined => world.invoices.get(req.params.id)
  pages.get('/order/:id', async (req, res) => {
    const invoice = find(req)
    if (invoice) await showInvoice(parts, invoice, req, res)
    else showNotFound(req, res)
  })
  pages.get('/order/:id/programme', (req, res) => {
    const invoice = find(req)
    if (invoice) res.redirect(302, partnerUrl(world, invoice))
    else showNotFound(req, res)
  })
  for (const [method, pay] of Object.entries(PAYMENTS)) {
    pages.post(`/order/:id/${method}`, refuseCrossSite, (req: Request<{ id: string }>, res: Response) => {
      const invoice = find(req)
      if (invoice && statusOf(invoice, world.clock.now()) === 'pending') pay(world, invoice)
      goTo(req as Request, res, `/order/${encodeURIComponent(req.params.id)}`)
    })
  }
  return pages
}

/** What pays at once on this page. An invoice without orders names no company, so it has no guarantee. */
const PAYMENTS: Readonly<Record<string, (world: World, invoice: Invoice) => void>> = {
  card: (world, invoice) => markPaid(world, invoice, 'card'),
  guarantee: (world, invoice) => {
    const [order] = ordersIn(world, invoice.id)
    if (order) payByGuarantee(world, invoice, order)
  },
}
