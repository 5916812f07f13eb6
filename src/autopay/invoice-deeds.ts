import { z } from 'zod'
import { amountText } from '../approvals'
import type { Deed } from '../approvals'
import { wasCarriedOut } from '../shared/audit'
import { looksLikeId } from '../shared/ids'
import { parsePositiveMoney, toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import type { Db } from '../shared/database'
import { Refusal } from '../shared/refusals'
import { releaseInvoice } from './judge-invoice'
import { neededSteps } from './limit-gates'
import { findInvoice } from './open-invoices'
import { readOrganisation } from './organisation-store'
import { invoiceSubject, requireInvoice, signInvoice, wordKey } from './sign-invoice'
import type { SigningDeps } from './sign-invoice'
import { openSignatures } from './words-store'

/** What the person saw when they agreed: another amount is another payment. */
const PAYLOAD = z.strictObject({
  invoice: z
    .string()
    .refine(looksLikeId)
    .transform((id) => id.toLowerCase()),
  roubles: amountText('RUB'),
})

export type InvoicePayload = z.output<typeof PAYLOAD>

export interface InvoiceDeeds {
  readonly approve: Deed<InvoicePayload, void>
  readonly release: Deed<InvoicePayload, void>
}

/** What lets money go although a gate was shut: above the amount for one person, it takes another one besides. */
export const invoiceDeeds = (deps: SigningDeps): InvoiceDeeds => ({
  approve: {
    kind: 'autopay_invoice_approved',
    permission: 'autopay.approve',
    payload: PAYLOAD,
    asksOnce: true,
    requireKnown: ({ invoice }, by) => requireInvoice(deps.db, by, invoice),
    // An invoice is no bound: there are as many as are sent. Where somebody else signs besides, the signature is no one person's.
    addsUp: true,
    adds: async ({ invoice, roubles }) => ((await signsAlone(deps.db, invoice)) ? amountOf(roubles) : null),
    weigh: ({ roubles }) => amountOf(roubles),
    wasDone: (key, { payload: { invoice }, author }) => wasCarriedOut(deps.db, wordKey(invoice, key), author),
    async preview(payload) {
      const { queue } = await required(deps.db, payload)
      if (queue !== 'ask') throw new Refusal('request_not_open', queue)
      const signed = (await openSignatures(deps.db, [payload.invoice], deps.clock.now())).length
      const amount = `${payload.roubles} RUB`
      const facts = (count: number) => ({ amount, signatures: String(count) })
      return { subject: invoiceSubject(payload.invoice), before: facts(signed), after: facts(signed + 1) }
    },
    perform: ({ invoice, roubles }, { author, reason, key, approvedBy }) =>
      signInvoice(deps, { invoiceId: invoice, amount: amountOf(roubles), author, reason, key, approvedBy }),
  },
  release: {
    kind: 'autopay_invoice_released',
    permission: 'autopay.approve',
    payload: PAYLOAD,
    asksOnce: true,
    requireKnown: ({ invoice }, by) => requireInvoice(deps.db, by, invoice),
    addsUp: true,
    weigh: ({ roubles }) => amountOf(roubles),
    wasDone: (key, { payload: { invoice }, author }) => wasCarriedOut(deps.db, wordKey(invoice, key), author),
    async preview(payload) {
      const { queue, problem } = await required(deps.db, payload)
      if (queue !== 'exception' || problem !== null) throw new Refusal('request_not_open', queue)
      const amount = `${payload.roubles} RUB`
      return { subject: invoiceSubject(payload.invoice), before: { amount, held_back: true }, after: { amount, held_back: false } }
    },
    perform: ({ invoice, roubles }, { author, reason, key, approvedBy }) =>
      releaseInvoice(deps, { invoiceId: invoice, amount: amountOf(roubles), author, reason, key, approvedBy }),
  },
})

const amountOf = (roubles: string): Money => parsePositiveMoney(roubles, 'RUB')

/** Whether one signature is all that an invoice of this organisation and amount needs. */
async function signsAlone(db: Db, invoiceId: string): Promise<boolean> {
  const invoice = await findInvoice(db, invoiceId)
  if (!invoice) throw new Refusal('not_found', 'invoice')
  return neededSteps(await readOrganisation(db, invoice.organisationId), invoice.amount?.minor ?? 0n).length <= 1
}

async function required(db: Db, { invoice, roubles }: InvoicePayload) {
  const found = await findInvoice(db, invoice)
  if (!found) throw new Refusal('not_found', 'invoice')
  if (found.amount === null || toDecimal(found.amount.minor) !== roubles) throw new Refusal('amount_changed')
  return found
}
