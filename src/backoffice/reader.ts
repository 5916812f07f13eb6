import type { StaffActor } from '../shared/actor'
import type { Language, Translate } from '../shared/texts'
import { formatMoment, zoneText } from '../shared/texts/format'
import type { Cell } from './table'

/** Who reads a page, as far as texts go. */
export interface Reader {
  readonly language: Language
  readonly t: Translate
  /** The operator's time zone. */
  readonly zone: string
  /** Who they are, where what they may see depends on it. */
  readonly staff?: StaffActor
}

/** A moment in the operator's zone; UTC shows when the pointer rests on it. */
export const momentCell = (at: Date, { language, zone }: Reader): Cell => ({
  text: formatMoment(at, language, zone),
  title: at.toISOString(),
})

/** The head of a column of a file whose moments stand in the operator's zone: `Создана (МСК)`. */
export const timeHead = (label: string, { language, zone }: Reader): string => `${label} (${zoneText(zone, language)})`

/** The head of a column of a file whose amounts are bare numbers, with what they are of: `Сумма, ₽`. */
export const amountHead = (label: string, unit: 'PTS' | 'RUB', { t }: Reader): string =>
  `${label}, ${unit === 'RUB' ? '₽' : t('csv.points')}`
