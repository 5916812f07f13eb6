import { storable } from '../shared/database'
import type { Person } from './member'

/** Personal data as it is searched for: letters folded, blanks single, a phone as its digits. */
export interface SearchKeys {
  readonly name_key: string | null
  readonly email_key: string | null
  readonly phone_key: string | null
}

/** One spelling for what people type in many: compatibility forms, case, «ё» and blanks do not count. */
export const folded = (text: string): string => text.normalize('NFKC').toLowerCase().replaceAll('ё', 'е').replace(/\s+/g, ' ').trim()

/** The digits of a phone number; the Russian 8 before ten digits is 7, as it is written abroad. */
export function phoneDigits(text: string): string {
  const digits = text.replace(/\D/g, '')
  return digits.length === 11 && digits.startsWith('8') ? `7${digits.slice(1)}` : digits
}

const orNull = (text: string): string | null => (text === '' ? null : storable(text.slice(0, 200)))

export const searchKeys = ({ fullName, email, phone }: Person): SearchKeys => ({
  name_key: orNull(folded(fullName ?? '')),
  email_key: orNull(folded(email ?? '')),
  phone_key: orNull(phoneDigits(phone ?? '')),
})
