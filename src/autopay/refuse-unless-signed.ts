import { engineOf } from '../shared/database'
import type { Tx } from '../shared/database'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { openSignatures, openVerdicts } from './words-store'

/** A payment that is about to hold money, with the steps that must have signed for this very amount. */
export interface SignedHold {
  readonly invoiceId: string
  readonly amount: Money
  readonly steps: readonly number[]
  readonly at: Date
}

/**
 * Refuses a hold whose signatures have lapsed or ended since it was decided on, or that somebody has refused. A ledger companion: it runs in the transaction of the hold.
 * @throws Refusal autopay_not_signed (detail: the invoice)
 */
export async function refuseUnlessSigned(tx: Tx, holds: readonly SignedHold[]): Promise<void> {
  const ids = holds.map(({ invoiceId }) => invoiceId)
  // Somebody who refuses at this moment waits for the hold, or the hold for them: a refusal that has been taken is never overtaken.
  if (engineOf(tx) === 'postgres') await tx('autopay_invoices').whereIn('id', ids).orderBy('id').forShare().select('id')
  const refused = new Set((await openVerdicts(tx, ids)).flatMap(({ kind, invoiceId }) => (kind === 'refused' ? [invoiceId] : [])))
  const needing = holds.filter(({ steps }) => steps.length > 0)
  const [first] = needing
  const signatures = first
    ? await openSignatures(
        tx,
        needing.map(({ invoiceId }) => invoiceId),
        first.at,
      )
    : []
  for (const { invoiceId, amount, steps } of holds) {
    const signed = signatures.filter(
      (one) => one.invoiceId === invoiceId && one.amount.minor === amount.minor && one.amount.unit === amount.unit,
    )
    const isSigned = steps.every((step) => signed.some((one) => one.step === step))
    if (refused.has(invoiceId) || !isSigned) throw new Refusal('autopay_not_signed', invoiceId)
  }
}
