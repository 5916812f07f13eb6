import { z } from 'zod'
import { NotMoney, isUnit, parsePositiveMoney } from '../shared/money'
import type { Money, Unit } from '../shared/money'
import { tell } from '../shared/told'
import { cleanText, maskText } from './clean-text'
import { ExactNumber, isObject } from './exact-json'
import type { Json, JsonObject } from './exact-json'
import { parseMoment } from './moments'
import { isUsablePaymentUrl } from './payment-url'
import type { Customer, Invoice, InvoiceStatus, OddInvoice } from './types'

/** The shapes of the Business API: fields we do not know are dropped, an object and a list of one are the same. */

/** What the settings say about invoices. */
export interface InvoiceRules {
  readonly currencies: readonly Unit[]
  readonly allowHttp: boolean
}

/** A number's own text, or text: `110`, `1239.6` and `"1239.60"` are the same kind of field. */
export const exactText = z.union([z.string(), z.instanceof(ExactNumber).transform((number) => number.text)])

export const moment = z.string().transform((text, context) => {
  const date = parseMoment(text)
  if (date) return date
  context.addIssue({ code: 'custom', message: 'This is not a datetime.' })
  return z.NEVER
})

const STATUSES: Readonly<Record<string, InvoiceStatus>> = {
  pending: 'pending',
  paid: 'paid',
  canceled: 'canceled',
  cancelled: 'canceled',
  partial: 'partial',
}

/** Missing and unfamiliar are the same: not known. */
const status = z.preprocess(
  (value) => (typeof value === 'string' && Object.hasOwn(STATUSES, value) ? STATUSES[value] : null),
  z.custom<InvoiceStatus | null>(),
)

const NAME_LIMIT = 250

/** Optional as a whole and in each part; PHP writes an empty one as `[]`. */
const customer = z
  .object({
    type: z.enum(['legal', 'private']).optional().catch(undefined),
    vatNumber: exactText.optional().catch(undefined),
    name: z.string().optional().catch(undefined),
  })
  .catch({})
  .transform(({ type, vatNumber, name }) => ({
    ...(type ? { type } : {}),
    ...(vatNumber && /^\d{1,20}$/.test(vatNumber) ? { vatNumber } : {}),
    // A company's name is nobody's; of anybody else it would be a person's.
    ...(type === 'legal' && name ? { name: cleanText(name, NAME_LIMIT) } : {}),
  }))

const invoiceShape = z.object({
  id: z.string().min(1).max(36),
  number: exactText.pipe(z.string().max(50)),
  description: z.string().nullish(),
  amount: exactText,
  currencyId: z.string(),
  status,
  createdAt: moment,
  expirationDate: moment,
  paymentUrl: z.string(),
  customer,
})

const DESCRIPTION_LIMIT = 1_000
const PROBLEM_LIMIT = 300

/** @param invoiceId the id by which staff will look for an invoice that does not even tell its own. */
export function toInvoice(value: Json, invoiceId: string, rules: InvoiceRules): Invoice | OddInvoice {
  const read = invoiceShape.safeParse(value)
  const link = usableLink(value, rules)
  const odd = (problem: string): OddInvoice => ({
    kind: 'odd',
    invoiceId,
    problem: maskText(problem, PROBLEM_LIMIT),
    ...namesOf(value),
    ...link,
    customer: customerOf(value),
  })
  if (!read.success) return odd(firstProblem(read.error))
  const { amount: amountText, currencyId, ...rest } = read.data
  const amount = readAmount(amountText, currencyId, rules)
  if (typeof amount === 'string') return odd(amount)
  if (!link) return odd(tell('told.odd_link'))
  return { ...rest, ...link, amount, number: cleanText(rest.number, 50), description: cleanText(rest.description ?? '', DESCRIPTION_LIMIT) }
}

/** What people would know the invoice by. */
function namesOf(value: Json): { number?: string; description?: string } {
  const number = exactText.safeParse(isObject(value) ? value.number : undefined).data
  const description = isObject(value) && typeof value.description === 'string' ? value.description : undefined
  return {
    ...(number !== undefined && { number: cleanText(number, 50) }),
    ...(description !== undefined && { description: cleanText(description, DESCRIPTION_LIMIT) }),
  }
}

const customerOf = (value: Json): Customer => customer.parse(isObject(value) ? value.customer : undefined)

export const isOdd = (invoice: Invoice | OddInvoice): invoice is OddInvoice => 'kind' in invoice

/** The amount, or the reason why it cannot be served. The settings never list points as a currency. */
export function readAmount(text: string, currencyId: string, rules: Pick<InvoiceRules, 'currencies'>): Money | string {
  if (!isUnit(currencyId) || currencyId === 'PTS' || !rules.currencies.includes(currencyId))
    return tell('told.odd_currency', { currency: currencyId })
  try {
    return parsePositiveMoney(text, currencyId)
  } catch (error) {
    if (error instanceof NotMoney) return error.message
    throw error
  }
}

function usableLink(value: Json, { allowHttp }: InvoiceRules): { paymentUrl: string } | undefined {
  if (!isObject(value) || typeof value.paymentUrl !== 'string') return undefined
  return isUsablePaymentUrl(value.paymentUrl, allowHttp) ? { paymentUrl: value.paymentUrl } : undefined
}

function firstProblem({ issues }: z.ZodError): string {
  const [issue] = issues
  return issue ? tell('told.odd_field', { field: issue.path.join('.'), problem: issue.message }) : tell('told.odd_invoice')
}

/** The elements of an answer: `data` as a list or as one object, or the object without an envelope. `null` when it is neither. */
export function elements(body: Json): JsonObject[] | null {
  if (Array.isArray(body)) return body.every(isObject) ? body : null
  if (!isObject(body)) return null
  if (!('data' in body)) return 'id' in body ? [body] : null
  if (body.data === null) return []
  const list = Array.isArray(body.data) ? body.data : [body.data]
  return list.every((item) => isObject(item)) ? list : null
}

export const sameId = (a: Json | undefined, b: string): boolean => typeof a === 'string' && a.toLowerCase() === b.toLowerCase()

const metaShape = z.object({
  metaData: z.object({ totalCount: wholeNumber(), pageSize: wholeNumber(), page: wholeNumber() }),
})

export interface PageInfo {
  readonly totalCount: number
  readonly pageSize: number
  readonly page: number
}

/** Paging as the envelope tells it; `null` when it does not. */
export function pageInfo(body: Json): PageInfo | null {
  const read = metaShape.safeParse(body)
  return read.success ? read.data.metaData : null
}

function wholeNumber() {
  return exactText.pipe(z.string().regex(/^\d{1,15}$/)).transform(Number)
}

/** An id that upstream gave: text, or a whole number as shipments have it (1.2). */
export function readId(value: Json | undefined): string | null {
  const text = value instanceof ExactNumber ? value.text : value
  return typeof text === 'string' && /^[\w.:-]{1,100}$/.test(text) ? text : null
}
