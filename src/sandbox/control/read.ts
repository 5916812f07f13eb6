import { z } from 'zod'
import { ApiRefusal } from '../http/refusal'
import { toMoment } from '../state/clock'
import { MAX_KOPECKS, toDecimal, toKopecks } from '../state/money'

type Issue = z.core.$ZodIssue

function sentenceOf(issue: Issue, allowed: readonly string[]): string {
  const where = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => `"${key.slice(0, 60)}"`).join(', ')
    return `Unknown field ${names}${where ? ` in ${where}` : `. Allowed: ${allowed.join(', ') || 'none'}`}.`
  }
  if (issue.code === 'invalid_value') return `${where} must be one of: ${issue.values.map(String).join(', ')}.`
  return where ? `${where}: ${issue.message}` : issue.message
}

const asField = (issue: Issue, message: string) => ({ name: issue.path.join('.') || 'body', code: 'wrong_value', message })

/** What a body says, by its schema. @throws ApiRefusal 422 `validation` with a sentence per fault and the list of what is allowed */
export function readBody<T extends z.ZodObject>(schema: T, body: unknown): z.output<T> {
  const result = schema.safeParse(body)
  if (result.success) return result.data
  const allowed = Object.keys(schema.shape)
  const sentences = result.error.issues.map((issue) => sentenceOf(issue, allowed))
  const fields = result.error.issues.map((issue, at) => asField(issue, sentences[at] ?? ''))
  throw new ApiRefusal(422, 'validation', sentences.join(' '), fields)
}

interface Bounds {
  readonly least: bigint
  readonly sentence: string
}

/** A decimal as text or number → kopecks. A number counts by its shortest text, so 196.58 stays exactly that. */
const decimal = ({ least, sentence }: Bounds) =>
  z.union([z.string(), z.number()], { error: sentence }).transform((value, context) => {
    const kopecks = toKopecks(String(value))
    if (kopecks !== undefined && kopecks >= least && kopecks <= MAX_KOPECKS) return kopecks
    context.addIssue({ code: 'custom', message: sentence })
    return z.NEVER
  })

export const amountField = decimal({
  least: 1n,
  sentence: `must be a positive decimal with at most two decimals, up to ${toDecimal(MAX_KOPECKS)}, e.g. "196.58". To make the API print anything else, use amountRaw.`,
})

export const notNegativeField = decimal({
  least: 0n,
  sentence: 'must be a decimal of zero or more with at most two decimals, e.g. "5000.00".',
})

export const signedField = decimal({ least: -MAX_KOPECKS, sentence: 'must be a decimal with at most two decimals, e.g. "5000.00".' })

const MOMENT_SENTENCE = 'must be a moment in ISO 8601, e.g. "2026-03-05T09:30:00+03:00" (no offset means UTC).'

export const momentField = z.string({ error: MOMENT_SENTENCE }).transform((text, context) => {
  const moment = toMoment(text)
  const year = moment?.getUTCFullYear() ?? 0
  if (moment && year >= 1971 && year <= 9000) return moment
  context.addIssue({ code: 'custom', message: MOMENT_SENTENCE })
  return z.NEVER
})

/** Text of `least` to `most` characters. */
export const textField = (most: number, least = 0) => {
  const error = `must be a text of ${least} to ${most} characters.`
  return z.string({ error }).min(least, { error }).max(most, { error })
}

export const wholeField = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}.`
  return z.number({ error }).int({ error }).min(least, { error }).max(most, { error })
}

export const flagField = z.boolean({ error: 'must be true or false.' })
