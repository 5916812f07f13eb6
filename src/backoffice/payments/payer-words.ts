import type { Payment } from '../../payments'
import type { Translate } from '../../shared/texts'

/** What is said of a member's points, and in its place of an organisation's payment, in which there are none. */
const OF_ORGANISATION: Readonly<Record<string, string>> = {
  'payment.void.hint': 'payment.fund.void.hint',
  'payment.void.what': 'payment.fund.void.what',
  'payment.capture.what': 'payment.fund.capture.what',
  'payment.reverse': 'payment.fund.reverse',
  'payment.reverse.hint': 'payment.fund.reverse.hint',
  'payment.reverse.what': 'payment.fund.reverse.what',
  'payment.checked.voided': 'payment.fund.checked.voided',
  'payment.step.consented': 'payment.fund.step.consented',
  'payment.step.held': 'payment.fund.step.held',
  'payment.step.captured': 'payment.fund.step.captured',
  'payment.step.voided': 'payment.fund.step.voided',
  'payment.step.reversed': 'payment.fund.step.reversed',
}

/** The texts for one payment: an organisation's moves money of the fund alone, and nobody has seen or agreed to anything. */
export function wordsFor(payer: Payment['payer']['kind'], t: Translate): Translate {
  if (payer === 'member') return t
  const translate = t as (key: string, values?: object) => string
  return (key, ...values) => translate(OF_ORGANISATION[key] ?? key, ...values)
}
