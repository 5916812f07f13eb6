import { answerList } from '../list/answer-list'
import { amount, moment, text } from '../list/fields'
import type { Field, Fields } from '../list/fields'
import { CUSTOMER_FIELDS, visibleStatus } from '../state/invoices'
import type { Invoice } from '../state/invoices'
import type { ApiRoute } from '../wire/call'
import { presentInvoice } from './present'

const FIELDS: Fields<Invoice> = new Map<string, Field<Invoice>>([
  ['id', text((_world, invoice) => invoice.id)],
  ['number', text((_world, invoice) => invoice.number)],
  ['merchantOrderId', text((_world, invoice) => invoice.merchantOrderId)],
  ['merchantOrderIdVisible', text((_world, invoice) => invoice.merchantOrderIdVisible)],
  ['status', text((world, invoice) => visibleStatus(invoice, world.clock, world.settings))],
  ['currencyId', text((_world, invoice) => invoice.currencyId)],
  ['description', text((_world, invoice) => invoice.description)],
  ['amount', amount((invoice) => invoice.amount)],
  ['createdAt', moment((invoice) => invoice.createdAt)],
  ['expirationDate', moment((invoice) => invoice.expirationDate)],
  ...CUSTOMER_FIELDS.map((name) => [`customer.${name}`, text<Invoice>((_world, invoice) => invoice.customer[name])] as const),
])

/** `GET …/business/api/invoice`: the invoices offered to this partner, filtered, sorted, by pages. */
export const listInvoices: ApiRoute = {
  method: 'GET',
  path: /^\/business\/api\/invoice$/,
  on: 'business.list',
  answer: (world, call) => {
    const items = [...world.invoices.values()].filter((invoice) => !invoice.foreign)
    return answerList(world, call, { fields: FIELDS, items, present: presentInvoice })
  },
}
