import type { Route } from '../../http'
import { cataloguePages } from './catalogue-routes'
import type { StorefrontPagesDeps } from './deps'
import { shopPages } from './shop-routes'

/** The doors of what is sold, and of where points can be spent. */
export const storefrontPages = (deps: StorefrontPagesDeps): Route[] => [...cataloguePages(deps), ...shopPages(deps)]
