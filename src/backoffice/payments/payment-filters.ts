import { z } from 'zod'
import { PAYMENT_STATES } from '../../payments'
import type { PaymentFilter } from '../../payments'
import { dayEnd, dayStart, isDay } from '../../shared/days'
import { looksLikeId } from '../../shared/ids'
import { NotMoney, parseMoney } from '../../shared/money'
import type { Translate } from '../../shared/texts'
import { chipsOf } from '../filters'
import type { Chip } from '../filters'

export const PAYMENTS_PATH = '/admin/payments'

/** A field of the form that may be left empty. */
const orEmpty = (field: z.ZodType<string>) =>
  z
    .union([z.literal(''), field])
    .transform((text) => (text === '' ? undefined : text))
    .optional()

const roubles = z
  .string()
  .max(30)
  .transform((text) => text.replace(/\s/g, '').replace(',', '.'))
  .refine((text) => minorOf(text) !== undefined)

/** The filters by their names in the address. */
export const PAYMENT_FILTERS = {
  state: z
    .enum(['', ...PAYMENT_STATES])
    .transform((state) => (state === '' ? undefined : state))
    .optional(),
  from: orEmpty(z.string().refine(isDay)),
  to: orEmpty(z.string().refine(isDay)),
  least: orEmpty(roubles),
  most: orEmpty(roubles),
  /** An id, or whatever `askedMember` finds a member by. */
  member: orEmpty(z.string().trim().max(100)),
  invoice: orEmpty(z.string().trim().max(50)),
}

const QUERY = z.object(PAYMENT_FILTERS)
export type PaymentQuery = z.output<typeof QUERY>

function minorOf(text: string): bigint | undefined {
  try {
    const { minor } = parseMoney(text, 'RUB')
    return minor < 0n ? undefined : minor
  } catch (error) {
    if (error instanceof NotMoney) return undefined
    throw error
  }
}

/** Days are the operator's. */
export const filterOf = ({ state, from, to, least, most, member, invoice }: PaymentQuery, zone: string): PaymentFilter => ({
  state,
  from: from === undefined ? undefined : dayStart(from, zone),
  until: to === undefined ? undefined : dayEnd(to, zone),
  least: least === undefined ? undefined : minorOf(least),
  most: most === undefined ? undefined : minorOf(most),
  // What is no id here is the login of nobody, and finds nothing.
  memberId: member === undefined || looksLikeId(member) ? member : '',
  invoice,
})

/** The filters alone, in the order of their chips, for addresses. */
export const queryOf = ({ state, from, to, least, most, member, invoice }: PaymentQuery): Readonly<Record<string, string | undefined>> => ({
  state,
  from,
  to,
  least,
  most,
  member,
  invoice,
})

/** A saved query in its one spelling: only names and values that the list understands. undefined when it narrows nothing. */
export function savedQuery(text: string): string | undefined {
  const parsed = QUERY.safeParse(Object.fromEntries(new URLSearchParams(text)))
  // A login would outlive an erasure in what is kept; `askedMember` has put the id in its place.
  if (!parsed.success || (parsed.data.member !== undefined && !looksLikeId(parsed.data.member))) return undefined
  const set = Object.entries(queryOf(parsed.data)).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as [string, string]],
  )
  return set.length === 0 ? undefined : new URLSearchParams(set).toString()
}

/** Whether the first day comes after the last, so that nothing can lie between. */
export const areDaysCrossed = ({ from, to }: PaymentQuery): boolean => from !== undefined && to !== undefined && from > to

/** @param member how the member in the filter is shown; undefined where there is no such member */
export const paymentChips = (query: PaymentQuery, member: string | undefined, t: Translate): Chip[] =>
  chipsOf(PAYMENTS_PATH, queryOf(query), {
    state: (value) => t('payments.chip.state', { value: query.state ? t(`payment.state.${query.state}`) : value }),
    from: (value) => t('payments.chip.from', { value }),
    to: (value) => t('payments.chip.to', { value }),
    least: (value) => t('payments.chip.least', { value }),
    most: (value) => t('payments.chip.most', { value }),
    member: (value) => t('payments.chip.member', { value: member ?? value }),
    invoice: (value) => t('payments.chip.invoice', { value }),
  })
