import type { MerchantClient, VatCode } from '../invoicebox/merchant'
import type { Ledger } from '../ledger'
import type { Background } from '../shared/background'
import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Log } from '../shared/log'
import type { Money, Rate } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { Language } from '../shared/texts'
import type { Fulfilment, OrderGoods } from './fulfilment'
import type { OrderState, RefundState } from './states'

/** What somebody buys at Invoicebox. */
export interface Order {
  readonly id: string
  /** Ours, unique and short: `merchantOrderId` towards Invoicebox, and what the member reads. */
  readonly number: string
  /** Null: a guest, who cannot buy points for an account. */
  readonly memberId: string | null
  readonly goods: OrderGoods
  /** The offer of the catalogue; null where none was named. */
  readonly offerId: string | null
  /** What the receipt calls it; points go by the programme's name. */
  readonly title: string | null
  /** Of the receipt, and of those of its refunds, whatever is sold with by then. */
  readonly vatCode: VatCode
  /** The form that asked for it: the same one twice is one order. */
  readonly intentKey: string
  /** The checkout that lacked points; afterwards the member goes back there. */
  readonly checkoutId: string | null
  readonly language: Language
  readonly state: OrderState
  readonly points: Money
  readonly amount: Money
  /** Invoicebox's id of the order; unknown until it has answered. */
  readonly invoiceboxId: string | null
  /** Invoicebox's id of the invoice that the member pays. */
  readonly containerId: string | null
  readonly paymentUrl: string | null
  /** The order at Invoicebox that was paid: `invoiceboxId`, unless they have two under our number. */
  readonly paidId: string | null
  readonly reason: string | null
  readonly createdAt: Date
  readonly expiresAt: Date
  /** When it was credited, expired, cancelled or failed. */
  readonly settledAt: Date | null
  /** When Invoicebox was last asked about it. */
  readonly checkedAt: Date | null
  readonly nextCheckAt: Date | null
  readonly checks: number
}

/** Money of an order on its way back. */
export interface OrderRefund {
  readonly id: string
  /** Ours and unique: Invoicebox refuses a second refund under it. */
  readonly number: string
  readonly orderId: string
  readonly intentKey: string
  readonly state: RefundState
  /** What the refund takes out of the order, the fee included. */
  readonly amount: Money
  /** What stays with us, by a correction order. */
  readonly fee: Money
  /** The VAT inside the amount. */
  readonly vat: Money
  /** What the member gives back. */
  readonly points: Money
  readonly holdId: string | null
  readonly invoiceboxId: string | null
  readonly author: string
  readonly reason: string
  readonly rejection: string | null
  readonly createdAt: Date
  readonly settledAt: Date | null
  readonly nextCheckAt: Date | null
  readonly checks: number
}

export interface OrderSettings {
  /** Points for one rouble. */
  readonly rate: Rate
  /** Where Invoicebox and the member's browser reach us. */
  readonly publicUrl: URL
  readonly programName: string
  readonly least: Money
  readonly most: Money
  readonly vatCode: VatCode
  /** Where Invoicebox's payment page lives, as an origin. */
  readonly payHost: string
}

export interface OrderDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly ledger: Ledger
  /** null where the operator is no merchant of Invoicebox: then there are no top-ups. */
  readonly merchant: MerchantClient | null
  readonly background: Background
  readonly fulfilment: Fulfilment
  /** Whether a payment with points binds an invoice; handed in, since this room knows no payments. */
  readonly isBeingPaid: (invoiceId: string) => Promise<boolean>
  readonly topUps: OrderSettings
}

/** Whose account an order of points is for. */
export function memberOf({ memberId, number }: Pick<Order, 'memberId' | 'number'>): string {
  if (memberId === null) throw new Error(`bug: order ${number} has no member`)
  return memberId
}

/** @throws Refusal top_ups_unavailable */
export function requireMerchant({ merchant }: Pick<OrderDeps, 'merchant'>): MerchantClient {
  if (!merchant) throw new Refusal('top_ups_unavailable')
  return merchant
}
