import express from 'express'
import type { Express } from 'express'
import type { PassportStatic } from 'passport'
import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Log } from '../shared/log'
import type { Texts } from '../shared/texts'
import { createPassport, readActor } from './actors'
import { loadAssets } from './assets'
import { begin, believePublicUrl } from './begin'
import type { Answered } from './begin'
import { answerErrors, notFound } from './errors'
import type { OfficeError } from './errors'
import { securityHeaders } from './headers'
import { chooseLanguage } from './language'
import { limitWork } from './limits'
import { createRouteTable, newRouter } from './mount'
import type { RouteTable } from './mount'
import { createPages } from './pages'
import type { Program } from './pages'
import { loadViews } from './render'
import { httpRoutes } from './routes'
import { readSession } from './session'
import { SessionStore } from './session-store'

export interface HttpSettings {
  /** How the world reaches us, such as `https://pay.example.org`. The Host header is never used. */
  readonly publicUrl: string | URL
  readonly sessionSecret: string
  /** A banner says on every page that the money is not real, except in `production`. */
  readonly mode: 'demo' | 'sandbox' | 'production'
  readonly program: Program
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly texts: Texts
  /** How many proxies stand before us and set X-Forwarded-For; 0 takes the address of the connection. */
  readonly trustProxy: number
  /** How many requests may be at work at once; the rest are refused with 503. */
  readonly mostAtWork?: number
  /** What staff see of an error under `/admin`: a view with its model. */
  readonly officeError?: OfficeError
  /** Told of every request when it has ended, for the metrics. */
  readonly onAnswer?: (answered: Answered) => void
}

export interface Http extends RouteTable {
  readonly app: Express
  /** For rooms that sign people in with a Passport strategy. */
  readonly passport: PassportStatic
}

const MOST_AT_WORK = 400

/** Builds the web part: the app, its route table, and the routes that belong to no room. Does not listen. */
export function createHttp(settings: HttpSettings): Http {
  const publicUrl = new URL(settings.publicUrl)
  const assets = loadAssets(settings.program.accent)
  const pages = createPages({
    render: loadViews(),
    texts: settings.texts,
    assets,
    program: settings.program,
    banner: settings.mode !== 'production',
  })
  const passport = createPassport()
  const router = newRouter()
  const app = buildApp(settings, publicUrl)
  const limit = limitWork(settings.mostAtWork ?? MOST_AT_WORK)
  const store = new SessionStore(settings)
  const readVisitor = [readSession({ store, secret: settings.sessionSecret, publicUrl }), readActor]
  app.use(router, notFound([limit, ...readVisitor]), answerErrors(pages, settings.log, settings.officeError))
  const table = createRouteTable(app, router, {
    publicUrl,
    clock: settings.clock,
    pages,
    passport,
    readVisitor,
    limitWork: limit,
  })
  table.mount(httpRoutes(assets))
  return { ...table, app, passport }
}

function buildApp(settings: HttpSettings, publicUrl: URL): Express {
  const app = express()
  app.disable('x-powered-by')
  app.disable('etag')
  app.set('query parser', 'simple')
  app.set('trust proxy', settings.trustProxy)
  believePublicUrl(app, publicUrl)
  app.use(
    begin(settings.log, settings.onAnswer ?? (() => undefined)),
    securityHeaders(publicUrl, settings.program.logoUrl),
    chooseLanguage(publicUrl),
  )
  return app
}
