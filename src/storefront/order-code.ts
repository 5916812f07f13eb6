import type { CodeUse, Fulfilled, OrderGoods } from '../orders'
import { iso, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'

/** A code that was handed out for an order, of whichever kind. */
export interface OrderCode {
  readonly id: string
  readonly sealed: string
  readonly use: CodeUse
  readonly shownAt: Date | null
  readonly mailedAt: Date | null
}

/** Where the codes of a kind stand, and what their state is called there while they are good and while their buyer may see them. */
const KINDS = {
  voucher: { table: 'voucher_codes', good: 'sold', shown: ['sold'] },
  code: { table: 'top_up_codes', good: 'open', shown: ['open', 'redeemed'] },
} as const

type Kind = (typeof KINDS)[keyof typeof KINDS]
type Ordered = Pick<Fulfilled, 'id' | 'goods'>

const kindOf = (goods: OrderGoods): Kind | undefined => (goods === 'points' ? undefined : KINDS[goods])

interface Row {
  id: string
  sealed: string
  state: string
  shown_at: Date | string | null
  mailed_at: Date | string | null
}

/** The code of a paid order; undefined while none was handed out. */
export async function findOrderCode(db: Db, { id, goods }: Ordered): Promise<OrderCode | undefined> {
  const kind = kindOf(goods)
  if (!kind) return undefined
  const row = await db(kind.table)
    .where({ order_id: id })
    .whereNot('state', 'reserved')
    .first<Row | undefined>('id', 'sealed', 'state', 'shown_at', 'mailed_at')
  return (
    row && {
      id: row.id,
      sealed: row.sealed,
      use: useOf(row),
      shownAt: optionalMoment(row.shown_at),
      mailedAt: optionalMoment(row.mailed_at),
    }
  )
}

function useOf({ state, shown_at, mailed_at }: Row): CodeUse {
  if (state === 'withdrawn' || state === 'redeemed') return state
  return shown_at === null && mailed_at === null ? 'fresh' : 'seen'
}

/** Notes the first time that a code is seen; false when it was withdrawn by then, so that nobody must see it. */
export async function noteSeen(tx: Tx, { id, goods }: Ordered, how: 'shown_at' | 'mailed_at', at: Date): Promise<boolean> {
  const kind = kindOf(goods)
  if (!kind) return false
  const noted = await tx(kind.table)
    .where({ order_id: id })
    .whereIn('state', kind.shown)
    .update({ [how]: tx.raw('coalesce(??, ?)', [how, iso(at)]) })
  return noted === 1
}

/** False when the code is not good any more, or was seen and must not have been. */
export async function withdrawCode(tx: Tx, { id, goods }: Ordered, { evenSeen, at }: { evenSeen: boolean; at: Date }): Promise<boolean> {
  const kind = kindOf(goods)
  if (!kind) return false
  const query = tx(kind.table).where({ order_id: id, state: kind.good })
  if (!evenSeen) void query.whereNull('shown_at').whereNull('mailed_at')
  return (await query.update({ state: 'withdrawn', ...changedAt(kind, at) })) === 1
}

/** Makes a withdrawn code good again for its own order. */
export async function restoreCode(tx: Tx, { id, goods }: Ordered, at: Date): Promise<void> {
  const kind = kindOf(goods)
  if (kind)
    await tx(kind.table)
      .where({ order_id: id, state: 'withdrawn' })
      .update({ state: kind.good, ...changedAt(kind, at) })
}

const changedAt = ({ table }: Kind, at: Date): { changed_at?: string } => (table === 'voucher_codes' ? { changed_at: iso(at) } : {})
