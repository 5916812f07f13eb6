import { inTransaction, iso } from '../shared/database'
import type { Tx } from '../shared/database'
import { lockInvoices } from './lock-invoices'
import type { SigningDeps } from './sign-invoice'
import { endLapsed, endSignatures } from './words-store'

const MOST_AT_ONCE = 200

/** Ends signatures that were given more than 72 hours ago and led to no payment: the next run asks for them again. @returns how many invoices it concerned */
export async function lapseSignatures({ db, clock }: SigningDeps): Promise<number> {
  const now = clock.now()
  return inTransaction(db, async (tx) => {
    const invoices = await endLapsed(tx, now, MOST_AT_ONCE)
    await tx('autopay_invoices').whereIn('id', invoices).whereIn('queue', ['ask', 'due']).update(decidedAnew(now))
    return invoices.length
  })
}

const decidedAnew = (now: Date) => ({ queue: 'new', next_step: null, decision_id: null, queued_at: iso(now) })

/**
 * An organisation's steps have changed. A signature names its step by its place among them, so it would count for somebody else's: whatever waits is signed and decided
 * about anew. What a person has refused or let go on stays so.
 */
export async function askAnew(tx: Tx, organisationId: string, now: Date): Promise<void> {
  const open = () => tx('autopay_invoices').where({ organisation_id: organisationId }).whereNotIn('queue', ['paying', 'paid'])
  const signed = tx('autopay_signatures').whereNull('ended_at').select('invoice_id')
  await lockInvoices(
    tx,
    open().where((one) => void one.whereIn('queue', ['ask', 'due']).orWhereIn('id', signed)),
  )
  await endSignatures(tx, open().select('id'), { at: now, why: 'steps_changed' })
  await open().whereIn('queue', ['ask', 'due']).update(decidedAnew(now))
}
