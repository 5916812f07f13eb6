import { money } from '../shared/money'
import type { Language, Translate } from '../shared/texts'
import { formatMoment, formatMoney } from '../shared/texts/format'
import type { OverLimit } from './spending-limits'

interface Speaker {
  readonly t: Translate
  readonly language: Language
}

/** Which limit stands in the way of a payment, and when it no longer will. */
export function presentOverLimit(over: OverLimit, zone: string, { t, language }: Speaker): { heading: string; note: string } {
  const lifts = over.liftsAt ? t('pay.limit.lifts', { at: formatMoment(over.liftsAt, language, zone) }) : t('pay.limit.stays')
  return { heading: t('pay.limit.heading'), note: `${limitText(over, { t, language })} ${lifts}` }
}

function limitText({ kind, limit, left }: OverLimit, { t, language }: Speaker): string {
  const points = (minor: bigint): string => formatMoney(money(minor, 'PTS'), language)
  if (kind === 'per_payment') return t('pay.limit.per_payment', { limit: points(limit) })
  return t(`pay.limit.${kind}`, { limit: points(limit), left: points(left) })
}
