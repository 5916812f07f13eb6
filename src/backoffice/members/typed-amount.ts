import { z } from 'zod'
import { NotMoney, parseMoney } from '../../shared/money'
import type { Language } from '../../shared/texts'
import { formatMoney } from '../../shared/texts/format'

/** An amount as people type it, with blanks and a comma, in the spelling of the books. */
export const TYPED_AMOUNT = z
  .string()
  .max(30)
  .transform((text) => text.replace(/\s/g, '').replace(',', '.'))

/** Such an amount for a sentence; what is none stays as it was typed, since the deed refuses it anyway. */
export function amountTyped(text: string, language: Language): string {
  try {
    return formatMoney(parseMoney(text, 'PTS'), language)
  } catch (error) {
    if (error instanceof NotMoney) return text
    throw error
  }
}
