import type { Route } from '../../src/http'
import { createApp } from '../../src/app'
import { readConfig } from '../../src/config'
import { createLog } from '../../src/shared/log'
import { buildParts } from '../../src/wiring'

/** The route table of the app, read before any test runs, so that each route can have tests of its own. Nothing is opened for it. */
export function readRouteTable(): { routes: readonly Route[]; close: () => Promise<void> } {
  const parts = buildParts(readConfig({ MODE: 'sandbox', DATABASE_URL: 'sqlite::memory:' }, {}), { log: createLog('silent') })
  return { routes: createApp(parts).all(), close: () => parts.close() }
}

export const nameOf = (route: Pick<Route, 'method' | 'path'>): string => `${route.method.toUpperCase()} ${route.path}`

/** Names for `test.each`: the method and the path. */
export const named = <R extends Pick<Route, 'method' | 'path'>>(routes: readonly R[]): [string, R][] =>
  routes.map((route) => [nameOf(route), route])

export const queryKeys = ({ input }: Route): string[] => Object.keys(input?.query?.shape ?? {})
export const bodyKeys = ({ input }: Route): string[] => Object.keys(input?.body?.shape ?? {})
