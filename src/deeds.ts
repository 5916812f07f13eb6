import { eraseViews } from './backoffice/payments/view-store'
import type { AnyDeed } from './approvals'
import { invoiceDeeds, organisationDeeds, ruleDeeds } from './autopay'
import type { InvoiceDeeds, OrganisationDeeds, OrganisationDeps, RuleDeeds } from './autopay'
import { fundDeeds } from './fund'
import type { FundDeeds } from './fund'
import { memberDeeds, pointDeeds } from './members'
import type { MemberDeeds, MembersDeps, PointsDeed } from './members'
import { eraseOrders, orderDeeds } from './orders'
import type { OrderDeeds, OrderDeps } from './orders'
import { eraseCheckouts, paymentDeeds } from './payments'
import type { PaymentDeeds, PaymentDeps } from './payments'
import { differenceDeeds } from './reconciliation'
import type { DifferenceDeeds } from './reconciliation'
import { eraseByAddress, offerDeeds } from './storefront'
import type { OfferDeeds, StorefrontDeps } from './storefront'
import { staffById, staffDeeds } from './staff'
import type { StaffDeeds, StaffDeps } from './staff'

/** Everything that may need a second person, by the room that knows how it is done. */
export interface Deeds {
  readonly points: { readonly credit: PointsDeed; readonly debit: PointsDeed }
  readonly members: MemberDeeds
  readonly fund: FundDeeds
  readonly payments: PaymentDeeds
  readonly orders: OrderDeeds
  readonly offers: OfferDeeds
  readonly differences: DifferenceDeeds
  readonly staff: StaffDeeds
  readonly organisations: OrganisationDeeds
  readonly rules: RuleDeeds
  readonly invoices: InvoiceDeeds
}

export const buildDeeds = (deps: MembersDeps & PaymentDeps & OrderDeps & StorefrontDeps, staff: StaffDeps): Deeds => ({
  points: pointDeeds(deps),
  members: memberDeeds({ ...deps, erasers: [eraseCheckouts, eraseOrders, eraseByAddress(deps.storefront), eraseViews] }),
  fund: fundDeeds(deps),
  payments: paymentDeeds(deps),
  orders: orderDeeds(deps),
  offers: offerDeeds(deps),
  differences: differenceDeeds(deps),
  staff: staffDeeds(staff),
  organisations: organisationDeeds({ ...deps, findStaff }),
  rules: ruleDeeds(deps),
  invoices: invoiceDeeds(deps),
})

/** An organisation has a handful of staff, so that each is read by itself. */
const findStaff: OrganisationDeps['findStaff'] = async (db, ids) =>
  (await Promise.all(ids.map((id) => staffById(db, id)))).filter((found) => found !== undefined)

/** One table of them all, so that a stored request finds its deed again. */
export const allDeeds = (deeds: Deeds): AnyDeed[] =>
  Object.values(deeds).flatMap((room: Readonly<Record<string, AnyDeed>>) => Object.values(room))
