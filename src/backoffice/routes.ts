import type { Approvals } from '../approvals'
import type { Route } from '../http'
import { findReceipts } from '../payments'
import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Rate } from '../shared/money'
import type { FundDeeds } from '../fund'
import { approvalRoutes } from './approvals/routes'
import { auditRoutes } from './audit/routes'
import type { AutopayPagesDeps, AutopayRulePagesDeps } from './autopay/deps'
import { autopayPages } from './autopay/routes'
import { fundRoutes } from './fund/routes'
import { noticeRoutes } from './notices/routes'
import { homeRoutes } from './home/routes'
import type { HomeRoutesDeps } from './home/routes'
import type { MemberPagesDeps } from './members/deps'
import { memberPages } from './members/routes'
import { meRoutes } from './me/routes'
import type { OrderPagesDeps } from './orders/deps'
import { orderPages } from './orders/routes'
import type { PaymentPagesDeps } from './payments/card-routes'
import { paymentPages } from './payments/routes'
import type { ReconciliationPagesDeps } from './reconciliation/deps'
import { reconciliationPages } from './reconciliation/routes'
import { searchRoutes } from './search/routes'
import { staffPageRoutes } from './staff/routes'
import type { StaffRoutesDeps } from './staff/routes'
import type { StorefrontPagesDeps } from './storefront/deps'
import { storefrontPages } from './storefront/routes'

export interface BackofficeDeps
  extends
    StaffRoutesDeps,
    Omit<HomeRoutesDeps, 'config' | 'invoicebox'>,
    Omit<MemberPagesDeps, 'config' | 'deeds' | 'findReceipts'>,
    Omit<PaymentPagesDeps, 'deeds' | 'zone'>,
    Omit<OrderPagesDeps, 'deeds' | 'zone'>,
    Omit<StorefrontPagesDeps, 'deeds' | 'zone'>,
    Omit<AutopayPagesDeps, 'config' | 'deeds' | 'zone'>,
    Omit<ReconciliationPagesDeps, 'deeds' | 'zone'> {
  readonly db: Db
  readonly deeds: StaffRoutesDeps['deeds'] &
    MemberPagesDeps['deeds'] &
    PaymentPagesDeps['deeds'] &
    OrderPagesDeps['deeds'] &
    StorefrontPagesDeps['deeds'] &
    AutopayPagesDeps['deeds'] &
    AutopayRulePagesDeps['deeds'] &
    ReconciliationPagesDeps['deeds'] & { readonly fund: FundDeeds }
  readonly clock: Clock
  readonly approvals: Approvals
  readonly config: MemberPagesDeps['config'] &
    HomeRoutesDeps['config'] &
    AutopayPagesDeps['config'] & { readonly timeZone: string; readonly pointsPerRuble: Rate }
}

/** The doors of the back office, section by section. */
export function backofficeRoutes(deps: BackofficeDeps): Route[] {
  const zone = deps.config.timeZone
  return [
    ...homeRoutes(deps),
    ...searchRoutes(deps),
    ...meRoutes(deps),
    ...staffPageRoutes(deps),
    ...approvalRoutes({ ...deps, zone }),
    ...auditRoutes({ ...deps, zone }),
    ...memberPages({ ...deps, findReceipts: (ids) => findReceipts(deps.db, ids) }),
    ...paymentPages({ ...deps, zone }),
    ...orderPages({ ...deps, zone }),
    ...storefrontPages({ ...deps, zone }),
    ...autopayPages({ ...deps, zone }),
    ...reconciliationPages({ ...deps, zone }),
    ...fundRoutes({ ...deps, zone, rate: deps.config.pointsPerRuble }),
    ...noticeRoutes({ ...deps, zone }),
  ]
}
