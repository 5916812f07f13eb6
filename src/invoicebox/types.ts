import type { Money } from '../shared/money'
import type { BudgetUse, Permit, RequestClass } from './budget'

export type InvoiceStatus = 'pending' | 'paid' | 'canceled' | 'partial'

/** An invoice that we can serve: its amount is exact, positive and in a currency of the settings. */
export interface Invoice {
  /** As the answer spells it. Key your own records by this text, never by the text of a link: ids compare without regard to case. */
  readonly id: string
  readonly number: string
  readonly description: string
  /** What is to be paid; its unit is the invoice's currency. */
  readonly amount: Money
  /** `null` when the field is missing or unfamiliar. Never read `null` as paid. */
  readonly status: InvoiceStatus | null
  readonly createdAt: Date
  readonly expirationDate: Date
  /** The link as text, unchanged: https (or http where the settings allow it), without user info. */
  readonly paymentUrl: string
  readonly customer: Customer
}

/** Only what a decision may need. Phone, e-mail and address are dropped at the door, and so is the name of whoever is not a company. */
export interface Customer {
  readonly type?: 'legal' | 'private'
  readonly vatNumber?: string
  /** Of a company alone. */
  readonly name?: string
}

export type Operation =
  | 'business.get'
  | 'business.list'
  | 'business.confirm'
  | 'auth.check'
  | 'order.create'
  | 'order.get'
  | 'order.list'
  | 'order.update'
  | 'order.cancel'
  | 'order.status'
  | 'refund.lines'
  | 'refund.create'
  | 'refund.list'
  | 'correction.create'
  | 'shipment.create'
  | 'shipment.list'
  | 'guarantee.validate'
  | 'guarantee.send-code'
  | 'guarantee.pay'
  | 'counterparty.get'
  | 'marketplace.create'
  | 'marketplace.update'

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE'

/** One call as it is stored beside a payment. Nothing in it names a person or carries a secret. */
export interface Exchange {
  readonly operation: Operation
  readonly method: Method
  /** Path and query after the host. */
  readonly path: string
  readonly startedAt: Date
  readonly durationMs: number
  /** `null` when no answer arrived. */
  readonly status: number | null
  /** Invoicebox's `X-Request-Id`; support asks for it. Ours is in `request`. */
  readonly requestId: string | null
  /** Redacted, at most 4 KB. Empty when nothing was sent: the circuit is open, or no slot was free. */
  readonly request: string
  /** Redacted, at most 4 KB. */
  readonly response: string
  /** The outcome in a few words: `accepted`, `rejected invoice_already_paid`, `unknown timeout`. */
  readonly outcome: string
}

/** An outcome and the exchange that led to it; of a repeated read the last exchange. */
export interface Asked<T> {
  readonly outcome: T
  readonly exchange: Exchange
}

/** Why an answer proves nothing. */
export type UnknownReason =
  | 'circuit-open' //        not asked: see CircuitState
  | 'no-budget' //           not asked: no slot of the request budget was free in time
  | 'refused-connection' //  no connection came about: refused, unreachable, or no such name
  | 'tls-failure' //         the other side could not prove who it is
  | 'timeout'
  | 'broken-connection' //   reset, cut off in the middle, or not HTTP
  | 'too-large' //           more than 4 MiB, or headers without end
  | 'redirected' //          never followed: the token would leak and a write would be sent twice
  | 'rate-limited' //        429
  | 'try-later' //           408, 425, or the code out_of_service
  | 'server-error' //        any 5xx, whatever its body says
  | 'not-json' //            HTML, an empty or damaged body, a wrong content type
  | 'not-understood' //      JSON, but neither a success nor an error of this API
  | 'wrong-operation' //     a success for somebody else's operation id
  | 'no-transaction-id' //   a success without Invoicebox's own id

export interface Unknown {
  readonly kind: 'unknown'
  readonly reason: UnknownReason
  /** False only when it is certain that nothing left this machine. */
  readonly sent: boolean
  /** How long Invoicebox asks us to wait, between 1 s and 5 min; absent when it does not say. */
  readonly retryAfterMs?: number
  /** A sentence for a person: the answer contradicts the contract, so somebody must look. */
  readonly alarm?: string
}

/** The three answers to "is it paid now?". Only `rejected` may lead to a void, and only under Rule R. */
export type ConfirmOutcome =
  | { readonly kind: 'accepted'; readonly transactionId: string }
  | { readonly kind: 'rejected'; readonly code: string; readonly status: number; readonly message: string }
  | Unknown

/** `unauthorized`: our token is refused. `rejected`: the API refused the question itself; `code` says how. */
export type UnavailableReason = UnknownReason | 'unauthorized' | 'rejected'

export interface Unavailable {
  readonly kind: 'unavailable'
  readonly reason: UnavailableReason
  readonly code?: string
  readonly retryAfterMs?: number
}

/** An invoice that we cannot serve: an odd amount, an unknown currency, an unusable link. */
export interface OddInvoice {
  readonly kind: 'odd'
  readonly invoiceId: string
  /** One sentence for staff, free of personal data. */
  readonly problem: string
  readonly paymentUrl?: string
  /** Its number and description, as far as they can be read. */
  readonly number?: string
  readonly description?: string
  /** It is for what we sell ourselves, so points cannot pay it, and what it says. Told by whoever knows our orders, never by Invoicebox. */
  readonly own?: { readonly goods: 'points' | 'voucher'; readonly invoice: Invoice }
  /** As far as it can be read, so that an organisation's odd invoice is found among the others; absent when no invoice was answered. */
  readonly customer?: Customer
}

export type ReadOutcome =
  | { readonly kind: 'found'; readonly invoice: Invoice }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'forbidden' }
  | OddInvoice
  | Unavailable

export interface InvoicePage {
  readonly kind: 'page'
  readonly invoices: readonly Invoice[]
  /** Elements of the page that we cannot serve. */
  readonly odd: readonly OddInvoice[]
  /** `null` when the answer has no `metaData`. */
  readonly totalCount: number | null
  /** Whether another page may follow. Without `metaData` it may turn out to be empty. */
  readonly hasMore: boolean
}

export type ListOutcome = InvoicePage | Unavailable

export type AuthOutcome = { readonly kind: 'authorized'; readonly userId: string } | { readonly kind: 'unauthorized' } | Unavailable

export interface InvoiceOrder {
  readonly field: 'createdAt' | 'expirationDate' | 'number' | 'amount'
  readonly direction: 'asc' | 'desc'
}

export interface InvoiceQuery {
  /** At most 50. */
  readonly ids?: readonly string[]
  readonly status?: readonly InvoiceStatus[]
  readonly merchantOrderId?: string
  /** The order number as the merchant shows it to people. */
  readonly merchantOrderIdVisible?: string
  /** The first entry sorts first. */
  readonly order?: readonly InvoiceOrder[]
  /** From 1. */
  readonly page: number
  /** 1 to 50: the largest size upstream serves is undocumented. */
  readonly pageSize: number
}

export type CircuitState =
  { readonly open: false } | { readonly open: true; readonly reason: 'unauthorized' | 'outage'; readonly until: Date }

/** On whose behalf a call is made. */
export interface Asking {
  readonly as?: RequestClass
  /** Slots that were reserved before; without one, or when it has none left, a slot is taken as usual. */
  readonly permit?: Permit | undefined
  /** How long to wait for a slot; the class decides unless given. */
  readonly waitMs?: number | undefined
}

export interface ReadAsking extends Asking {
  /** Another reader's answer will do when its reading began at most so long before this call. 0, the default: a reading of its own that begins after the call. */
  readonly maxAgeMs?: number
  /** Whether that may be an answer that says nothing. Otherwise the reader only shares a failure that it has waited for itself. */
  readonly evenFailed?: boolean
}

/** Slots to be taken before they are needed. */
export interface Reservation {
  readonly as: RequestClass
  readonly atLeast: number
  readonly atMost?: number
  readonly waitMs?: number
}

/**
 * The Business API of Invoicebox. Every call returns an outcome, whatever upstream does;
 * it throws only for a mistake of the caller, such as an id that no URL can carry.
 */
export interface InvoiceboxClient {
  /** Reads one invoice. Repeated within the time for a read when the first try surely changed nothing (settings.readAttempts). */
  readInvoice(invoiceId: string, asking?: ReadAsking): Promise<Asked<ReadOutcome>>
  listInvoices(query: InvoiceQuery, asking?: Asking): Promise<Asked<ListOutcome>>
  /**
   * Asks Invoicebox to pay the invoice from the guarantee fund. Sent at most once per call.
   * @param operationId ours, stored before this call; the same for every repeat of one attempt.
   */
  confirmInvoice(invoiceId: string, operationId: string, asking?: Asking): Promise<Asked<ConfirmOutcome>>
  /** Takes slots of the request budget in advance; null when there are none in time. Give back what is not needed. */
  reserve(reservation: Reservation): Promise<Permit | null>
  /** How the request budget stands; null where no limit was agreed. */
  budget(): Promise<BudgetUse | null>
  /** Whether a payment would hardly get a slot now, as far as this process knows. */
  isExhausted(): boolean
  /** Tells how long each caller waited for the request budget, in milliseconds. */
  onWait(listener: (as: RequestClass, waitedMs: number) => void): void
  /** Whether Invoicebox knows our token. */
  checkAuth(): Promise<Asked<AuthOutcome>>
  /** Whether calls are being held back at this moment, and why. After `until` the next call is let through as a probe. */
  circuit(): CircuitState
  /** Lets running calls end, sends away who waits for a slot, then closes all connections. */
  close(): Promise<void>
}
