import type { Translate } from './texts'
import { readTold } from './told'

/** What a reason may be filed under, besides its own words. */
export const REASON_KINDS = ['correction', 'complaint', 'agreement', 'check', 'other'] as const
export type ReasonKind = (typeof REASON_KINDS)[number]

/** How many characters of their own words somebody gives as a reason at most. */
export const LONGEST_REASON = 400

/** A reason as it is stored: `correction: paid twice`. */
export const filedReason = (kind: ReasonKind | undefined, text: string): string => (kind === undefined ? text : `${kind}: ${text}`)

const FILED = new RegExp(`^(${REASON_KINDS.join('|')}): `)

/** A stored reason for its reader: what it was filed under in their language, a sentence of our own too, and a person's words as they are. */
export function readReason(reason: string, t: Translate): string {
  const kind = FILED.exec(reason)?.[1] as ReasonKind | undefined
  if (kind === undefined) return readTold(reason, t)
  const words = reason.slice(kind.length + 2)
  return kind === 'other' ? words : `${t(`reason.${kind}`)}: ${words}`
}
