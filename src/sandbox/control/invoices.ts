import { z } from 'zod'
import { ApiRefusal } from '../http/refusal'
import { cancelByMerchant } from '../state/cancel-invoice'
import { toAtom } from '../state/clock'
import { createInvoice } from '../state/create-invoice'
import { CUSTOMER_FIELDS, INVOICE_STATUSES, hasExpired, statusOf } from '../state/invoices'
import type { Customer, Invoice, InvoiceStatus, Operation } from '../state/invoices'
import { partnerUrl, paymentUrl } from '../state/links'
import { markPaid, reopenInvoice } from '../state/pay-invoice'
import { toDecimal } from '../state/money'
import { operationsOn } from '../state/world'
import type { World } from '../state/world'
import { amountField, flagField, momentField, readBody, textField } from './read'

const customerFields = Object.fromEntries(CUSTOMER_FIELDS.map((name) => [name, textField(1_000).optional()])) as Record<
  (typeof CUSTOMER_FIELDS)[number],
  z.ZodOptional<z.ZodString>
>

const RAW_SENTENCE = 'must be JSON text that the API prints as it stands, e.g. "0.005", "1e400" or "\\"12.5\\"".'

const changeSchema = z.strictObject({
  amount: amountField.optional(),
  amountRaw: z.string({ error: RAW_SENTENCE }).min(1, { error: RAW_SENTENCE }).max(500, { error: RAW_SENTENCE }).nullable().optional(),
  currencyId: textField(10, 1).optional(),
  description: textField(1_000).optional(),
  number: textField(50, 1).optional(),
  expirationDate: momentField.optional(),
  customer: z.strictObject(customerFields, { error: `must be an object of ${CUSTOMER_FIELDS.join(', ')}.` }).optional(),
  status: z.enum(INVOICE_STATUSES).optional(),
  merchantOrderId: textField(256).optional(),
  merchantOrderIdVisible: textField(256).optional(),
  foreign: flagField.optional(),
})

/** When it was issued is said once, with the invoice: automatic payment has rules about age. */
const newSchema = changeSchema.extend({ createdAt: momentField.optional() })

/** `ifStatus`: the change is for an invoice that stands so, since it may be paid while the request is under way. */
const patchSchema = changeSchema.extend({ ifStatus: z.enum(INVOICE_STATUSES).optional() })

/** Only the amount may be left out, and only when `amountRaw` stands in for it. */
const STAND_IN = 100n
const MOST_INVOICES = 100_000

/** `POST /_sandbox/invoices`. @throws ApiRefusal 422 with a sentence */
export function addInvoice(world: World, body: unknown): Invoice {
  const { amount, customer, ...wish } = readBody(newSchema, body)
  if (amount === undefined && typeof wish.amountRaw !== 'string')
    throw new ApiRefusal(422, 'validation', 'amount is required, e.g. {"amount": "196.58"}.')
  if (world.invoices.size >= MOST_INVOICES)
    throw new ApiRefusal(422, 'too_many', `The sandbox holds at most ${MOST_INVOICES} invoices: reset it.`)
  return createInvoice(world, { ...wish, amount: amount ?? STAND_IN, customer: customer && stated(customer) })
}

const stated = (customer: Readonly<Record<string, string | undefined>>): Customer =>
  Object.fromEntries(Object.entries(customer).filter(([, value]) => value !== undefined))

/** `PATCH /_sandbox/invoices/{id}`. A status set by hand moves no money. @throws ApiRefusal 422 with a sentence, 409 where the invoice does not stand as `ifStatus` says */
export function changeInvoice(world: World, invoice: Invoice, body: unknown): void {
  const { status, customer, ifStatus, ...changes } = readBody(patchSchema, body)
  const stands = statusOf(invoice, world.clock.now())
  if (ifStatus && ifStatus !== stands) throw new ApiRefusal(409, 'wrong_order_status', `The invoice is ${stands}.`)
  Object.assign(invoice, Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined)))
  if (customer) invoice.customer = stated(customer)
  if (status) setStatus(world, invoice, status)
}

function setStatus(world: World, invoice: Invoice, status: InvoiceStatus): void {
  if (status === 'paid' && invoice.status !== 'paid') markPaid(world, invoice, 'hand')
  if (status === 'pending') reopenInvoice(world, invoice)
  invoice.status = status
}

/** `POST …/cancel-by-merchant`. @throws ApiRefusal 409 when there is nothing left to cancel */
export function cancelInvoice(world: World, invoice: Invoice): void {
  if (invoice.status === 'canceled') throw new ApiRefusal(409, 'wrong_order_status', 'The invoice is canceled already.')
  cancelByMerchant(world, invoice)
}

/** @throws ApiRefusal 404 */
export function findInvoice(world: World, id: unknown): Invoice {
  const invoice = world.invoices.get(String(id))
  if (!invoice) throw new ApiRefusal(404, 'not_found', `There is no invoice ${JSON.stringify(String(id).slice(0, 60))}.`)
  return invoice
}

const presentOperation = (operation: Operation) => ({
  id: operation.id,
  partnerOperationId: operation.partnerOperationId,
  amount: toDecimal(operation.amount),
  currencyId: operation.currencyId,
  at: operation.at.toISOString(),
  isReversed: operation.reversedAt !== null,
  reversedAt: operation.reversedAt?.toISOString() ?? null,
})

/** An invoice as the control interface shows it: amounts as decimal text, the true status, every operation. */
export function presentInvoice(world: World, invoice: Invoice) {
  const now = world.clock.now()
  return {
    id: invoice.id,
    number: invoice.number,
    amount: toDecimal(invoice.amount),
    amountRaw: invoice.amountRaw,
    currencyId: invoice.currencyId,
    status: statusOf(invoice, now),
    isExpired: hasExpired(invoice, now),
    description: invoice.description,
    createdAt: toAtom(invoice.createdAt),
    expirationDate: toAtom(invoice.expirationDate),
    paidAt: invoice.paidAt?.toISOString() ?? null,
    paidBy: invoice.paidBy,
    customer: invoice.customer,
    merchantOrderId: invoice.merchantOrderId,
    merchantOrderIdVisible: invoice.merchantOrderIdVisible,
    foreign: invoice.foreign,
    paymentUrl: paymentUrl(world, invoice),
    partnerUrl: partnerUrl(world, invoice),
    operations: operationsOn(world, invoice).map(presentOperation),
  }
}
