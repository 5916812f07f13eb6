import { brokenUniqueRule, inTransaction, iso } from '../shared/database'
import { insertRows } from '../shared/statements'
import type { Db, Tx } from '../shared/database'
import { FIRST_HASH, sealHash } from './digest'

interface Seal {
  readonly number: bigint
  readonly hash: string
}

/** When so many were sealed, more may be waiting. */
export const MOST_SEALED_AT_ONCE = 500

const MOST_TRIES = 5

/**
 * Chains the batches that are committed and not yet sealed, each seal over the one before it; returns how many.
 * It runs after the commit, so no payment waits for it; two sealers at once cannot fork the chain, since a seal's number is unique: the slower one starts anew
 * with what is left.
 */
export async function sealBatches(db: Db, now: Date): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(db, (tx) => sealOnce(tx, now))
    } catch (error) {
      if (attempt >= MOST_TRIES || brokenUniqueRule(error) === undefined) throw error
    }
  }
}

async function sealOnce(tx: Tx, now: Date): Promise<number> {
  const batches = await tx('ledger_unsealed as u')
    .join('ledger_batches as b', 'b.id', 'u.batch_id')
    .orderBy('b.id')
    .limit(MOST_SEALED_AT_ONCE)
    .select<{ id: string; digest: string }[]>('b.id', 'b.digest')
  if (batches.length === 0) return 0
  const [last] = (await tx('ledger_seals').orderBy('number', 'desc').limit(1)) as Seal[]
  let { number, hash } = last ?? { number: 0n, hash: FIRST_HASH }
  const seals = batches.map((batch) => {
    const previous_hash = hash
    number += 1n
    hash = sealHash(previous_hash, batch.id, batch.digest)
    return { number, batch_id: batch.id, previous_hash, hash, sealed_at: iso(now) }
  })
  await insertRows(tx, 'ledger_seals', seals)
  await tx('ledger_unsealed')
    .whereIn(
      'batch_id',
      batches.map((batch) => batch.id),
    )
    .delete()
  return seals.length
}
