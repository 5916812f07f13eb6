import { z } from 'zod'
import type { QueueFilter } from '../../autopay'
import { looksLikeId } from '../../shared/ids'
import { NotMoney, parseMoney } from '../../shared/money'

const orEmpty = <T extends z.ZodType>(field: T) => z.union([z.literal(''), field]).optional()

/** An amount in roubles as people type it. */
const roubles = z
  .string()
  .max(30)
  .refine((text) => kopecksOf(text) !== undefined)

/** The filters of a queue, as they stand in the address. */
export const QUEUE_FILTERS = {
  organisation: orEmpty(z.string().refine(looksLikeId)),
  number: z.string().trim().max(50).optional(),
  least: orEmpty(roubles),
  most: orEmpty(roubles),
}

/** The same on the page, which tells what is no amount instead of refusing the request. */
export const TYPED_FILTERS = { ...QUEUE_FILTERS, least: z.string().max(50).optional(), most: z.string().max(50).optional() }

/** Whether what was typed as amounts are amounts. */
export const areAmounts = ({ least, most }: Pick<QueueQuery, 'least' | 'most'>): boolean =>
  [least, most].every((text) => text === undefined || text === '' || kopecksOf(text) !== undefined)

export type QueueQuery = z.output<z.ZodObject<typeof QUEUE_FILTERS>>

function kopecksOf(text: string): bigint | undefined {
  try {
    return parseMoney(text.replace(/\s/g, '').replace(',', '.'), 'RUB').minor
  } catch (error) {
    if (error instanceof NotMoney) return undefined
    throw error
  }
}

const given = (text: string | undefined): string | undefined => (text === undefined || text === '' ? undefined : text)

export const queueFilterOf = ({ organisation, number, least, most }: QueueQuery): Partial<QueueFilter> => ({
  organisationId: given(organisation),
  number: given(number),
  amountFrom: least ? kopecksOf(least) : undefined,
  amountTo: most ? kopecksOf(most) : undefined,
})
