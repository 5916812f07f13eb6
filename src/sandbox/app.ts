import { existsSync } from 'node:fs'
import { join } from 'node:path'
import express from 'express'
import type { Express, RequestHandler } from 'express'
import { refuseCrossSite, refuseStrangers } from './control/guard'
import { createControl } from './control/routes'
import type { HostParts } from './host/minapp-host'
import { marketplacePages } from './host/marketplace-pages'
import { consoleForms } from './pages/console-forms'
import { consolePages } from './pages/console-views'
import { contentPolicy } from './pages/content-policy'
import { showHome } from './pages/home'
import { showLanding } from './pages/merchant'
import { orderPages } from './pages/order'
import { refuseWithJson, refuseWithPage, showNoSuchPage } from './pages/refusals'
import type { World } from './state/world'
import { createWebViews } from './webview/web-views'
import { createApi } from './wire/api'

export interface AppOptions {
  /** Raised when the sandbox stops. */
  readonly stopping: AbortSignal
  /** What the sandbox listens on. */
  readonly host: string
}

/** Views and styles stay beside the sources; a compiled sandbox finds them from `dist/src/sandbox`. */
const besideSources = (name: string): string => {
  const here = join(__dirname, name)
  return existsSync(here) ? here : join(__dirname, '../../../src/sandbox', name)
}

/** No scripts at all, nothing from elsewhere, no frames; the pages around mini-apps ask for more themselves. */
const pageHeaders: RequestHandler = (_req, res, next) => {
  res.set({
    'Content-Security-Policy': contentPolicy(),
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'same-origin',
    'Cache-Control': 'no-store',
  })
  next()
}

/** The whole sandbox as one Express app: the imitated API, the control interface, the pages. */
export function createApp(world: World, options: AppOptions): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.enable('case sensitive routing')
  app.enable('strict routing')
  app.set('query parser', 'simple')
  app.set('view engine', 'ejs')
  app.set('views', besideSources('views'))
  app.enable('view cache')
  app.get('/healthz', (_req, res) => void res.json({ status: 'ok' }))
  app.use(['/v3', '/l3'], createApi(world, options.stopping))
  app.use('/assets', express.static(besideSources('public'), { index: false, redirect: false }))
  app.use(pageHeaders)
  addControl(app, world, options)
  addPages(app, { world, webViews: createWebViews(besideSources('public'), options.stopping) })
  return app
}

function addControl(app: Express, world: World, { host }: AppOptions): void {
  app.use('/_sandbox', refuseStrangers(host), refuseCrossSite)
  app.get('/_sandbox', (_req, res) => res.redirect(302, '/_sandbox/'))
  app.use('/_sandbox', consolePages(world))
  app.use('/_sandbox/console', consoleForms(world), showNoSuchPage, refuseWithPage)
  app.use('/_sandbox', createControl(world), refuseWithJson)
}

function addPages(app: Express, parts: HostParts): void {
  const { world } = parts
  app.get('/', showHome(world))
  app.use(marketplacePages(parts))
  app.use(orderPages(parts))
  app.get('/merchant/:landing', showLanding(world))
  app.use(showNoSuchPage, refuseWithPage, refuseWithJson)
}
