import { setImmediate as yieldToOthers } from 'node:timers/promises'
import { bound } from '../shared/database'
import type { Db } from '../shared/database'
import { readHead } from './chain'
import type { Link } from './chain'
import { AUDIT_COLUMNS, FIRST_HASH, linkHash } from './row'
import type { AuditRow } from './row'

export interface AuditProof {
  readonly ok: boolean
  /** How many rows were read and found in their places. */
  readonly rows: number
  /** The newest link, to be kept elsewhere and given as `kept` the next time. */
  readonly head: Link
  /** Each is a sentence; empty when the log is as it was written. */
  readonly differences: readonly string[]
}

const PAGE = 1000
const MOST_TOLD = 50

type ChainedRow = AuditRow & { readonly position: bigint; readonly hash: string }

/**
 * Proves that the audit log is what was written: reads every row, and reckons the chain anew (invariant 13, 25). Changes nothing.
 * @param kept a link that was kept elsewhere. Without one, somebody with the whole database in hand could write another log and another chain.
 */
export async function verifyAudit(db: Db, kept?: Link): Promise<AuditProof> {
  const differences: string[] = []
  const tell = (sentence: string): void => {
    if (differences.length < MOST_TOLD) differences.push(sentence)
  }
  // Read first: rows that are written meanwhile come after it.
  const newest = await readHead(db)
  let [position, hash, isKept] = [0n, FIRST_HASH, kept === undefined || (kept.position === 0n && kept.hash === FIRST_HASH)]
  for await (const row of chained(db)) {
    position += 1n
    if (row.position !== position) tell(`Place ${String(position)} of the chain is missing; place ${String(row.position)} follows.`)
    position = row.position
    if (linkHash(hash, row) !== row.hash)
      tell(`Row ${row.id} at place ${String(position)} is not what was written there, or a row before it.`)
    hash = row.hash
    if (kept?.position === position) isKept = kept.hash === hash
  }
  if (position < newest.position)
    tell(`The rows after place ${String(position)} are missing: the chain goes on to place ${String(newest.position)}.`)
  if (!isKept)
    tell(`The link that was kept, ${String(kept?.position)}:${kept?.hash ?? ''}, is not in the chain: the log was cut off or written anew.`)
  for (const id of await outsideChain(db)) tell(`Row ${id} has no place in the chain and does not wait for one.`)
  return { ok: differences.length === 0, rows: Number(position), head: { position, hash }, differences }
}

async function* chained(db: Db): AsyncGenerator<ChainedRow> {
  for (let after = 0n; ;) {
    const page: ChainedRow[] = await db('audit_chain as c')
      .join('audit_log as a', 'a.id', 'c.audit_id')
      .where('c.position', '>', bound(after))
      .orderBy('c.position')
      .limit(PAGE)
      .select(['c.position', 'c.hash', ...AUDIT_COLUMNS.map((column) => `a.${column}`)])
    yield* page
    const last = page.at(-1)
    if (!last) return
    after = last.position
    await yieldToOthers()
  }
}

/** Rows that were written past the trigger, or whose place was taken away. */
async function outsideChain(db: Db): Promise<string[]> {
  const rows = await db('audit_log as a')
    .whereNotExists(db('audit_chain as c').whereRaw('c.audit_id = a.id').select(db.raw('1')))
    .whereNotExists(db('audit_unchained as u').whereRaw('u.audit_id = a.id').select(db.raw('1')))
    .limit(MOST_TOLD)
    .select<{ id: string }[]>('a.id')
  return rows.map(({ id }) => id)
}

const LINK = /^(\d{1,18}):([0-9a-f]{64})$/

/** Reads a link out of `position:hash`; undefined when it is none. */
export function parseLink(text: string): Link | undefined {
  const [, position = '', hash = ''] = LINK.exec(text) ?? []
  return hash === '' ? undefined : { position: BigInt(position), hash }
}
