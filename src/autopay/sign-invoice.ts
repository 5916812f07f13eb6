import { isStaff } from '../shared/actor'
import type { Approver, Author } from '../shared/actor'
import { requireReason, wasCarriedOut, writeAudit } from '../shared/audit'
import type { Clock } from '../shared/clock'
import { DAY, plus } from '../shared/clock'
import { brokenUniqueRule, engineOf, inTransaction, iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { requireStanding } from '../shared/standing'
import { toKept } from './invoice-row'
import type { InvoiceRow, KeptInvoice } from './invoice-row'
import { keptId } from './keep-invoices'
import { hasSigned, isSameHand, nextStepOf, signerOf, signingOf } from './may-sign'
import type { Signer } from './may-sign'
import { lockOrganisation, requireOrganisation } from './organisation-store'
import { approvalFacts, writeTidings } from './outbox'
import { insertSignature, openSignatures } from './words-store'
import type { Signature } from './words-store'

export interface SigningDeps {
  readonly db: Db
  readonly clock: Clock
}

export interface SigningOrder {
  readonly invoiceId: string
  /** What the person saw: another amount is another payment. */
  readonly amount: Money
  readonly author: Author
  readonly reason: string
  readonly key: string
  readonly approvedBy?: Approver | undefined
}

/** A signature counts for so long, as a request for a second person does. */
export const SIGNATURE_LASTS_MS = 3 * DAY

/** The invoice, if its organisation is one of theirs: of any other they do not learn that it is there. @throws Refusal not_found */
export async function requireInvoice(db: Db, author: Author, id: string): Promise<KeptInvoice> {
  const row = (await db('autopay_invoices')
    .where({ id: keptId(id) })
    .first()) as InvoiceRow | undefined
  if (!row) throw new Refusal('not_found', 'invoice')
  await requireOrganisation(db, author, row.organisation_id)
  return toKept(row)
}

/**
 * Signs the step whose turn it is. With the last one the invoice is to be paid by the next run; until then the next approvers are told.
 * @throws Refusal forbidden when it is not this person's turn, already_signed, let_in_by_maker when an earlier signer could be this person, amount_changed, request_not_open when no signature is asked for any more, not_found
 */
export async function signInvoice(deps: SigningDeps, order: SigningOrder): Promise<void> {
  const { author, invoiceId } = order
  requirePermission(author, 'autopay.approve')
  if (!isStaff(author)) throw new Refusal('forbidden', 'a person signs who has signed in')
  const reason = requireReason(order.reason)
  const { organisationId } = await requireInvoice(deps.db, author, invoiceId)
  const at = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    await requireStanding(tx, author)
    // Its steps stay as they are until the signature is there.
    const organisation = await lockOrganisation(tx, organisationId)
    if (!organisation) throw new Refusal('not_found', 'organisation')
    const invoice = await lockTheirs(tx, invoiceId, author)
    if (invoice.organisationId !== organisationId) throw new Refusal('not_found', 'invoice')
    // A turn that was taken back while this waited for the locks is nobody else's any more.
    const signer = await signerOf(tx, author, at)
    // Others may have refused it since, and let it go on again: what was signed then is not signed anew.
    if (await wasSigned(tx, invoice.id, order)) return
    const earlier = await openSignatures(tx, [invoice.id], at)
    requireSameAmount(invoice, order.amount)
    if (invoice.queue !== 'ask') throw new Refusal('request_not_open', invoice.queue)
    const step = nextStepOf(organisation, order.amount.minor, earlier)
    if (!step) throw new Refusal('already_signed')
    const signing = signingOf(signer, step, earlier)
    if (!signing) throw whyNot(signer, earlier)
    const { key, amount } = order
    const signature = { invoiceId: invoice.id, step: step.index, amount, staffId: author.id, ...signing, reason, key }
    await insertSignature(tx, { ...signature, signedAt: at, lapsesAt: plus(at, SIGNATURE_LASTS_MS) })
    await passOn(tx, invoice, nextStepOf(organisation, amount.minor, await openSignatures(tx, [invoice.id], at))?.index ?? null, at)
    await auditSignature(tx, order, { reason, step: step.index, onBehalfOf: signing.onBehalfOf, at })
  }).catch((error: unknown) => {
    // Somebody was faster by a moment.
    throw brokenUniqueRule(error)?.includes('autopay_signatures') ? new Refusal('already_signed') : error
  })
}

/** Signatures of an earlier version have their key, and their audit rows none. */
const wasSigned = async (tx: Tx, invoiceId: string, { author, key }: SigningOrder): Promise<boolean> =>
  (await wasCarriedOut(tx, wordKey(invoiceId, key), author)) ||
  (await tx('autopay_signatures')
    .where({ invoice_id: invoiceId, key, staff_id: isStaff(author) ? author.id : '' })
    .first('id')) !== undefined

function whyNot(signer: Signer, earlier: readonly Signature[]): Refusal {
  if (hasSigned(signer.actor, earlier)) return new Refusal('already_signed')
  return isSameHand(signer, earlier) ? new Refusal('let_in_by_maker') : new Refusal('forbidden', 'it is the turn of somebody else')
}

async function lockInvoice(tx: Tx, id: string): Promise<KeptInvoice> {
  const query = tx('autopay_invoices').where({ id: keptId(id) })
  const [row] = (await (engineOf(tx) === 'postgres' ? query.forUpdate() : query)) as InvoiceRow[]
  if (!row) throw new Refusal('not_found', 'invoice')
  return toKept(row)
}

/** The same, if it is still of an organisation of theirs: another payer, or other people of the organisation, may have come since they were let in. @throws Refusal not_found */
export async function lockTheirs(tx: Tx, id: string, author: Author): Promise<KeptInvoice> {
  const invoice = await lockInvoice(tx, id)
  await requireOrganisation(tx, author, invoice.organisationId)
  return invoice
}

export function requireSameAmount({ amount }: KeptInvoice, seen: Money): void {
  if (amount?.minor !== seen.minor || amount.unit !== seen.unit) throw new Refusal('amount_changed')
}

/** To the next step, or to those that are to be paid. With the last signature the decision that asked for it is over: one like it would be a new one. */
async function passOn(tx: Tx, { id, organisationId, amount }: KeptInvoice, nextStep: number | null, at: Date): Promise<void> {
  const moved = nextStep === null ? { queue: 'due', next_step: null, decision_id: null } : { next_step: nextStep }
  await tx('autopay_invoices')
    .where({ id })
    .update({ ...moved, queued_at: iso(at) })
  if (nextStep === null) return
  const facts = approvalFacts([{ id, amount: amount?.minor ?? 0n }])
  const row: { id: string } | undefined = await tx('autopay_signatures').where({ invoice_id: id }).orderBy('id', 'desc').first('id')
  if (row) await writeTidings(tx, [{ topic: 'approval', source: row.id, organisationId, facts, at }])
}

interface Signed {
  readonly reason: string
  readonly step: number
  readonly onBehalfOf: string | null
  readonly at: Date
}

const auditSignature = (
  tx: Tx,
  { author, invoiceId, amount, approvedBy, key }: SigningOrder,
  { reason, step, onBehalfOf, at }: Signed,
): Promise<void> =>
  writeAudit(tx, [
    {
      author,
      at,
      action: 'autopay_invoice_approved',
      subject: invoiceSubject(invoiceId),
      reason,
      instructionKey: wordKey(invoiceId, key),
      after: {
        amount: `${toDecimal(amount.minor)} ${amount.unit}`,
        step: String(step + 1),
        ...(onBehalfOf === null ? {} : { on_behalf_of: `staff:${onBehalfOf}` }),
      },
      evenWithoutRole: true,
      ...(approvedBy && { approvedBy }),
    },
  ])

/** What somebody has said about an invoice, by the key of their intent. */
export const wordKey = (invoiceId: string, key: string): string => `${invoiceSubject(invoiceId)}:${key}`

/** How an invoice stands in the audit log. */
export const invoiceSubject = (id: string): string => `invoice:${keptId(id)}`
