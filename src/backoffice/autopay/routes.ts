import type { Route } from '../../http'
import { approveManyRoutes } from './approve-many-routes'
import type { AutopayPagesDeps, AutopayRulePagesDeps } from './deps'
import { invoiceRoutes } from './invoice-routes'
import { overviewRoutes } from './overview-routes'
import { planRoutes } from './plan-routes'
import { queueRoutes } from './queue-routes'
import { reportRoutes } from './report-routes'
import { autopayRulePages } from './rule-pages-routes'
import { runFileRoutes } from './run-file-routes'
import { runRoutes } from './run-routes'
import { turnRoutes } from './turn-routes'

/** The doors of automatic payment. */
export const autopayPages = (deps: AutopayPagesDeps & AutopayRulePagesDeps): Route[] => [
  ...overviewRoutes(deps),
  ...queueRoutes(deps),
  ...approveManyRoutes(deps),
  ...invoiceRoutes(deps),
  ...planRoutes(deps),
  ...runFileRoutes(deps),
  ...runRoutes(deps),
  ...reportRoutes(deps),
  ...turnRoutes(deps),
  ...autopayRulePages(deps),
]
