import { resolveReview } from '../../src/payments'
import { COMMAND_LINE } from '../../src/shared/actor'
import { closeAlerts } from '../../src/shared/alerts'
import type { AlertKind } from '../../src/shared/alerts'
import { inTransaction } from '../../src/shared/database'
import { SECOND } from '../../src/shared/clock'
import type { Fault, SandboxInvoice } from '../support/sandbox-control'
import type { Buyer, World } from '../support/world'

/** What the payment tests do again and again, in the words of the domain. */

export type ShownPayment = Awaited<ReturnType<World['payments']>>[number]

/** Every payment of an invoice, the newest first. */
export const paymentsOf = async (world: World, invoice: { id: string }): Promise<ShownPayment[]> =>
  (await world.payments()).filter((payment) => payment.invoiceId === invoice.id)

/** The only payment of an invoice. */
export async function paymentOf(world: World, invoice: { id: string }): Promise<ShownPayment> {
  const [payment, ...others] = await paymentsOf(world, invoice)
  if (!payment || others.length > 0) throw new Error(`The invoice has ${others.length + (payment ? 1 : 0)} payments, not one.`)
  return payment
}

/** Longer than any pause that Invoicebox may ask for. */
const A_WHILE = 301 * SECOND
const MOST_WHILES = 6

/** Lets time go by until the payment is open no more, or in review. */
export async function settled(world: World, invoice: { id: string }): Promise<ShownPayment> {
  for (let whiles = 0; whiles < MOST_WHILES; whiles++) {
    const payment = await paymentOf(world, invoice)
    if (payment.state !== 'confirming') return payment
    await world.passes(A_WHILE)
  }
  throw new Error('The payment did not converge.')
}

/** The circuit must be closed and no fault left before the next story begins. */
export async function allIsWell(world: World): Promise<void> {
  await world.sandbox.behave()
  await world.sandbox.settings({ nonIdempotentConfirm: false, statusMissing: false, paidDelaySeconds: 0, singleAsArray: false })
  await world.passes(60 * SECOND)
  const { id } = await world.sandbox.invoice({ amount: '1.00' })
  await world.parts.invoicebox.readInvoice(id)
  const now = world.clock.now()
  for (const kind of ['invoicebox_refuses_us', 'fund_too_low'] as AlertKind[]) {
    const subject = kind === 'fund_too_low' ? 'fund' : 'invoicebox'
    await inTransaction(world.db, (tx) => closeAlerts(tx, [{ kind, subject, by: 'test', at: now }]))
  }
}

/** The kinds of the open alerts about a payment, or about something else. */
export const alertsAbout = async (world: World, subject: string): Promise<string[]> =>
  (await world.alerts()).filter((alert) => alert.subject === subject).map((alert) => alert.kind)

/** A fault on this invoice alone. */
export const strikes = (world: World, invoice: SandboxInvoice, fault: Omit<Fault, 'on'> & { on?: string }): Promise<unknown> =>
  world.sandbox.misbehave({ on: 'business.confirm', times: 1, ...fault, invoiceId: invoice.id } as Fault)

/** A person ends a review with what Invoicebox's support says. */
export const resolve = (
  world: World,
  payment: { id: string },
  resolution: Parameters<typeof resolveReview>[1]['resolution'],
  reason = 'the support of Invoicebox said so',
) => resolveReview(world.parts, { paymentId: payment.id, resolution, reason, author: COMMAND_LINE })

/** Our fund and theirs, which must agree to the kopeck when nothing is open. */
export async function bothFunds(world: World): Promise<{ ours: string; theirs: string }> {
  return { ours: (await world.fund()).balance, theirs: (await world.sandbox.fund()).balance }
}

/** A lost answer and a repeat that Invoicebox refuses: this is how an invoice that we paid gets into review. */
export async function refusedRepeat(world: World, anna: Buyer): Promise<SandboxInvoice> {
  const invoice = await world.sandbox.invoice({ amount: '100.00' })
  await strikes(world, invoice, { kind: 'lose-answer' })
  await anna.pays(invoice)
  await world.sandbox.settings({ nonIdempotentConfirm: true })
  await settled(world, invoice)
  return invoice
}
