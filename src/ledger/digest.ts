import { iso, moment, storable } from '../shared/database'
import { sha256 } from '../shared/ids'
import { BATCH_TABLES } from './batch'
import type { BatchRows } from './batch'

type Rows = Readonly<Record<keyof BatchRows, readonly Readonly<Record<string, unknown>>[]>>

/** One text for a cell, whichever engine it came from: moments in ISO form, integers as decimals. */
function cell(column: string, value: unknown): unknown {
  if (column.endsWith('_at')) {
    const at = moment(value as Date | string)
    return Number.isNaN(at.getTime()) ? value : iso(at)
  }
  if (typeof value === 'string') return storable(value)
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : value
}

/** Text that JSON puts into quotes as it is: nearly every cell, and looking is cheaper than quoting. */
const PLAIN = /^[ !#-[\]-~]*$/

const jsonOf = (column: string, value: unknown): string => {
  const text = typeof value === 'bigint' ? String(value) : value
  const asItIs = typeof text === 'string' && !column.endsWith('_at') && PLAIN.test(text)
  return asItIs ? `"${text}"` : JSON.stringify(cell(column, value))
}

type Columns = readonly (readonly [name: string, before: string])[]

/** A row as canonical JSON. An empty cell is left out, so that a column which a later version adds does not change the digests of old rows. */
function rowText(row: Readonly<Record<string, unknown>>, columns: Columns): string {
  let cells = ''
  for (const [column, before] of columns) {
    const value = row[column]
    if (value !== null && value !== undefined) cells += `${cells === '' ? '' : ','}${before}${jsonOf(column, value)}`
  }
  return `{${cells}}`
}

/** The rows of one table have the same columns. A batch may hold ten thousand rows, so the columns are sorted and named once. */
function textsOf(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  const columns = Object.keys(rows[0] ?? {})
    .sort()
    .map((column) => [column, `${JSON.stringify(column)}:`] as const)
  return rows.map((row) => rowText(row, columns)).sort()
}

/** The digest of everything a batch wrote: the same rows give the same digest in any order, and one changed digit gives another. */
export const digestBatch = (rows: Rows): string => sha256(JSON.stringify(BATCH_TABLES.map((table) => [table, textsOf(rows[table])])))

/** One link of the chain: what came before, then this batch. */
export const sealHash = (previousHash: string, batchId: string, digest: string): string => sha256(`${previousHash}\n${batchId}\n${digest}`)

export const FIRST_HASH = sha256('the first seal')
