import type { Route } from '../../http'
import type { AutopayRulePagesDeps } from './deps'
import { organisationRoutes } from './organisation-routes'
import { ruleRoutes } from './rule-routes'
import { ruleSwitchRoutes } from './rule-switch-routes'
import { switchRoutes } from './switch-routes'

/** The doors of organisations, rules and the switch. */
export const autopayRulePages = (deps: AutopayRulePagesDeps): Route[] => [
  ...organisationRoutes(deps),
  ...ruleRoutes(deps),
  ...ruleSwitchRoutes(deps),
  ...switchRoutes(deps),
]
