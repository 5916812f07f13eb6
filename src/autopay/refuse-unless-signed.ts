import { engineOf } from '../shared/database'
import type { Tx } from '../shared/database'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { openSignatures, openVerdicts } from './words-store'

/** A payment that is about to hold money, with the steps that must have signed for this very amount. */
export interface SignedHold {
  readonly invoiceId: string
  /** For whom it is paid, and was signed. */
  readonly organisationId: string
  readonly amount: Money
  readonly steps: readonly number[]
  readonly at: Date
}

/**
 * Refuses a hold whose signatures have lapsed or ended since it was decided on, that somebody has refused, or whose invoice has become another organisation's. A ledger companion: it runs in the transaction of the hold.
 * @throws Refusal autopay_not_signed (detail: the invoice)
 */
export async function refuseUnlessSigned(tx: Tx, holds: readonly SignedHold[]): Promise<void> {
  const ids = holds.map(({ invoiceId }) => invoiceId)
  // Somebody who refuses at this moment waits for the hold, or the hold for them: a refusal that has been taken is never overtaken.
  const locked = tx('autopay_invoices').whereIn('id', ids).orderBy('id')
  const rows: { id: string; organisation_id: string }[] = await (engineOf(tx) === 'postgres' ? locked.forShare() : locked).select(
    'id',
    'organisation_id',
  )
  const owners = new Map(rows.map(({ id, organisation_id }) => [id, organisation_id]))
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
  for (const { invoiceId, organisationId, amount, steps } of holds) {
    const signed = signatures.filter(
      (one) => one.invoiceId === invoiceId && one.amount.minor === amount.minor && one.amount.unit === amount.unit,
    )
    const isSigned = steps.every((step) => signed.some((one) => one.step === step))
    if (refused.has(invoiceId) || !isSigned || owners.get(invoiceId) !== organisationId) throw new Refusal('autopay_not_signed', invoiceId)
  }
}
