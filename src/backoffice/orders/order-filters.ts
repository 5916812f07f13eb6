import { z } from 'zod'
import { ORDER_STATES } from '../../orders'
import type { OrderFilter } from '../../orders'
import { dayEnd, dayStart, isDay } from '../../shared/days'
import { looksLikeId } from '../../shared/ids'
import type { Translate } from '../../shared/texts'
import { chipsOf } from '../filters'
import type { Chip, Query } from '../filters'

export const ORDERS_PATH = '/admin/orders'
export const LOG_PATH = '/admin/notifications'

/** A field of the form that may be left empty. */
const orEmpty = (field: z.ZodType<string>) =>
  z
    .union([z.literal(''), field])
    .transform((text) => (text === '' ? undefined : text))
    .optional()

/** The filters by their names in the address. */
export const ORDER_FILTERS = {
  state: z
    .enum(['', ...ORDER_STATES])
    .transform((state) => (state === '' ? undefined : state))
    .optional(),
  from: orEmpty(z.string().refine(isDay)),
  to: orEmpty(z.string().refine(isDay)),
  /** An id, or whatever `askedMember` finds a member by. */
  member: orEmpty(z.string().trim().max(100)),
  name: orEmpty(z.string().trim().max(50)),
}

export type OrderQuery = z.output<z.ZodObject<typeof ORDER_FILTERS>>

/** Days are the operator's. */
export const filterOf = ({ state, from, to, member, name }: OrderQuery, zone: string): OrderFilter => ({
  state,
  from: from === undefined ? undefined : dayStart(from, zone),
  until: to === undefined ? undefined : dayEnd(to, zone),
  // What is no id here is the name of nobody, and finds nothing.
  memberId: member === undefined || looksLikeId(member) ? member : '',
  name,
})

/** The filters alone, in the order of their chips, for addresses. */
export const queryOf = ({ state, from, to, member, name }: OrderQuery): Query => ({ state, from, to, member, name })

/** @param member how the member in the filter is shown; undefined where there is no such member */
export const orderChips = (query: OrderQuery, member: string | undefined, t: Translate): Chip[] =>
  chipsOf(ORDERS_PATH, queryOf(query), {
    state: (value) => t('orders.chip.state', { value: query.state ? t(`top_up.state.${query.state}`) : value }),
    from: (value) => t('orders.chip.from', { value }),
    to: (value) => t('orders.chip.to', { value }),
    member: (value) => t('orders.chip.member', { value: member ?? value }),
    name: (value) => t('orders.chip.name', { value }),
  })
