import { engineOf, iso } from '../shared/database'
import type { Db, Engine, Tx } from '../shared/database'
import { gatherReads, isOneOf, listOf, readRows } from '../shared/gather-reads'
import type { Statement } from '../shared/statements'

/** How many points may be spent, in minor units; null is no limit. Days and months are those of the operator's time zone. */
export interface SpendingLimits {
  readonly perPayment: bigint | null
  readonly perDay: bigint | null
  readonly perMonth: bigint | null
}

/** The limits that hold for a member: their own, which stand for all three, or those of the programme. */
export interface HoldingLimits extends SpendingLimits {
  readonly own: boolean
}

export const NO_LIMITS: HoldingLimits = { perPayment: null, perDay: null, perMonth: null, own: false }

/** The row of the programme. No member's id looks like this. */
export const PROGRAMME = 'programme'

interface LimitRow {
  subject: string
  per_payment: bigint | null
  per_day: bigint | null
  per_month: bigint | null
}

const toLimits = (row: LimitRow): HoldingLimits => ({
  perPayment: row.per_payment,
  perDay: row.per_day,
  perMonth: row.per_month,
  own: row.subject !== PROGRAMME,
})

/** One statement that reads what holds for these members, for those who read other things in the same round trip; `limitsIn` understands its rows. */
export const limitsStatement = (engine: Engine, memberIds: readonly string[]): Statement => ({
  sql: `select subject, per_payment, per_day, per_month from spending_limits where subject ${isOneOf(engine)}`,
  values: [listOf(engine, [...new Set([...memberIds, PROGRAMME])])],
})

/** Finds a member's limits in the rows of `limitsStatement`. Undefined where there is none at all, as for most members: then nothing need be counted. */
export function limitsIn(rows: readonly unknown[]): (memberId: string) => HoldingLimits | undefined {
  if (rows.length === 0) return () => undefined
  const bySubject = new Map((rows as LimitRow[]).map((row) => [row.subject, toLimits(row)]))
  return (memberId) => {
    const limits = bySubject.get(memberId) ?? bySubject.get(PROGRAMME)
    return limits && hasAny(limits) ? limits : undefined
  }
}

const hasAny = ({ perPayment, perDay, perMonth }: SpendingLimits): boolean => perPayment !== null || perDay !== null || perMonth !== null

/** What holds for a member, or undefined where nothing does. Read together with what others ask at the moment. */
export const readHoldingLimits = gatherReads<string, HoldingLimits | undefined>(async (db, engine, memberIds) => {
  const find = limitsIn(await readRows(db, limitsStatement(engine, memberIds)))
  return memberIds.map(find)
})

/** A member's limits for a page: their own row even where it lifts all limits of the programme. */
export async function readLimits(db: Db, subject: string): Promise<HoldingLimits> {
  const rows = await readRows<LimitRow>(db, limitsStatement(engineOf(db), [subject]))
  const row = rows.find((each) => each.subject === subject) ?? rows.find((each) => each.subject === PROGRAMME)
  return row ? toLimits(row) : NO_LIMITS
}

/** Sets the limits of a member or of the programme; null takes the row away, so that a member follows the programme again. */
export async function writeLimits(tx: Tx, subject: string, limits: SpendingLimits | null, at: Date): Promise<void> {
  if (!limits) {
    await tx('spending_limits').where({ subject }).delete()
    return
  }
  const { perPayment, perDay, perMonth } = limits
  await tx('spending_limits')
    .insert({ subject, per_payment: perPayment, per_day: perDay, per_month: perMonth, set_at: iso(at) })
    .onConflict('subject')
    .merge()
}
