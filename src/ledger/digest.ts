import { iso, moment, storable } from '../shared/database'
import { canonicalJson, sha256 } from '../shared/ids'
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

/** A row as canonical JSON. An empty cell is left out, so that a column which a later version adds does not change the digests of old rows. */
function rowText(row: Readonly<Record<string, unknown>>, columns: readonly string[]): string {
  const cells: string[] = []
  for (const column of columns) {
    const value = row[column]
    if (value !== null && value !== undefined) cells.push(`${JSON.stringify(column)}:${JSON.stringify(cell(column, value))}`)
  }
  return `{${cells.join(',')}}`
}

/** The rows of one table have the same columns. A batch may hold ten thousand rows, so the columns are sorted once. */
function textsOf(rows: readonly Readonly<Record<string, unknown>>[]): string[] {
  const columns = Object.keys(rows[0] ?? {}).sort()
  return rows.map((row) => rowText(row, columns)).sort()
}

/** The digest of everything a batch wrote: the same rows give the same digest in any order, and one changed digit gives another. */
export const digestBatch = (rows: Rows): string => sha256(canonicalJson(BATCH_TABLES.map((table) => [table, textsOf(rows[table])])))

/** One link of the chain: what came before, then this batch. */
export const sealHash = (previousHash: string, batchId: string, digest: string): string => sha256(`${previousHash}\n${batchId}\n${digest}`)

export const FIRST_HASH = sha256('the first seal')
