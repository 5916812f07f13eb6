import { brokenUniqueRule, inTransaction } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { insertRows } from '../shared/statements'
import { AUDIT_COLUMNS, FIRST_HASH, linkHash } from './row'
import type { AuditRow } from './row'

const MOST_AT_ONCE = 500
const MOST_TRIES = 5

export interface Link {
  readonly position: bigint
  readonly hash: string
}

/**
 * Gives the audit rows that are committed and have no place in the chain yet their places; returns how many. It runs after the commit, so that nothing waits
 * for it. Two at once cannot fork the chain, since a position is unique: the slower one starts anew with what is left.
 */
export async function chainAudit(db: Db): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(db, chainOnce)
    } catch (error) {
      if (attempt >= MOST_TRIES || brokenUniqueRule(error) === undefined) throw error
    }
  }
}

/** The newest link; before the first row it is position 0. Whoever keeps it elsewhere can later prove that nothing before it was changed or cut off. */
export async function readHead(db: Db): Promise<Link> {
  const [last] = await db('audit_chain').orderBy('position', 'desc').limit(1).select<Link[]>('position', 'hash')
  return last ? { position: last.position, hash: last.hash } : { position: 0n, hash: FIRST_HASH }
}

async function chainOnce(tx: Tx): Promise<number> {
  const rows: AuditRow[] = await tx('audit_unchained as u')
    .join('audit_log as a', 'a.id', 'u.audit_id')
    .orderBy('a.id')
    .limit(MOST_AT_ONCE)
    .select(AUDIT_COLUMNS.map((column) => `a.${column}`))
  if (rows.length === 0) return 0
  let { position, hash } = await readHead(tx)
  const links = rows.map((row) => {
    position += 1n
    hash = linkHash(hash, row)
    return { position, audit_id: row.id, hash }
  })
  await insertRows(tx, 'audit_chain', links)
  const ids = rows.map(({ id }) => id)
  await tx('audit_unchained').whereIn('audit_id', ids).delete()
  return rows.length
}
