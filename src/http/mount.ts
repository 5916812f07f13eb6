import express from 'express'
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response, Router } from 'express'
import type { Clock } from '../shared/clock'
import { admit, isPolicy } from './policies'
import type { Route } from './route'
import { Refusal } from '../shared/refusals'
import { actorOf } from './actors'
import { createContext } from './context'
import type { ContextDeps } from './context'
import { requireSameOrigin, requireToken } from './forgery'
import { parseFilters, parseInput, readForm, readRaw } from './input'
import type { AnyInput } from './input'
import { readUpload } from './upload'
import { allowFrames } from './headers'
import { limitAddress } from './limits'
import { stateOf, wantsJson } from './request-state'

export interface MountDeps extends ContextDeps {
  readonly publicUrl: URL
  readonly clock: Clock
  /** Session and sign-in, in this order. */
  readonly readVisitor: readonly RequestHandler[]
  readonly limitWork: RequestHandler
}

/** The route table: every way into the app. */
export interface RouteTable {
  /** Adds routes. @throws Error, so that the app does not start, when one is not declared as it must be */
  mount(routes: readonly Route[]): void
  all(): readonly Route[]
}

/** @param own how many layers of the app are our own; whatever else appears there was not declared */
export function createRouteTable(app: Express, router: Router, deps: MountDeps): RouteTable {
  const table: Route[] = []
  const ownLayers = new Set<unknown>(app.router.stack)
  return {
    all: () => table,
    mount: (routes) => {
      for (const route of routes) {
        refuseMisdeclared(route, table)
        table.push(route)
        router.route(route.path)[route.method](...stepsOf(route, deps), ...(route.answerFault ? [answerFaults(route.answerFault)] : []))
      }
      refuseUndeclared(app, ownLayers, router, table)
    },
  }
}

const nameOf = (route: Pick<Route, 'method' | 'path'>): string => `${route.method.toUpperCase()} ${route.path}`

/** Two patterns that differ only in the names of their parameters are one route. */
const shapeOf = (route: Route): string => nameOf(route).replace(/:\w+/g, ':')

function refuseMisdeclared(route: Route, table: readonly Route[]): void {
  const fault = faultOf(route)
  if (fault) throw new Error(`${nameOf(route)} ${fault}`)
  if (table.some((other) => shapeOf(other) === shapeOf(route))) throw new Error(`${nameOf(route)} is declared twice.`)
}

function faultOf(route: Route): string | undefined {
  if (!isPolicy(route.policy)) return 'declares no policy: say who may use it.'
  if (!route.summary) return 'has no summary.'
  if (route.policy.kind === 'staff' && route.policy.roles.length === 0) return 'admits staff of no role at all.'
  if (route.csrf === false && !route.csrfReason)
    return 'takes forms without a token and does not say how the caller proves itself (csrfReason).'
  if (route.csrf === false && route.policy.kind !== 'public')
    return 'takes forms without a token, so it must not act for whoever is signed in.'
  if (route.anonymousForm && route.csrf !== false) return 'takes an anonymous form with a token: say csrf: false and why.'
  if (needsSession(route) && route.session === false) return 'needs the session that it declines.'
  return undefined
}

const isForm = (route: Route): boolean => route.method === 'post' && route.csrf !== false

const needsSession = (route: Route): boolean => isForm(route) || !['public', 'probe'].includes(route.policy.kind)

const readsSession = (route: Route): boolean => route.policy.kind !== 'probe' && route.session !== false && route.csrf !== false

function refuseUndeclared(app: Express, ownLayers: ReadonlySet<unknown>, router: Router, table: readonly Route[]): void {
  const stranger = app.router.stack.find((layer) => !ownLayers.has(layer)) ?? router.stack.find((layer) => !layer.route)
  if (stranger) throw new Error(`The app has a layer that no route declares: ${stranger.route?.path ?? stranger.name}.`)
  if (router.stack.length !== table.length) throw new Error('The app has a route that is not in the route table.')
}

/** What happens to a request, in order: the cheap refusals first, the session before what needs it, the handler last. */
function stepsOf(route: Route, deps: MountDeps): RequestHandler[] {
  const isAnonymous = route.anonymousForm === true
  const machineCall = route.method === 'post' && route.csrf === false && !isAnonymous
  return [
    noteRoute(route),
    ...(route.framedBy ? [allowFrames(route.framedBy)] : []),
    ...(route.policy.kind === 'probe' ? [] : [deps.limitWork]),
    ...(route.limit ? [limitAddress(route.limit, deps.clock)] : []),
    ...(isForm(route) || isAnonymous ? [requireSameOrigin(deps.publicUrl)] : []),
    ...(readsSession(route) ? deps.readVisitor : []),
    enforcePolicy(route),
    ...(isForm(route) ? [route.upload ? readUpload : readForm, requireToken] : []),
    ...(isAnonymous ? [readForm] : []),
    ...(machineCall ? [readRaw] : []),
    (req, res, next) => route.handle(createContext(deps, req, res, next, inputOf(route, req, res))),
  ]
}

/** A page of the office is shown without the filters that it cannot read. What becomes a file has all of them or is refused: nobody would see what is missing. */
function inputOf(route: Route, req: Request, res: Response): AnyInput {
  const { query, ...others } = route.input ?? {}
  const isPage = route.method === 'get' && route.policy.kind === 'staff' && !/\.\w+$/.test(route.path)
  if (!query || !isPage || wantsJson(req)) return parseInput(route.input ?? {}, req)
  const input = parseInput(others, req)
  const read = parseFilters(query, req.query)
  stateOf(res).faulty = read.faulty
  return { ...input, query: read.query }
}

/** Express knows an error handler by its four parameters. */
const answerFaults =
  (answer: NonNullable<Route['answerFault']>): ErrorRequestHandler =>
  (error: unknown, _req, res, next) => {
    if (res.headersSent) next(error)
    else answer(res, error)
  }

const noteRoute =
  (route: Route): RequestHandler =>
  (_req, res, next) => {
    stateOf(res).route = route.path
    next()
  }

const LONGEST_NEXT = 1_000

function enforcePolicy(route: Route): RequestHandler {
  return (req, res, next) => {
    const admission = admit(route.policy, actorOf(req))
    if (admission === 'forbidden') throw new Refusal('forbidden')
    if (admission === 'admitted') {
      next()
      return
    }
    if (route.method === 'post') throw new Refusal('sign_in_required')
    const here = req.originalUrl.length > LONGEST_NEXT ? req.path : req.originalUrl
    res.redirect(303, `/sign-in?next=${encodeURIComponent(here)}`)
  }
}

export const newRouter = (): Router => express.Router({ caseSensitive: true })
