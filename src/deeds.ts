import type { AnyDeed } from './approvals'
import { fundDeeds } from './fund'
import type { FundDeeds } from './fund'
import { memberDeeds, pointDeeds } from './members'
import type { MemberDeeds, MembersDeps, PointsDeed } from './members'
import { eraseCheckouts, paymentDeeds } from './payments'
import type { PaymentDeeds, PaymentDeps } from './payments'
import { differenceDeeds } from './reconciliation'
import type { DifferenceDeeds } from './reconciliation'
import { staffDeeds } from './staff'
import type { StaffDeeds, StaffDeps } from './staff'

/** Everything that may need a second person, by the room that knows how it is done. */
export interface Deeds {
  readonly points: { readonly credit: PointsDeed; readonly debit: PointsDeed }
  readonly members: MemberDeeds
  readonly fund: FundDeeds
  readonly payments: PaymentDeeds
  readonly differences: DifferenceDeeds
  readonly staff: StaffDeeds
}

export const buildDeeds = (deps: MembersDeps & PaymentDeps, staff: StaffDeps): Deeds => ({
  points: pointDeeds(deps),
  members: memberDeeds({ ...deps, erasers: [eraseCheckouts] }),
  fund: fundDeeds(deps),
  payments: paymentDeeds(deps),
  differences: differenceDeeds(deps),
  staff: staffDeeds(staff),
})

/** One table of them all, so that a stored request finds its deed again. */
export const allDeeds = (deeds: Deeds): AnyDeed[] =>
  Object.values(deeds).flatMap((room: Readonly<Record<string, AnyDeed>>) => Object.values(room))
