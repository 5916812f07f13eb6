import { z } from 'zod'
import type { Json } from '../http/json'
import { VAT_CODES } from '../state/basket'
import type { BasketLine } from '../state/basket'
import { amount, isEmptyList, jsonObject, oneOf, text } from './read-body'

const QUANTITY = /^(\d{1,9})(?:\.(\d{1,6}))?$/

/** A positive number with at most six decimals → millionths. */
const quantity = z.number({ error: 'This value should be of type float.' }).transform((value, context) => {
  const [, whole = '', fraction = ''] = QUANTITY.exec(String(value)) ?? []
  const millionths = BigInt(`${whole || '0'}${fraction.padEnd(6, '0')}`)
  if (millionths > 0n) return millionths
  context.addIssue({ code: 'custom', message: 'This value should be a positive number with at most six decimals.' })
  return z.NEVER
})

/** Fiscal tag 1212 (reference 6.3). */
const TAG_1212: readonly number[] = [...Array.from({ length: 27 }, (_, at) => at + 1), 30, 31, 32, 33]
const TYPES = ['service', 'commodity']

const type = z.union([z.string(), z.number()]).refine((value) => TYPES.includes(String(value)) || TAG_1212.includes(Number(value)), {
  error: 'The value you selected is not a valid choice.',
})

const weight = z.number({ error: 'This value should be of type float.' }).nonnegative()

const lineSchema = z
  .object({
    sku: text(500, 1),
    name: text(500, 1),
    groupName: text(500).nullish(),
    measure: text(10, 1),
    measureCode: text(4, 1),
    originCountry: text(20).nullish(),
    originCountryCode: text(4).nullish(),
    grossWeight: weight.nullish(),
    netWeight: weight.nullish(),
    quantity,
    amount,
    amountWoVat: amount,
    totalAmount: amount,
    totalVatAmount: amount,
    excise: amount.nullish(),
    vatCode: oneOf(VAT_CODES),
    type,
    serviceDate: text(36).nullish(),
    paymentType: oneOf(['full_prepayment', 'prepayment', 'advance', 'full_payment']),
    categoryType: oneOf(['merchantHonestSignMap', 'honestSign']).nullish(),
    category: text(20).nullish(),
    metaData: jsonObject.nullish(),
  })
  .refine(({ category, categoryType }) => !category || categoryType, { error: 'This value should not be blank.', path: ['categoryType'] })

const NAMES: ReadonlySet<string> = new Set([...Object.keys(lineSchema.shape), 'availableAmount', 'availableVatAmount'])

/** The line as it came, without what nobody documented and without what is absent or empty in PHP's way. */
const sentFields = (line: Readonly<Record<string, Json>>): Readonly<Record<string, Json>> =>
  Object.fromEntries(
    Object.entries(line).filter(
      ([name, value]) => NAMES.has(name) && value !== null && !name.startsWith('available') && !isEmptyList(value),
    ),
  )

/** One line, checked, with its numbers as whole ones. It is given back as it came. */
const basketLine = z.custom<Readonly<Record<string, Json>>>().transform((sent, context): BasketLine => {
  const parsed = lineSchema.safeParse(sent)
  if (parsed.success) return { ...parsed.data, sent: sentFields(sent) }
  for (const issue of parsed.error.issues) context.addIssue({ code: 'custom', message: issue.message, path: issue.path })
  return z.NEVER
})

const MOST_LINES = 1_000

export const basketItems = z
  .array(basketLine, { error: 'This value should be of type array.' })
  .min(1, { error: 'This collection should contain 1 element or more.' })
  .max(MOST_LINES, { error: `This collection should contain ${MOST_LINES} elements or less.` })
