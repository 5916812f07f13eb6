import { randomInt } from 'node:crypto'
import { iso, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { money } from '../shared/money'
import type { Money } from '../shared/money'
import type { Seal } from '../shared/seal'

/** A code that stands for points: whoever redeems it first has them. */
export interface TopUpCode {
  readonly id: string
  readonly orderId: string
  readonly sealed: string
  readonly points: Money
  readonly state: 'open' | 'redeemed' | 'withdrawn'
  readonly redeemedBy: string | null
  readonly shownAt: Date | null
}

interface CodeRow {
  id: string
  order_id: string
  sealed: string
  points: bigint
  state: TopUpCode['state']
  redeemed_by: string | null
  shown_at: Date | string | null
}

const toCode = (row: CodeRow): TopUpCode => ({
  id: row.id,
  orderId: row.order_id,
  sealed: row.sealed,
  points: money(row.points, 'PTS'),
  state: row.state,
  redeemedBy: row.redeemed_by,
  shownAt: optionalMoment(row.shown_at),
})

/** Signs that nobody takes for another one; sixteen of them cannot be guessed. */
const SIGNS = '23456789ABCDEFGHJKLMNPQRSTUVWXYZ'
const GROUPS = 4
const GROUP = 4

const newCode = (): string =>
  Array.from({ length: GROUPS }, () => Array.from({ length: GROUP }, () => SIGNS[randomInt(SIGNS.length)]).join('')).join('-')

/** A code as people type it, in its one spelling; undefined for what cannot be one. */
export function spelledCode(text: string): string | undefined {
  const signs = text.toUpperCase().replace(/[\s-]/g, '')
  return new RegExp(`^[${SIGNS}]{${String(GROUPS * GROUP)}}$`).test(signs) ? (signs.match(/.{4}/g) ?? []).join('-') : undefined
}

/** Makes the code of a paid order. */
export async function insertTopUpCode(tx: Tx, seal: Seal, of: { orderId: string; points: Money; at: Date }): Promise<void> {
  const [id, code] = [newSortedId(), newCode()]
  await tx('top_up_codes').insert({
    id,
    order_id: of.orderId,
    sealed: seal.seal(id, code),
    digest: seal.digest(code),
    points: of.points.minor,
    state: 'open',
    created_at: iso(of.at),
  })
}

export async function findTopUpCode(db: Db, where: { order_id: string } | { digest: string }): Promise<TopUpCode | undefined> {
  const row = (await db('top_up_codes').where(where).first()) as CodeRow | undefined
  return row && toCode(row)
}

/** False when it is not open any more. */
export async function markRedeemed(tx: Tx, id: string, by: { memberId: string; at: Date }): Promise<boolean> {
  const marked = await tx('top_up_codes')
    .where({ id, state: 'open' })
    .update({ state: 'redeemed', redeemed_by: by.memberId, redeemed_at: iso(by.at) })
  return marked === 1
}
