import { authorizePayment } from '../../src/payments/authorize-payment'
import { makePayment } from '../../src/payments/make-payment'
import type { Payment, PaymentDeps } from '../../src/payments/payment'
import { settlePayment } from '../../src/payments/settle-payment'
import { insertExchanges } from '../../src/payments/store'
import { companion } from '../../src/ledger'
import type { Exchange, InvoiceboxClient } from '../../src/invoicebox'
import type { Clock } from '../../src/shared/clock'
import { newId } from '../../src/shared/ids'
import type { Stocked } from '../books'
import { callersText } from '../texts'
import { keepCalling } from '../callers'
import { makeCheckouts } from '../checkouts'
import type { Waiting } from '../checkouts'
import type { Chance } from '../../test/support/chance'
import type { Sample, Workload } from '../measure'

/** A clock that stands still while payments run, so that every invoice counts as just read, however many were prepared. */
export class StoppedClock implements Clock {
  private at = new Date()
  now(): Date {
    return this.at
  }
  setToNow(): void {
    this.at = new Date()
  }
}

export interface PaymentLoad {
  readonly callers: number
  readonly seconds: number
}

/** Whole payments of members drawn from 10,000, all out of the one fund, against an Invoicebox in this process that says yes at once. */
export interface Payments {
  /** Hold, then record: two commits, with the functions of the product and all they read; the answer of Invoicebox is kept in the second. */
  twoCommits(load: PaymentLoad): Workload
  /** The whole use case as a confirm form runs it: the answer of Invoicebox is kept before anything is decided from it, which is a third commit. */
  whole(load: PaymentLoad): Workload
}

/** More than any machine does in a second; what is left over is used in the next run. */
const MOST_PER_SECOND = 4_000

export function preparePayments(stocked: Stocked, clock: StoppedClock, chance: Chance, engine: string): Payments {
  const deps: PaymentDeps = { ...stocked.parts, invoicebox: instantInvoicebox(stocked.parts.invoicebox, clock) }
  const ready: Waiting[] = []

  const run = async (load: PaymentLoad, pay: (prepared: Waiting) => Promise<Payment>): Promise<Sample> => {
    clock.setToNow()
    const owners = Array.from({ length: Math.ceil(MOST_PER_SECOND * load.seconds) }, () => chance.oneOf(stocked.memberIds))
    ready.push(...(await makeCheckouts(deps, owners, clock.now())))
    const call = async (): Promise<boolean> => {
      const prepared = ready.pop()
      if (!prepared) return false
      const { state } = await pay(prepared)
      if (state !== 'captured') throw new Error(`A payment of the bench ended as ${state}.`)
      return true
    }
    const sample = await keepCalling(call, { ...load, settled: () => deps.ledger.idle() })
    ready.length = 0 // The clock moves on before the next run, and these would have to be read again.
    return sample
  }
  const workload = (kind: string, load: PaymentLoad, pay: (prepared: Waiting) => Promise<Payment>): Workload => ({
    name: `${engine}: ${kind}, ${callersText(load.callers)}`,
    run: () => run(load, pay),
  })
  return {
    twoCommits: (load) => workload('payments, hold and record', load, (prepared) => holdAndRecord(deps, prepared)),
    whole: (load) => workload('payments, whole use case', load, (prepared) => makePayment(deps, prepared)),
  }
}

async function holdAndRecord(deps: PaymentDeps, prepared: Waiting): Promise<Payment> {
  const { payment } = await authorizePayment(deps, prepared)
  const transactionId = newId()
  const exchange = exchangeOf(deps.clock, payment.invoiceId, payment.operationId, transactionId)
  const proof = companion(insertExchanges, { paymentId: payment.id, exchange, transactionId })
  return settlePayment(deps, payment, { kind: 'accepted', transactionId }, { actor: 'system:gateway', companions: [proof] })
}

/** Says yes to every operation without leaving the process, and has room in its request budget: what is measured is the gateway, not a network. */
const instantInvoicebox = (real: InvoiceboxClient, clock: Clock): InvoiceboxClient => ({
  ...real,
  confirmInvoice: (invoiceId, operationId) => {
    const outcome = { kind: 'accepted', transactionId: newId() } as const
    return Promise.resolve({ outcome, exchange: exchangeOf(clock, invoiceId, operationId, outcome.transactionId) })
  },
  reserve: () => Promise.resolve({ left: 0, spend: () => undefined, giveBack: () => undefined }),
})

const exchangeOf = (clock: Clock, invoiceId: string, operationId: string, transactionId: string): Exchange => ({
  operation: 'business.confirm',
  method: 'POST',
  path: `/v3/business/api/invoice/${invoiceId}/confirm`,
  startedAt: clock.now(),
  durationMs: 1,
  status: 200,
  requestId: newId(),
  request: JSON.stringify({ partnerOperationId: operationId }),
  response: JSON.stringify({ data: { id: transactionId, partnerOperationId: operationId } }),
  outcome: 'accepted',
})
