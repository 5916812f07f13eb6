import type { Knex } from 'knex'
import type { Author } from '../shared/actor'
import type { Background } from '../shared/background'
import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Log } from '../shared/log'
import type { Money, Rate } from '../shared/money'
import type { InvoiceboxClient } from '../invoicebox'
import type { Ledger } from '../ledger'
import type { FundGate } from './fund-gate'
import type { PaymentState } from './states'

/** Who pays: a member with points, held beside the fund; or an organisation, from the fund alone. */
export type Payer =
  | { readonly kind: 'member'; readonly memberId: string; readonly pointsHoldId: string }
  | { readonly kind: 'organisation'; readonly organisationId: string }

/** The member who pays; null when an organisation does. */
export const memberOf = ({ payer }: Pick<Payment, 'payer'>): string | null => (payer.kind === 'member' ? payer.memberId : null)

/** What a payment is worth to whoever decides about it: points of a member, else money of the fund. */
export const worthOf = ({ payer, points, amount }: Pick<Payment, 'payer' | 'points' | 'amount'>): Money =>
  payer.kind === 'member' ? points : amount

/** How a payer stands in histories. */
export const payerName = ({ payer }: Pick<Payment, 'payer'>): string =>
  payer.kind === 'member' ? `member:${payer.memberId}` : `organisation:${payer.organisationId}`

export interface Payment {
  readonly id: string
  readonly checkoutId: string
  /** The member's consent, or the decision of automatic payment: either leads to one payment. */
  readonly consentId: string
  readonly consentedAt: Date
  readonly invoiceId: string
  readonly invoiceNumber: string
  readonly payer: Payer
  /** Our name for this payment towards Invoicebox (`partnerOperationId`): random, stored before the first send, the same for every repeat. */
  readonly operationId: string
  readonly state: PaymentState
  /** None when an organisation pays. */
  readonly points: Money
  readonly amount: Money
  readonly fundHoldId: string
  /** How many times the question was taken up, this time included. */
  readonly attempts: number
  readonly leaseToken: bigint
  readonly leaseUntil: Date | null
  readonly nextAttemptAt: Date
  readonly transactionId: string | null
  readonly rejectionCode: string | null
  readonly reason: string | null
  readonly resolvedBy: string | null
  readonly createdAt: Date
  readonly settledAt: Date | null
  readonly checkedAt: Date | null
  readonly checkAttempts: number
}

export interface PaymentSettings {
  readonly rate: Rate
  /** Signs consents. */
  readonly secret: string
  /** Hosts (`shop.example.ru`, with a port if not the default) that a return link may lead to. */
  readonly returnHosts: readonly string[]
  /** Plain http links are for the sandbox alone. */
  readonly allowHttp: boolean
  readonly currencies: readonly string[]
  /** The operator's: spending limits are for its days and months. */
  readonly timeZone: string
}

export interface PaymentDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly ledger: Ledger
  readonly invoicebox: InvoiceboxClient
  readonly background: Background
  readonly fundGate: FundGate
  readonly settings: PaymentSettings
  /** What we sell on an invoice, which points do not pay for; handed in, since this room knows no orders. */
  readonly ownGoodsOn: (invoiceId: string) => Promise<'points' | 'voucher' | undefined>
  /** The organisations that somebody may know of, by id; undefined where that is all of them. Handed in, since this room knows of organisations only their ids. */
  readonly knownOrganisations: (by: Author) => Promise<readonly string[] | undefined>
  /** The invoices that belong to other organisations than these, by id. Handed in for the same reason. */
  readonly invoicesOfOthers: (organisations: readonly string[]) => Knex.QueryBuilder
  /** Names this process among those that share the database: the owner of its leases. */
  readonly instance: string
  /** Tests die here at a named step; the product passes nothing. */
  readonly faultPoint?: ((step: FaultPoint) => void | Promise<void>) | undefined
}

/** The steps between which a process may die (docs/architecture.md). */
export const FAULT_POINTS = [
  'before-hold',
  'after-hold',
  'after-answer',
  'before-record',
  'after-record',
  'recovery-claimed',
  'recovery-answered',
] as const
export type FaultPoint = (typeof FAULT_POINTS)[number]
