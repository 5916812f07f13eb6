import type { Request, Response, Router } from 'express'
import express from 'express'
import { refuseCrossSite } from '../control/guard'
import { FAULT_KIND_NAMES, isSpent } from '../state/faults'
import { hasExpired, payOtherwise, statusOf } from '../state/invoices'
import type { Invoice } from '../state/invoices'
import { partnerUrl } from '../state/links'
import { toDecimal } from '../state/money'
import { operationsOn } from '../state/world'
import type { World } from '../state/world'
import { goTo, pageOf, render } from './page'
import type { Page } from './page'
import { momentText, moneyText, visibleStatusView } from './present'

const KNOWN_PARAMS = ['lang']
const LONGEST_LIST = 300

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

function orderModel(world: World, invoice: Invoice, req: Request) {
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
    merchantPath: page.href(`/merchant/${invoice.status === 'paid' ? 'success' : 'return'}?order=${encodeURIComponent(invoice.id)}`),
    cheatPath: page.href(`/_sandbox/console/invoices/${encodeURIComponent(invoice.id)}`),
    kinds: FAULT_KIND_NAMES.map((kind) => ({ kind, text: page.t.faultKinds[kind] })),
    armed: armed.map((fault) => ({ kind: fault.kind, text: page.t.faultKinds[fault.kind] })),
    operations: operationRows(world, invoice, page),
  }
}

function showNotFound(req: Request, res: Response): void {
  render(req, res, 'order-not-found', {}, 404)
}

/** `/order/{id}`: the payment page. The programme is a redirect to the partner; the card pays at once and leaves the fund alone. */
export function orderPages(world: World): Router {
  const pages = express.Router({ caseSensitive: true })
  const find = (req: Request<{ id: string }>): Invoice | undefined => world.invoices.get(req.params.id)
  pages.get('/order/:id', (req, res) => {
    const invoice = find(req)
    if (invoice) render(req, res, 'order', orderModel(world, invoice, req))
    else showNotFound(req, res)
  })
  pages.get('/order/:id/programme', (req, res) => {
    const invoice = find(req)
    if (invoice) res.redirect(302, partnerUrl(world, invoice))
    else showNotFound(req, res)
  })
  pages.post('/order/:id/card', refuseCrossSite, (req: Request<{ id: string }>, res: Response) => {
    const invoice = find(req)
    const now = world.clock.now()
    if (invoice && statusOf(invoice, now) === 'pending') payOtherwise(invoice, 'card', now)
    goTo(req as Request, res, `/order/${encodeURIComponent(req.params.id)}`)
  })
  return pages
}
