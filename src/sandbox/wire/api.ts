import express from 'express'
import type { ErrorRequestHandler, Request, RequestHandler, Response, Router } from 'express'
import { ApiRefusal } from '../http/refusal'
import { takeFault } from '../state/faults'
import type { RequestFaultKind } from '../state/faults'
import { forJournal, hideSecrets } from '../state/journal'
import type { JournalEntry } from '../state/journal'
import type { World } from '../state/world'
import { API_ROUTES } from './api-routes'
import type { ApiCall, ApiRoute } from './call'
import { processExchange, secretsOf, sendAnswer } from './exchange'
import type { Exchange } from './exchange'
import { headerFaults } from './gate'
import { refusalAnswer } from './process'
import { STRIKES } from './strike'

const MOST_BODY = '1mb'

interface ApiLocals {
  entry: JournalEntry
}

/** The imitated API, to be mounted under `/v3` and `/l3`. Every exchange gets an id and a line in the journal. */
export function createApi(world: World, stopping: AbortSignal): Router {
  const api = express.Router({ caseSensitive: true })
  api.use(openEntry(world))
  api.use(express.raw({ type: () => true, limit: MOST_BODY }))
  api.use((req: Request, res: Response<unknown, ApiLocals>) => answerRequest(world, stopping, req, res))
  api.use(answerError(world))
  return api
}

const queryOf = (req: Request): string => req.originalUrl.split('?').slice(1).join('?')

function openEntry(world: World): RequestHandler {
  return (req, res, next) => {
    const entry = newEntry(world, req)
    world.journal.add(entry)
    res.locals = { entry } satisfies ApiLocals
    res.setHeader('X-Request-Id', entry.requestId)
    next()
  }
}

function newEntry(world: World, req: Request): JournalEntry {
  const shown = (text: string): string => forJournal(text, secretsOf(world))
  const names = Object.entries(req.headers).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  const headers = names.map(([name, value]) => [name, name === 'authorization' ? '[hidden]' : shown(value)] as const)
  return {
    requestId: world.chance.hex(32),
    at: new Date(),
    method: req.method,
    path: hideSecrets(req.baseUrl + req.path, secretsOf(world)),
    query: shown(queryOf(req)),
    headers: Object.fromEntries(headers),
    on: null,
    requestBody: null,
    responseBody: null,
    status: null,
    ms: null,
    fault: null,
    warnings: [],
  }
}

async function answerRequest(world: World, stopping: AbortSignal, req: Request, res: Response<unknown, ApiLocals>): Promise<void> {
  const { entry } = res.locals
  const { route, call } = findRoute(req)
  entry.on = route.on
  entry.requestBody = call.body.length > 0 ? forJournal(call.body.toString('utf8'), secretsOf(world)) : null
  entry.warnings.push(...headerFaults(call).map(({ sentence }) => sentence))
  const struck = { on: route.on, ids: idsOf(world, call), isReplay: route.isReplay?.(world, call) ?? false }
  const fault = takeFault(world.faults, struck)
  entry.fault = fault?.kind ?? null
  const exchange: Exchange = { world, call, route, req, res, entry, stopping }
  if (fault) await STRIKES[fault.kind as RequestFaultKind](exchange, fault)
  else sendAnswer(exchange, processExchange(exchange))
}

/** The id of the path, and the invoice of the order that it names. */
const idsOf = (world: World, { id }: ApiCall): readonly string[] => (id === null ? [] : [id, world.orders.get(id)?.containerId ?? id])

/** @throws ApiRefusal 404 for an unknown path, 405 for another method, 400 for a path that does not decode */
function findRoute(req: Request): { route: ApiRoute; call: ApiCall } {
  const onPath = API_ROUTES.filter((route) => route.path.test(req.path))
  if (onPath.length === 0)
    throw new ApiRefusal(404, 'not_found_http_exception', `No route found for "${req.method} ${req.baseUrl}${req.path}"`)
  const method = req.method === 'HEAD' ? 'GET' : req.method
  const route = onPath.find((candidate) => candidate.method === method)
  if (!route) throw wrongMethod(req, onPath)
  const encodedId = route.path.exec(req.path)?.[1]
  const call: ApiCall = {
    method: req.method,
    path: req.path,
    query: queryOf(req),
    headers: req.headers,
    body: Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0),
    id: encodedId === undefined ? null : decodeId(encodedId),
  }
  return { route, call }
}

function wrongMethod(req: Request, onPath: readonly ApiRoute[]): ApiRefusal {
  const allowed = onPath.map((route) => route.method).join(', ')
  const message = `No route found for "${req.method} ${req.path}": Method Not Allowed (Allow: ${allowed})`
  return new ApiRefusal(405, 'method_not_allowed_http_exception', message, [], { Allow: allowed })
}

function decodeId(encoded: string): string {
  try {
    return decodeURIComponent(encoded)
  } catch {
    throw new ApiRefusal(400, 'bad_request', 'Malformed path')
  }
}

/** Errors of the body reader (too large, unknown encoding, broken off) carry a 4xx status of their own. */
function answerError(world: World): ErrorRequestHandler {
  return (error: unknown, _req, res: Response, next) => {
    if (res.headersSent || res.destroyed) {
      next(error)
      return
    }
    const status = (error as { status?: unknown }).status
    const isClients = !(error instanceof ApiRefusal) && typeof status === 'number' && status >= 400 && status < 500
    const refusal = isClients ? new ApiRefusal(status, 'bad_request', (error as Error).message) : error
    sendAnswer({ world, res, entry: (res.locals as ApiLocals).entry }, refusalAnswer(refusal))
  }
}
