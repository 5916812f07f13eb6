import type { StaffActor } from '../shared/actor'
import type { Language, Translate } from '../shared/texts'
import { formatMoment, zoneText } from '../shared/texts/format'
import type { Cell, Mark } from './table'

/** Who reads a page, as far as texts go. */
export interface Reader {
  readonly language: Language
  readonly t: Translate
  /** The operator's time zone. */
  readonly zone: string
  /** Who they are, where what they may see depends on it. */
  readonly staff?: StaffActor
  /** Staff by how logs name them, where facts hold their ids. */
  readonly logins?: ReadonlyMap<string, string>
}

/** A moment in the operator's zone, which breaks between its day and its time alone. */
export const momentText = (at: Date, { language, zone }: Pick<Reader, 'language' | 'zone'>): string =>
  formatMoment(at, language, zone).replace(/ (?!\d\d:)/g, '\u00a0')

/** A moment in the operator's zone; UTC shows when the pointer rests on it. */
export const momentCell = (at: Date, reader: Reader): Cell => ({ text: momentText(at, reader), title: at.toISOString() })

/** A value with its name, as `views/partials/rows.ejs` prints it. */
export interface Row {
  readonly label: string
  readonly value: string
  readonly href?: string | undefined
  /** Shown when the pointer rests on it: a time in UTC. */
  readonly title?: string | undefined
  /** A state: an icon beside the word. */
  readonly mark?: Mark | undefined
}

/** A sentence about moments; UTC shows when the pointer rests on it. */
export interface Sentence {
  readonly text: string
  readonly title?: string | undefined
}

export const toldAt = (text: string, ...moments: readonly Date[]): Sentence => ({
  text,
  title: moments.map((at) => at.toISOString()).join(' – '),
})

/** From when to when. */
export const periodTold = ({ firstAt, lastAt }: { readonly firstAt: Date; readonly lastAt: Date }, reader: Reader): Sentence =>
  toldAt(`${momentText(firstAt, reader)} – ${momentText(lastAt, reader)}`, firstAt, lastAt)

/** A named moment; UTC shows when the pointer rests on it. */
export const momentRow = (label: string, at: Date, reader: Reader): Row => ({
  label,
  value: momentText(at, reader),
  title: at.toISOString(),
})

/** What a cell of a list says, with a name; its icon stays. */
export const cellRow = (label: string, { text, mark }: Cell): Row => ({ label, value: text, mark })

/** The head of a column of a file whose moments stand in the operator's zone: `Создана (МСК)`. */
export const timeHead = (label: string, { language, zone }: Reader): string => `${label} (${zoneText(zone, language)})`

/** The head of a column of a file whose amounts are bare numbers, with what they are of: `Сумма, ₽`. */
export const amountHead = (label: string, unit: 'PTS' | 'RUB', { t }: Reader): string =>
  `${label}, ${unit === 'RUB' ? '₽' : t('csv.points')}`
