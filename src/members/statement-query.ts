import { z } from 'zod'
import { isDay } from '../shared/days'

/** A day as a form sends it; an empty field is none. */
const DAY = z
  .string()
  .refine((text) => text === '' || isDay(text))
  .transform((text) => (text === '' ? undefined : text))
  .optional()

/** What the address of a statement may carry. */
export const STATEMENT_QUERY = z.object({
  from: DAY,
  to: DAY,
  before: z
    .string()
    .regex(/^[1-9]\d{0,17}$/)
    .transform(BigInt)
    .optional(),
})

/** Making a document keeps the process busy for a moment, so one address gets few of them. */
export const DOCUMENTS = { requests: 20, perSeconds: 60 }
