import { moment } from '../shared/database'
import { canonicalJson, sha256 } from '../shared/ids'
import { BATCH_TABLES } from './store'
import type { BatchRows } from './store'

type Rows = Readonly<Record<keyof BatchRows, readonly Readonly<Record<string, unknown>>[]>>

/** One text for a cell, whichever engine it came from: moments in ISO form, integers as decimals. */
function cell(column: string, value: unknown): unknown {
  if (value === null || value === undefined) return null
  if (column.endsWith('_at')) return moment(value as Date | string).toISOString()
  return typeof value === 'bigint' || typeof value === 'number' ? String(value) : value
}

const rowText = (row: Readonly<Record<string, unknown>>): string =>
  canonicalJson(Object.fromEntries(Object.entries(row).map(([column, value]) => [column, cell(column, value)])))

/** The digest of everything a batch wrote: the same rows give the same digest in any order, and one changed digit gives another. */
export const digestBatch = (rows: Rows): string => sha256(canonicalJson(BATCH_TABLES.map((table) => [table, rows[table].map(rowText).sort()])))

/** One link of the chain: what came before, then this batch. */
export const sealHash = (previousHash: string, batchId: string, digest: string): string => sha256(`${previousHash}\n${batchId}\n${digest}`)

export const FIRST_HASH = sha256('the first seal')
