import type { Translate } from '../../shared/texts'
import { knownText } from '../../shared/texts/known-text'

/**
 * What Invoicebox answered, as a person reads it: `found paid` as «счёт найден, оплачен». A word that has no text, such as a code of Invoicebox, stays as it is.
 * @param outcome as an exchange stores it: the kind first, then why, a code or the state of the invoice
 */
export function answerText(outcome: string, t: Translate): string {
  const [kind = '', ...why] = outcome.split(' ')
  return [worded('answer', kind, t), ...why.map((word) => worded('answer.why', word, t))].join(', ')
}

/** For `readTold`: how a value of a stored sentence reads that says what Invoicebox answered, or why there is no answer. */
export const sayAnswer =
  (t: Translate) =>
  (value: string, name: string): string =>
    name === 'outcome' ? answerText(value, t) : name === 'reason' ? worded('answer.why', value, t) : value

const worded = (kind: 'answer' | 'answer.why', word: string, t: Translate): string => knownText(t, `${kind}.${word}`) ?? word
