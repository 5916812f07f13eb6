import type { Author } from '../shared/actor'
import { closeAlerts, openAlerts } from '../shared/alerts'
import { noteUnchanged, writeAudit } from '../shared/audit'
import type { AuditEntry } from '../shared/audit'
import { bound, inTransaction, iso, moment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { money, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { oncePerForm } from '../shared/once-per-form'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { ACCOUNTS, readAccount } from '../ledger'
import { tell } from '../shared/told'
import type { FundDeps } from './fund'
import { lockFundLimits } from './store'

/** An amount below which staff are told, once each time the fund goes below it. */
export interface Threshold {
  readonly id: string
  readonly amount: Money
  /** Since when the fund has been below it; null while it is above. */
  readonly crossedAt: Date | null
}

export const MOST_THRESHOLDS = 10

/** A fund that hovers about a threshold must not tell each payment: it counts as above again at 2 % more. */
const aboveAgain = (amount: bigint): bigint => amount + amount / 50n

/** The thresholds in force, the highest first. */
export async function listThresholds(db: Db): Promise<Threshold[]> {
  const rows = (await db('fund_thresholds').whereNull('removed_at').orderBy('amount', 'desc')) as {
    id: string
    amount: bigint
    crossed_at: Date | string | null
  }[]
  return rows.map(({ id, amount, crossed_at }) => ({
    id,
    amount: money(amount, 'RUB'),
    crossedAt: crossed_at === null ? null : moment(crossed_at),
  }))
}

interface ByForm {
  readonly author: Author
  /** Names the intent: a form that is sent again does nothing more, whatever was done in between. */
  readonly key?: string | undefined
}

/** Adds a threshold; one that is there already stays. @throws Refusal forbidden, bad_input (detail: roubles, or how many there may be), key_reused */
export async function addThreshold(deps: Pick<FundDeps, 'db' | 'clock'>, of: ByForm & { readonly amount: Money }): Promise<void> {
  requirePermission(of.author, 'fund.change')
  const { amount } = of
  if (amount.unit !== 'RUB' || amount.minor < 0n) throw new Refusal('bad_input', 'roubles')
  const threshold = toDecimal(amount.minor)
  await changeOnce(deps, of, { kind: 'fund_threshold_added', threshold }, async (tx, entry) => {
    const present = await listThresholds(tx)
    if (present.some((one) => one.amount.minor === amount.minor)) return noteUnchanged(tx, entry)
    if (present.length >= MOST_THRESHOLDS) throw new Refusal('bad_input', `at most ${MOST_THRESHOLDS} thresholds`)
    await tx('fund_thresholds').insert({ id: newSortedId(), amount: bound(amount.minor), created_at: iso(entry.at) })
    await writeAudit(tx, [{ ...entry, action: 'fund_threshold_added', after: { threshold } }])
  })
}

/** Removes a threshold and closes its alert. @throws Refusal forbidden, not_found, key_reused */
export async function removeThreshold(deps: Pick<FundDeps, 'db' | 'clock'>, of: ByForm & { readonly id: string }): Promise<void> {
  requirePermission(of.author, 'fund.change')
  await changeOnce(deps, of, { kind: 'fund_threshold_removed', threshold: of.id }, async (tx, entry) => {
    const { at } = entry
    const [row]: { amount: bigint }[] = await tx('fund_thresholds')
      .where({ id: of.id })
      .whereNull('removed_at')
      .update({ removed_at: iso(at), crossed_at: null })
      .returning('amount')
    if (!row) throw new Refusal('not_found', 'threshold')
    await closeAlerts(tx, [{ kind: 'fund_below', subject: subjectOf(of.id), by: 'system:fund', at }])
    await writeAudit(tx, [{ ...entry, action: 'fund_threshold_removed', before: { threshold: toDecimal(row.amount) } }])
  })
}

type Entry = Pick<AuditEntry, 'author' | 'at' | 'subject' | 'instructionKey'>

/** One change of thresholds after the other, since there is a limit to how many there are, and each form once. @throws Refusal key_reused */
const changeOnce = (
  { db, clock }: Pick<FundDeps, 'db' | 'clock'>,
  { author, key }: ByForm,
  { kind, threshold }: { readonly kind: string; readonly threshold: string },
  change: (tx: Tx, entry: Entry) => Promise<void>,
): Promise<void> =>
  inTransaction(db, async (tx) => {
    await lockFundLimits(tx)
    const form = { author, key, kind, contents: { threshold } }
    await oncePerForm(tx, form, (mark) => change(tx, { ...mark, at: clock.now(), subject: ACCOUNTS.fund }))
  })

const subjectOf = (id: string): string => `fund:${id}`

/** One run of the job that compares the fund with its thresholds. @returns how many were crossed, either way */
export async function checkThresholds({ db, clock, log }: FundDeps): Promise<number> {
  const thresholds = await listThresholds(db)
  if (thresholds.length === 0) return 0
  const { available } = await readAccount(db, ACCOUNTS.fund)
  let crossings = 0
  for (const threshold of thresholds) {
    const { minor } = threshold.amount
    const isBelow = threshold.crossedAt === null ? available < minor : available < aboveAgain(minor)
    if (isBelow === (threshold.crossedAt !== null)) continue
    crossings += await inTransaction(db, (tx) =>
      isBelow ? cross(tx, threshold, available, clock.now()) : clear(tx, threshold, clock.now()),
    )
    log.info({ threshold: toDecimal(minor), available: toDecimal(available), isBelow }, 'the fund crossed a threshold')
  }
  return crossings
}

/** Whoever marks the crossing tells it; another process then finds it marked. */
async function cross(tx: Tx, { id, amount }: Threshold, available: bigint, at: Date): Promise<number> {
  const changed = await tx('fund_thresholds')
    .where({ id })
    .whereNull('crossed_at')
    .whereNull('removed_at')
    .update({ crossed_at: iso(at) })
  if (changed === 0) return 0
  const detail = tell('told.fund_below', { available: toDecimal(available), threshold: toDecimal(amount.minor) })
  await openAlerts(tx, [{ kind: 'fund_below', subject: subjectOf(id), detail, at }])
  return 1
}

async function clear(tx: Tx, { id }: Threshold, at: Date): Promise<number> {
  const changed = await tx('fund_thresholds').where({ id }).whereNotNull('crossed_at').update({ crossed_at: null })
  if (changed > 0) await closeAlerts(tx, [{ kind: 'fund_below', subject: subjectOf(id), by: 'system:fund', at }])
  return changed
}
