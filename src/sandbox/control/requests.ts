import { ApiRefusal } from '../http/refusal'
import { JOURNAL_SIZE } from '../state/journal'
import type { JournalEntry } from '../state/journal'

const DEFAULT_LIMIT = 100

/** @throws ApiRefusal 422 for anything but a whole number within the journal's size */
export function readLimit(value: unknown): number {
  if (value === undefined) return DEFAULT_LIMIT
  const limit = typeof value === 'string' && /^\d{1,4}$/.test(value) ? Number(value) : 0
  if (limit >= 1 && limit <= JOURNAL_SIZE) return limit
  throw new ApiRefusal(422, 'validation', `limit must be a whole number from 1 to ${JOURNAL_SIZE}.`)
}

export const presentRequest = ({ at, ...entry }: JournalEntry) => ({ at: at.toISOString(), ...entry })
