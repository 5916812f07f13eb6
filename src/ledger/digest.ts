import { iso, moment, storable } from '../shared/database'
import { canonicalJson, sha256 } from '../shared/ids'
import { BATCH_TABLES } from './store'
import type { BatchRows } from './store'

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

/** An empty cell is left out, so that a column which a later version adds does not change the digests of old rows. */
const rowText = (row: Readonly<Record<string, unknown>>): string =>
  canonicalJson(
    Object.fromEntries(
      Object.entries(row)
        .filter(([, value]) => value !== null && value !== undefined)
        .map(([column, value]) => [column, cell(column, value)]),
    ),
  )

/** The digest of everything a batch wrote: the same rows give the same digest in any order, and one changed digit gives another. */
export const digestBatch = (rows: Rows): string =>
  sha256(canonicalJson(BATCH_TABLES.map((table) => [table, rows[table].map(rowText).sort()])))

/** One link of the chain: what came before, then this batch. */
export const sealHash = (previousHash: string, batchId: string, digest: string): string => sha256(`${previousHash}\n${batchId}\n${digest}`)

export const FIRST_HASH = sha256('the first seal')
