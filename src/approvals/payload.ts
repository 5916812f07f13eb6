import { z } from 'zod'
import { parseMoney, toDecimal } from '../shared/money'
import type { Unit } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { Deed, Payload } from './deed'

/** An amount as decimal text in a payload, in its one spelling `10.00`, whichever way it was typed. */
export const amountText = (unit: Unit, { orZero = false } = {}): z.ZodType<string> =>
  z
    .string()
    .max(25)
    .transform((text, context) => {
      const minor = readMinor(text, unit)
      if (minor !== undefined && (minor > 0n || (orZero && minor === 0n))) return toDecimal(minor)
      context.addIssue({ code: 'custom', message: 'not an amount' })
      return z.NEVER
    })

function readMinor(text: string, unit: Unit): bigint | undefined {
  try {
    return parseMoney(text.trim(), unit).minor
  } catch {
    return undefined
  }
}

/** The payload in its one spelling. @throws Refusal bad_input (detail: the field) */
export function checkPayload<P extends Payload>(deed: Pick<Deed<P>, 'payload'>, payload: unknown): P {
  const parsed = deed.payload.safeParse(payload)
  if (parsed.success) return parsed.data
  throw new Refusal('bad_input', String(parsed.error.issues[0]?.path[0] ?? ''))
}
