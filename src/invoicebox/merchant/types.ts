import type { Money } from '../../shared/money'
import type { Asked, Asking, CircuitState, Unavailable, Unknown } from '../types'
import type { Basket, BasketLine, RoundPolicy } from './basket-types'

/** `completed` alone means paid; `hold` is reserved, not paid (6.5, Q-43). */
export const ORDER_STATUSES = ['created', 'completed', 'expired', 'canceled', 'hold', 'draft'] as const
export type OrderStatus = (typeof ORDER_STATUSES)[number]

export const REFUND_STATUSES = ['draft', 'created', 'completed', 'canceled'] as const
export type RefundStatus = (typeof REFUND_STATUSES)[number]

export const SHIPMENT_STATUSES = ['draft', 'pending', 'completed', 'canceled'] as const
export type ShipmentStatus = (typeof SHIPMENT_STATUSES)[number]

/** Who is named on an order. Everything is optional; `{}` is a customer too (3.4.2). Sent, never kept. */
export interface Customer {
  readonly type?: 'legal' | 'private'
  readonly name?: string
  readonly phone?: string
  readonly email?: string
  readonly vatNumber?: string
  readonly taxRegistrationReasonCode?: string
  readonly registrationAddress?: string
}

/** Where the payment page sends the buyer. */
export interface BuyerLinks {
  readonly success?: string
  readonly fail?: string
  /** Plain "back to the shop". */
  readonly back?: string
}

/** An order to be created. The merchant's id is the client's own setting. */
export interface OrderDraft {
  /** Ours, unique, stored before the call: the only way to find the order again when the answer is lost. At most 36 characters. */
  readonly merchantOrderId: string
  /** The number the buyer sees on the payment page; `merchantOrderId` unless set. */
  readonly visibleNumber?: string
  readonly description: string
  readonly basket: Basket
  readonly expirationDate: Date
  readonly customer: Customer
  readonly language?: 'ru' | 'en'
  readonly links?: BuyerLinks
  /** The shop's own setting unless set. */
  readonly notificationUrl?: string
  /** Attaches this order to an existing invoice (a suborder of a mini-app). */
  readonly orderContainerId?: string
  /** The loyalty programme. */
  readonly userAccountId?: string
  readonly shopId?: string
  /** False: an order that Invoicebox does not process (3.4.6). */
  readonly processable?: boolean
  readonly roundPolicy?: RoundPolicy
  /** JSON-LD of schema.org, as it is to be sent. */
  readonly metaData?: Readonly<Record<string, unknown>>
  /** The buyer may not change who pays. */
  readonly customerLocked?: boolean
}

/** What may be changed before the order is paid (3.4.5); what is left out stays. */
export type OrderChange = Partial<Pick<OrderDraft, 'description' | 'expirationDate' | 'basket' | 'customer' | 'shopId' | 'metaData'>>

/** Keeps the fee of a refund: same as an order, under the draft refund. */
export interface CorrectionDraft extends OrderDraft {
  /** The id of a refund that was created as a draft. */
  readonly refundId: string
}

/** An order as Invoicebox tells it. Who pays is dropped at the door. */
export interface Order {
  readonly id: string
  readonly merchantId: string
  readonly merchantOrderId: string
  /** The invoice that the buyer pays; `null` when it is not told. */
  readonly orderContainerId: string | null
  /** `null` when missing or unfamiliar: never read it as paid. */
  readonly status: OrderStatus | null
  readonly amount: Money
  readonly createdAt: Date
  readonly expirationDate: Date | null
  readonly paidAt: Date | null
  /** The link as text, unchanged: https (or http where the settings allow it), without user info. */
  readonly paymentUrl: string
}

export interface RefundDraft {
  /** A completed order. */
  readonly parentId: string
  /** Ours, unique per refund and stored before the call: a repeat is refused, so nothing is refunded twice (3.6). At most 36 characters. */
  readonly merchantOrderId: string
  readonly basket: Basket
  readonly description: string
  /** `draft` waits for a correction order that keeps a fee; `created` unless set. */
  readonly status?: 'created' | 'draft'
}

export interface Refund {
  readonly id: string
  readonly parentId: string
  readonly merchantOrderId: string
  readonly amount: Money
  /** `null` when missing or unfamiliar. */
  readonly status: RefundStatus | null
  readonly createdAt: Date | null
}

/** A line of a paid order with what is left of it to give back. */
export interface RefundableLine extends BasketLine {
  /** The totals of the line where Invoicebox does not say. */
  readonly available: Money
  readonly availableVat: Money
}

export interface ShipmentDraft {
  readonly orderId: string
  /** The waybill; the only name by which a shipment of unknown outcome is found again (3.5). At most 36 characters. */
  readonly documentNumber: string
  /** `YYYY-MM-DD`. */
  readonly documentDate?: string
  readonly lines: readonly BasketLine[]
  /** Closes the order and releases the rest of what is held. */
  readonly final?: boolean
}

export interface Shipment {
  /** A whole number, as text. */
  readonly id: string
  readonly orderId: string
  readonly documentNumber: string | null
  readonly status: ShipmentStatus | null
  readonly amount: Money | null
}

/** From an external register: text to be shown, never to be trusted. */
export interface Counterparty {
  readonly id: string
  readonly vatNumber: string
  readonly taxRegistrationReasonCode: string | null
  readonly name: string
  readonly registrationAddress: string | null
}

/** An explicit error from the contract: nothing was done. `status` is null when our own check refused it and nothing was sent. */
export interface Rejected {
  readonly kind: 'rejected'
  readonly code: string
  readonly status: number | null
  readonly message: string
}

/**
 * What became of a write: done, refused, or nobody knows. An unknown one is never repeated blindly (2.8): look for it by our own unique number first
 * (`findOrders`, `findRefunds`, `findShipments`), and repeat only what is certainly not there.
 */
export type Written<Name extends string, T> = ({ readonly kind: 'accepted' } & Readonly<Record<Name, T>>) | Rejected | Unknown

/** Something that we cannot serve: an odd amount, an unknown currency, an unusable link. `problem` is for staff and free of personal data. */
export interface OddObject {
  readonly kind: 'odd'
  readonly id: string
  readonly problem: string
}

export type ReadObject<Name extends string, T> =
  | ({ readonly kind: 'found' } & Readonly<Record<Name, T>>)
  | { readonly kind: 'not-found' }
  | { readonly kind: 'forbidden' }
  | OddObject
  | Unavailable

export interface ObjectPage<T> {
  readonly kind: 'page'
  readonly items: readonly T[]
  readonly odd: readonly OddObject[]
  /** `null` when the answer does not tell. */
  readonly totalCount: number | null
  /** Whether another page may follow. */
  readonly hasMore: boolean
}

export type Listed<T> = ObjectPage<T> | Unavailable

export interface Paging {
  /** From 1. */
  readonly page: number
  /** 1 to 50. */
  readonly pageSize: number
}

export interface OrderQuery extends Paging {
  /** At most 50. */
  readonly ids?: readonly string[]
  readonly merchantOrderId?: string
  readonly status?: readonly OrderStatus[]
  readonly createdSince?: Date
  readonly paidSince?: Date
  /** By the moment of creation; the newest first unless set. */
  readonly direction?: 'asc' | 'desc'
}

export interface RefundQuery extends Paging {
  readonly ids?: readonly string[]
  readonly parentId?: string
  readonly merchantOrderId?: string
  readonly status?: readonly RefundStatus[]
}

export interface ShipmentQuery extends Paging {
  readonly orderId: string
}

/** Who pays by guarantee, and by which method (3.7). */
export interface GuaranteeRequest {
  readonly orderId: string
  readonly paymentMethodId: string
  readonly customer: Customer
  readonly language?: 'ru' | 'en'
}

/** What the payer typed, and the name of the code that was sent. */
export interface GuaranteeCode {
  readonly publicCode: string
  readonly code: string
}

/** These calls say "no" with HTTP 200 and a `result` of their own. */
export interface GuaranteeAnswer<Result extends string> {
  readonly kind: 'answered'
  readonly result: Result
  /** For the payer, where Invoicebox gives one. */
  readonly message: { readonly title: string; readonly text: string } | null
}

export type ValidateAnswer = GuaranteeAnswer<'available' | 'notEnoughMoney' | 'notRegistered'>
export interface CodeAnswer extends GuaranteeAnswer<'success' | 'codeAlreadySent' | 'error'> {
  readonly publicCode: string | null
  readonly leftAttempts: number | null
}
export type PayAnswer = GuaranteeAnswer<'success' | 'alreadyPaid' | 'wrongCode' | 'limitReached' | 'notEnoughMoney' | 'error'>

/** Confirmation of an order without leaving our page. The form must be guarded against guessing and flooding (3.7). */
export interface Guarantee {
  validate(request: GuaranteeRequest, asking?: Asking): Promise<Asked<ValidateAnswer | Rejected | Unknown>>
  sendCode(request: GuaranteeRequest, asking?: Asking): Promise<Asked<CodeAnswer | Rejected | Unknown>>
  /** After an unknown outcome read the order: `completed` is paid. */
  pay(request: GuaranteeRequest, code: GuaranteeCode, asking?: Asking): Promise<Asked<PayAnswer | Rejected | Unknown>>
}

export type OrderWritten = Written<'order', Order>
export type RefundWritten = Written<'refund', Refund>
export type ShipmentWritten = Written<'shipment', Shipment>
export type OrderRead = ReadObject<'order', Order>
export type LinesRead = ReadObject<'lines', readonly RefundableLine[]>
export type CounterpartiesRead =
  { readonly kind: 'found'; readonly counterparties: readonly Counterparty[] } | { readonly kind: 'not-found' } | Unavailable

/**
 * The merchant API of Invoicebox (3.4 to 3.9). Every call returns an outcome, whatever upstream does; it throws only for a mistake of the caller.
 * Writes are sent at most once per call. Sums are checked before they are sent: an order that Invoicebox would refuse is `rejected` with its own code and `status: null`.
 */
export interface MerchantClient {
  /** The shop that we are: notifications for another one are not ours. */
  readonly merchantId: string
  createOrder(draft: OrderDraft, asking?: Asking): Promise<Asked<OrderWritten>>
  readOrder(orderId: string, asking?: Asking): Promise<Asked<OrderRead>>
  findOrders(query: OrderQuery, asking?: Asking): Promise<Asked<Listed<Order>>>
  /** Only before it is paid; later `rejected wrong_order_status`. */
  updateOrder(orderId: string, change: OrderChange, asking?: Asking): Promise<Asked<OrderWritten>>
  /** Unpaid: cancelled. Guaranteed and not shipped: all money goes back. Otherwise `rejected wrong_order_status`. */
  cancelOrder(orderId: string, asking?: Asking): Promise<Asked<OrderWritten>>
  /** Only for orders that Invoicebox does not process (3.4.6). */
  setOrderStatus(orderId: string, status: 'created' | 'completed' | 'expired' | 'canceled', asking?: Asking): Promise<Asked<OrderWritten>>
  readRefundableLines(orderId: string, asking?: Asking): Promise<Asked<LinesRead>>
  createRefund(draft: RefundDraft, asking?: Asking): Promise<Asked<RefundWritten>>
  findRefunds(query: RefundQuery, asking?: Asking): Promise<Asked<Listed<Refund>>>
  createCorrection(draft: CorrectionDraft, asking?: Asking): Promise<Asked<OrderWritten>>
  createShipment(draft: ShipmentDraft, asking?: Asking): Promise<Asked<ShipmentWritten>>
  findShipments(query: ShipmentQuery, asking?: Asking): Promise<Asked<Listed<Shipment>>>
  readonly guarantee: Guarantee
  /** An unknown tax number is `not-found`. */
  findCounterparty(vatNumber: string, asking?: Asking): Promise<Asked<CounterpartiesRead>>
  circuit(): CircuitState
  close(): Promise<void>
}
