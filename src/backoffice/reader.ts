import type { StaffActor } from '../shared/actor'
import type { Language, Translate } from '../shared/texts'
import { formatMoment } from '../shared/texts/format'
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
