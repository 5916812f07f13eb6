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
  member: orEmpty(z.string().refine(looksLikeId)),
  name: orEmpty(z.string().trim().max(50)),
}

export type OrderQuery = z.output<z.ZodObject<typeof ORDER_FILTERS>>

/** Days are the operator's. */
export const filterOf = ({ state, from, to, member, name }: OrderQuery, zone: string): OrderFilter => ({
  state,
  from: from === undefined ? undefined : dayStart(from, zone),
  until: to === undefined ? undefined : dayEnd(to, zone),
  memberId: member,
  name,
})

/** The filters alone, in the order of their chips, for addresses. */
export const queryOf = ({ state, from, to, member, name }: OrderQuery): Query => ({ state, from, to, member, name })

export const orderChips = (query: OrderQuery, t: Translate): Chip[] =>
  chipsOf(ORDERS_PATH, queryOf(query), {
    state: (value) => t('orders.chip.state', { value: query.state ? t(`top_up.state.${query.state}`) : value }),
    from: (value) => t('orders.chip.from', { value }),
    to: (value) => t('orders.chip.to', { value }),
    member: (value) => t('orders.chip.member', { value: value.slice(0, 8) }),
    name: (value) => t('orders.chip.name', { value }),
  })
