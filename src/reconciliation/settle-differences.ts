import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { requireReason, writeAudit } from '../shared/audit'
import type { Clock } from '../shared/clock'
import { inTransaction } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { acceptSome, endDifference, writeRemark } from './difference-store'
import { knownDifferences, requireKnownDifference } from './known-to'
import type { KnowingDeps } from './known-to'

export interface SettleDeps extends KnowingDeps {
  readonly clock: Clock
}

export interface Remark {
  readonly id: string
  readonly remark: string
  readonly author: Author
}

/** Writes down what is known about a difference; it stays as it is. @throws Refusal forbidden, not_found, bad_input (detail: reason), request_not_open when it is closed by now */
export async function remarkDifference(deps: SettleDeps, { id, remark, author }: Remark): Promise<void> {
  requirePermission(author, 'reconciliation.remark')
  const text = requireReason(remark)
  const { db, clock } = deps
  const { kind } = await requireKnownDifference(deps, id, author)
  await inTransaction(db, async (tx) => {
    if (!(await writeRemark(tx, id, text))) throw new Refusal('request_not_open', 'the difference is closed')
    await writeAudit(tx, [
      { author, at: clock.now(), action: 'difference_remarked', subject: `difference:${id}`, reason: text, after: { kind } },
    ])
  })
}

/**
 * Closes a difference of which a person knows what it is, with a remark. It does not come back while its facts stay the same. No points and no money move.
 * @throws Refusal forbidden, not_found, bad_input (detail: reason), request_not_open when it is closed already
 */
export async function acceptDifference(deps: SettleDeps, { id, remark, author }: Remark): Promise<void> {
  requirePermission(author, 'reconciliation.resolve')
  const text = requireReason(remark)
  const { db, clock } = deps
  const { kind } = await requireKnownDifference(deps, id, author)
  const at = clock.now()
  await inTransaction(db, async (tx) => {
    const isEnded = await endDifference(tx, { id, resolution: 'accepted', by: authorName(author), at, remark: text })
    if (!isEnded) throw new Refusal('request_not_open', 'the difference is closed')
    await writeAudit(tx, [{ author, at, action: 'difference_accepted', subject: `difference:${id}`, reason: text, after: { kind } }])
  })
}

/** A portion is one transaction; an interrupted call leaves whole portions done. */
const PORTION = 1000
const MOST_PORTIONS = 50

/**
 * Accepts the paid invoices that are unknown here, all that stood in the list up to one of them: paid by card, most often. Safe to repeat after an interruption.
 * @param upTo the newest difference that the person has seen, so that none is accepted unseen
 * @returns how many were accepted now
 */
export async function acceptPaidOtherwise(
  deps: SettleDeps,
  { upTo, remark, author }: { upTo: string; remark: string; author: Author },
): Promise<number> {
  requirePermission(author, 'reconciliation.resolve')
  const text = requireReason(remark)
  const { db, clock } = deps
  const known = await knownDifferences(deps, author)
  const which = { kind: 'paid_there_unknown_here', upTo, limit: PORTION, known } as const
  let total = 0
  for (let portion = 0; portion < MOST_PORTIONS; portion++) {
    const at = clock.now()
    const count = await inTransaction(db, async (tx) => {
      const accepted = await acceptSome(tx, which, { by: authorName(author), at, remark: text })
      const after = { kind: which.kind, count: String(accepted), up_to: upTo }
      if (accepted > 0)
        await writeAudit(tx, [{ author, at, action: 'differences_accepted', subject: 'reconciliation', reason: text, after }])
      return accepted
    })
    total += count
    if (count < PORTION) break
  }
  return total
}
