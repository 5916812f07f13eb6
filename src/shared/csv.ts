import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { stringify } from 'csv-stringify/sync'

/** Stands at the beginning of a file, so that a spreadsheet reads it as UTF-8. */
export const CSV_BOM = '\ufeff'

export const CSV_TYPE = 'text/csv; charset=utf-8'

/** What a spreadsheet would take for the beginning of a formula; the wide forms too, which some of them fold. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/
const NUMBER = /^-\d+(?:[.,]\d+)?$/
/** The same behind what parts the cells of a line, or lines, for a spreadsheet of another country, which then takes our quotes for text. A plain number stays one. */
const FORMULA_INSIDE = /(?<=[,\t\r\n])(?=[=+@\uff1d\uff0b\uff0d\uff20]|-(?!\d+(?:\.\d+)?(?:[,;\s]|$)))/g

/**
 * A cell that no spreadsheet computes, whichever sign it takes for the end of a cell: text that looks like a formula gets an apostrophe before it. A plain negative number
 * stays a number.
 */
export function neutral(cell: string): string {
  const text = cell.replaceAll(FORMULA_INSIDE, "'")
  return FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text
}

/** A lone line break would end the line for some readers unless it stands in quotes. */
const STYLE = { delimiter: ';', record_delimiter: '\r\n', quoted_match: /[\r\n]/ }

/** Lines of a file with `;` between the cells, each cell neutral, each line with its end. */
export const csvRows = (rows: readonly (readonly string[])[]): string =>
  stringify(
    rows.map((cells) => cells.map(neutral)),
    STYLE,
  )

/** One line; see `csvRows`. */
export const csvRow = (cells: readonly string[]): string => csvRows([cells])

/** Rows, some at a time. */
export type CsvPages = AsyncIterable<readonly (readonly string[])[]> | Iterable<readonly (readonly string[])[]>

/**
 * A whole file in pieces, one for each page of rows that is read for it, so that its length costs no memory. Others have their turn between two pages, since SQLite
 * answers without giving way.
 * @param pages rows, some at a time, as they come from the database
 */
export async function* csvFile(header: readonly string[], pages: CsvPages): AsyncGenerator<string> {
  yield CSV_BOM + csvRow(header)
  for await (const rows of pages) {
    if (rows.length > 0) yield csvRows(rows)
    await yieldToOthers()
  }
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** `2026-11-22 14:05:09` in a time zone: what every spreadsheet takes for a moment. */
export function csvMoment(at: Date, timeZone: string): string {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'medium' })
  formats.set(timeZone, format)
  return format.format(at)
}
