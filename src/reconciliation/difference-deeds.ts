import { z } from 'zod'
import type { Deed, Performer } from '../approvals'
import { authorName } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import { inTransaction } from '../shared/database'
import type { Db } from '../shared/database'
import { looksLikeId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import { companion } from '../ledger'
import { findPaymentsById, previewReversal, reversePayment, weighReversal } from '../payments'
import type { Payment, PaymentDeps } from '../payments'
import { endDifference, endDifferences, findDifference } from './difference-store'
import type { Ending, NotedDifference } from './difference-store'
import type { DifferenceKind } from './differences'
import { requireKnownDifference } from './known-to'

const PAYLOAD = z.strictObject({ differenceId: z.string().refine(looksLikeId, 'not an id') })

export type DifferencePayload = z.output<typeof PAYLOAD>

export interface DifferenceDeeds {
  readonly giveBack: Deed<DifferencePayload, Payment>
}

/** Differences of which a reversal is the end: their payment took points for what Invoicebox does not count as paid. */
export const REVERSIBLE: readonly DifferenceKind[] = [
  'captured_here_cancelled_there',
  'captured_here_not_paid_there',
  'captured_here_not_shown_there',
  'statement_returned',
]

/** Invoicebox itself has said of these that the payment was undone. A file that somebody uploads says nothing that they could not have written. */
const PROVED: readonly DifferenceKind[] = ['captured_here_cancelled_there']

/** What staff, or the gateway itself, may do about a difference that moves points: the payment is reversed and the difference closed, both or neither. */
export const differenceDeeds = (deps: PaymentDeps): DifferenceDeeds => ({
  giveBack: {
    kind: 'difference_points_returned',
    permission: 'reconciliation.resolve',
    payload: PAYLOAD,
    requireKnown: ({ differenceId }, by) => requireKnownDifference(deps, differenceId, by),
    // Where Invoicebox does not say that the payment was undone, one person does not decide alone.
    weigh: async ({ differenceId }) => {
      const { paymentId, isStated, isProved } = await reversible(deps.db, differenceId)
      if (isStated) return weighReversal(deps, paymentId)
      const [payment] = await findPaymentsById(deps.db, [paymentId])
      return isProved && payment ? payment.worth : 'always'
    },
    preview: async ({ differenceId }) => previewReversal(deps, (await reversible(deps.db, differenceId)).paymentId),
    async perform({ differenceId }, by) {
      const { author, reason, approvedBy, weighed } = by
      const { paymentId, kind } = await reversible(deps.db, differenceId)
      const ending: Ending = {
        id: differenceId,
        resolution: 'points_returned',
        by: authorName(author),
        at: deps.clock.now(),
        remark: reason,
      }
      const companions = [companion(endDifferences, ending)]
      const payment = await reversePayment(deps, { paymentId, author, reason, approvedBy, isAlone: weighed !== undefined, companions })
      await closeLeftOver(deps, { ...ending, kind }, by)
      return payment
    },
  },
})

/** Where the payment was reversed before, by another way, only the difference is left to be closed; who did it stands in the audit log all the same. @throws Refusal forbidden */
const closeLeftOver = (
  { db }: PaymentDeps,
  { kind, ...ending }: Ending & { readonly kind: DifferenceKind },
  { author, reason, approvedBy }: Performer,
): Promise<void> =>
  inTransaction(db, async (tx) => {
    if (!(await endDifference(tx, ending))) return
    const entry = { author, at: ending.at, action: 'difference_accepted', subject: `difference:${ending.id}`, reason, after: { kind } }
    await writeAudit(tx, [{ ...entry, ...(approvedBy && { approvedBy }) }])
  })

interface Reversible {
  readonly paymentId: string
  readonly kind: DifferenceKind
  readonly isProved: boolean
  readonly isStated: boolean
}

/** @throws Refusal not_found, resolution_not_allowed */
async function reversible(db: Db, id: string): Promise<Reversible> {
  const difference = await required(db, id)
  if (!REVERSIBLE.includes(difference.kind) || difference.paymentId === null) throw new Refusal('resolution_not_allowed', difference.kind)
  if (difference.resolvedAt !== null && difference.resolution !== 'points_returned')
    throw new Refusal('resolution_not_allowed', 'the difference was closed')
  const { paymentId, kind, source } = difference
  return { paymentId, kind, isProved: PROVED.includes(kind), isStated: source === 'statement' }
}

/** @throws Refusal not_found */
async function required(db: Db, id: string): Promise<NotedDifference> {
  const difference = await findDifference(db, id)
  if (!difference) throw new Refusal('not_found', 'difference')
  return difference
}
