import { authorName } from '../shared/actor'
import type { Approver, Author } from '../shared/actor'
import { requireKey, requireReason, wasCarriedOut, writeAudit } from '../shared/audit'
import { inTransaction, iso } from '../shared/database'
import type { Tx } from '../shared/database'
import { toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { requireStanding } from '../shared/standing'
import { latestDecisions } from './decision-store'
import type { KeptInvoice, Queue } from './invoice-row'
import { invoiceSubject, lockTheirs, requireInvoice, requireSameAmount, wordKey } from './sign-invoice'
import type { SigningDeps } from './sign-invoice'
import { endWords, insertVerdict, openVerdicts } from './words-store'

export interface Judging {
  readonly invoiceId: string
  readonly author: Author
  readonly reason: string
}

export interface Refusing extends Judging {
  /** Names the intent: a form that is sent again refuses nothing that was let go on since. */
  readonly key?: string | undefined
}

/** From these an invoice may be refused: nothing has been held for it. */
const REFUSABLE: readonly Queue[] = ['new', 'ask', 'due', 'exception']

/**
 * Somebody says that an invoice is not to be paid. It stands under Exceptions with the reason until it is let go on; refusing moves no money, so one person does it alone.
 * @throws Refusal forbidden, not_found, bad_input (detail: reason), request_not_open once its payment is under way
 */
export async function refuseInvoice(deps: SigningDeps, { invoiceId, author, reason: text, key }: Refusing): Promise<void> {
  requirePermission(author, 'autopay.approve')
  const reason = requireReason(text)
  await requireInvoice(deps.db, author, invoiceId)
  const at = deps.clock.now()
  const instructionKey = key === undefined ? undefined : wordKey(invoiceId, `refused:${requireKey(key)}`)
  await inTransaction(deps.db, async (tx) => {
    await requireStanding(tx, author)
    const invoice = await lockTheirs(tx, invoiceId, author)
    if (instructionKey !== undefined && (await wasCarriedOut(tx, instructionKey, author))) return
    if (!REFUSABLE.includes(invoice.queue)) throw new Refusal('request_not_open', invoice.queue)
    const amount = invoice.amount?.minor ?? 0n
    await endWords(tx, [invoice.id], { at, why: 'superseded' })
    await insertVerdict(tx, { invoiceId: invoice.id, kind: 'refused', author: authorName(author), reason, at, amount, otherInvoices: [] })
    await moveTo(tx, invoice, 'exception', at)
    const told = { action: 'autopay_invoice_refused', subject: invoiceSubject(invoice.id), ...(instructionKey && { instructionKey }) }
    await writeAudit(tx, [{ author, at, reason, evenWithoutRole: true, ...told }])
  })
}

export interface Releasing extends Judging {
  /** What the person saw. */
  readonly amount: Money
  readonly approvedBy?: Approver | undefined
  /** Names the intent: a form that is sent again does nothing more, whatever was done since. */
  readonly key: string
}

/**
 * Somebody has looked at an invoice under Exceptions and lets it go on: it is no duplicate, and neither an earlier refusal of Invoicebox nor of a person stands in its way.
 * The next run decides about it anew; rules, limits, fund and approval still apply.
 * @throws Refusal forbidden, not_found, bad_input, amount_changed, request_not_open when it does not stand under Exceptions
 */
export async function releaseInvoice(deps: SigningDeps, order: Releasing): Promise<void> {
  const { invoiceId, author, approvedBy } = order
  requirePermission(author, 'autopay.approve')
  const reason = requireReason(order.reason)
  await requireInvoice(deps.db, author, invoiceId)
  const [at, instructionKey] = [deps.clock.now(), wordKey(invoiceId, order.key)]
  await inTransaction(deps.db, async (tx) => {
    await requireStanding(tx, author)
    const invoice = await lockTheirs(tx, invoiceId, author)
    // Somebody may have refused it since.
    if (await wasCarriedOut(tx, instructionKey, author)) return
    if (invoice.problem !== null || invoice.queue !== 'exception') throw new Refusal('request_not_open', invoice.queue)
    requireSameAmount(invoice, order.amount)
    await insertVerdict(tx, {
      invoiceId: invoice.id,
      kind: 'released',
      author: authorName(author),
      reason,
      at,
      amount: order.amount.minor,
      otherInvoices: await lookedAt(tx, invoice),
    })
    await moveTo(tx, invoice, 'new', at)
    const after = { amount: `${toDecimal(order.amount.minor)} ${order.amount.unit}` }
    const told = { action: 'autopay_invoice_released', subject: invoiceSubject(invoice.id), after, instructionKey }
    await writeAudit(tx, [{ author, at, reason, evenWithoutRole: true, ...told, ...(approvedBy && { approvedBy }) }])
  })
}

/** The invoice that the last decision names as its twin, beside those it was let go on for before. */
async function lookedAt(tx: Tx, { id, decisionId }: KeptInvoice): Promise<string[]> {
  const before = (await openVerdicts(tx, [id])).flatMap(({ otherInvoices }) => otherInvoices)
  const why = (await latestDecisions(tx, [id])).get(id)?.why ?? []
  const named =
    decisionId === null ? [] : why.flatMap(({ gate, passed, values }) => (gate === 'duplicate' && !passed ? (values['invoice'] ?? []) : []))
  return [...new Set([...before, ...named])]
}

const moveTo = (tx: Tx, { id }: KeptInvoice, queue: Queue, at: Date): Promise<number> =>
  tx('autopay_invoices')
    .where({ id })
    .update({ queue, next_step: null, ...(queue === 'new' ? { decision_id: null } : {}), queued_at: iso(at) })
