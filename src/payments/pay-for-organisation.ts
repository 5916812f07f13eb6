import { inTransaction } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { money } from '../shared/money'
import type { Money } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { Companion } from '../ledger'
import type { Invoice, Permit } from '../invoicebox'
import { insertCheckout } from './checkouts'
import { FRESH_FOR_MS } from './freshness'
import { newPayment } from './new-payment'
import type { Payment, PaymentDeps } from './payment'
import { placeHolds } from './place-holds'
import { NO_LINKS } from './return-links'
import { findPayment } from './store'
import { submitPayment } from './submit-payment'

export interface OrganisationPaymentRequest {
  readonly organisationId: string
  /** The organisation's tax number: the invoice must name it as its payer. */
  readonly vatNumber: string
  /** As Invoicebox's list gave it. */
  readonly invoice: Invoice
  /** When that reading began. */
  readonly readAt: Date
  /** Names the stored decision to pay: asked again with it, the payment that it led to is the answer. */
  readonly decisionId: string
  readonly decidedAt: Date
  /** What must stay in the fund: the part that is kept for buyers (ADR 0012). */
  readonly leaving: Money
  /** Run in the transaction of the hold; a Refusal of theirs stops the payment. */
  readonly companions?: readonly Companion[]
  /** With the slot for the confirm, taken together with that of the reading, so that the reading does not grow old in a queue. */
  readonly permit?: Permit | undefined
  /** Lets the hold happen when it is its turn, or refuses it; at once where nobody goes before. */
  readonly holdInTurn?: HoldInTurn | undefined
}

/** Calls what it is given once, and answers with its answer. */
export type HoldInTurn = <T>(hold: () => Promise<T>) => Promise<T>

/**
 * An organisation's invoice is paid from the guarantee fund, through the same states as a member's payment: hold, ask, record. Whatever Invoicebox answers, recovery,
 * review and reversal do the rest.
 * @throws Refusal invoice_not_fresh (read it again), invoice_not_payable, invoice_unsupported, invoice_being_paid, fund_floor_reached, payments_unavailable (no slot of
 *   the request budget, the circuit is open, Invoicebox says that the fund is empty), and whatever a companion throws. Nothing is held then.
 */
export async function payForOrganisation(deps: PaymentDeps, request: OrganisationPaymentRequest): Promise<Payment> {
  const { db, invoicebox, fundGate } = deps
  const earlier = await findPayment(db, { consent_id: request.decisionId })
  if (earlier) return earlier
  if (invoicebox.circuit().open || !fundGate.isOpen()) throw new Refusal('payments_unavailable')
  const own = request.permit ? undefined : await invoicebox.reserve({ as: 'background', atLeast: 1 })
  const permit = request.permit ?? own
  if (!permit) throw new Refusal('payments_unavailable')
  try {
    return await payUnder(deps, request, permit)
  } finally {
    own?.giveBack()
  }
}

async function payUnder(deps: PaymentDeps, request: OrganisationPaymentRequest, permit: Permit): Promise<Payment> {
  requirePayable(deps, request)
  const payment = newPayment(await wantedOf(deps, request), deps.clock.now())
  const placing = { leaving: request.leaving.minor, companions: request.companions ?? [] }
  const holdInTurn: HoldInTurn = request.holdInTurn ?? ((hold) => hold())
  const isHeld = await holdInTurn(async () => {
    await deps.faultPoint?.('before-hold')
    // The reading may have grown old, or the deadline come, while others were held before it.
    requirePayable(deps, request)
    return placeHolds(deps, payment, placing)
  })
  if (!isHeld) return earlierOf(deps, request)
  await deps.faultPoint?.('after-hold')
  return submitPayment(deps, payment, { as: 'background', permit })
}

/** The confirm carries neither an amount nor a payer, so the invoice must say now what was decided on, and for whom. */
function requirePayable({ clock, settings }: PaymentDeps, { invoice, vatNumber, readAt }: OrganisationPaymentRequest): void {
  const now = clock.now()
  if (Math.abs(now.getTime() - readAt.getTime()) > FRESH_FOR_MS) throw new Refusal('invoice_not_fresh')
  if (invoice.status !== 'pending' && invoice.status !== null) throw new Refusal('invoice_not_payable')
  if (invoice.expirationDate <= now) throw new Refusal('invoice_not_payable')
  if (invoice.customer.vatNumber !== vatNumber) throw new Refusal('invoice_not_payable', 'it has another payer')
  if (!settings.currencies.includes(invoice.amount.unit)) throw new Refusal('invoice_unsupported')
}

type Wanted = Parameters<typeof newPayment>[0]

/** The invoice as it was read is kept as the checkout of a buyer's payment is; one that no payment follows is forgotten like any other. */
async function wantedOf({ db, clock }: PaymentDeps, { organisationId, invoice, ...request }: OrganisationPaymentRequest): Promise<Wanted> {
  const checkoutId = newSortedId()
  const outcome = { kind: 'found', invoice } as const
  const checkout = {
    id: checkoutId,
    invoiceId: invoice.id,
    memberId: null,
    outcome,
    readAt: request.readAt,
    links: NO_LINKS,
    now: clock.now(),
  }
  await inTransaction(db, (tx) => insertCheckout(tx, checkout))
  return {
    checkoutId,
    consentId: request.decisionId,
    consentedAt: request.decidedAt,
    invoiceId: invoice.id.toLowerCase(),
    invoiceNumber: invoice.number.slice(0, 50),
    payer: { kind: 'organisation', organisationId },
    points: money(0n, 'PTS'),
    amount: invoice.amount,
  }
}

async function earlierOf({ db }: PaymentDeps, { decisionId }: OrganisationPaymentRequest): Promise<Payment> {
  const payment = await findPayment(db, { consent_id: decisionId })
  if (!payment) throw new Error('bug: a decision was used, but by no payment')
  return payment
}
