/** A list as `views/backoffice/partials/table.ejs` prints it: a table on a wide screen, a card for each row on a narrow one. */
export interface Table {
  /** What the list is, for screen readers. */
  readonly caption: string
  readonly columns: readonly Column[]
  readonly rows: readonly TableRow[]
  /** What stands in the place of the rows when there are none. */
  readonly empty: string
  readonly olderHref?: string | undefined
  readonly newestHref?: string | undefined
  /** The list goes on with what comes next and not with what is older. */
  readonly isForward?: true | undefined
}

export interface Column {
  readonly label: string
  /** Amounts stand to the right, in figures of one width. */
  readonly align?: 'right'
  /** Sentences: on a narrow screen they stand below their label and not beside it. */
  readonly long?: true
}

export interface TableRow {
  /** Where the row leads; its first cell is the link. `j` and `k` go through such rows, Enter opens one. */
  readonly href?: string | undefined
  readonly cells: readonly Cell[]
}

export interface Cell {
  readonly text: string
  /** Shown when the pointer rests on it: a time in UTC, a whole id. */
  readonly title?: string | undefined
  readonly href?: string | undefined
  /** It keeps to one line: a number that would break at its hyphen. */
  readonly isWhole?: true | undefined
  /** What the text ends with, which keeps to one line. */
  readonly end?: string | undefined
  /** A state: an icon beside the word, and a colour besides. */
  readonly mark?: Mark | undefined
}

export type Mark = 'good' | 'wait' | 'bad' | 'off'

/** As much as keeps to one line on the narrowest screen. */
const LONGEST_WHOLE = 20

const fitsOneLine = (text: string): boolean => text.length <= LONGEST_WHOLE

/** The number of an invoice, which keeps to one line where there is room for it. */
export const numberCell = (text: string): Cell => ({ text, ...(fitsOneLine(text) && { isWhole: true }) })

/** What happened, and to what: a number or a name that keeps to one line where there is room for it. */
export function aboutCell(text: string, about: string): Cell {
  if (about === '') return { text }
  return fitsOneLine(about) ? { text: `${text}\u00a0· `, end: about } : { text: `${text}\u00a0· ${about}` }
}
