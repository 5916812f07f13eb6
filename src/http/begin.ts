import type { RequestHandler } from 'express'
import type { Log } from '../shared/log'
import { beginState } from './request-state'

/** Gives the request its reference code and, when it ends, one line in the log. No address, no query, no person (invariant 26). */
export const begin =
  (log: Log): RequestHandler =>
  (req, res, next) => {
    const state = beginState(res)
    const startedAt = performance.now()
    res.set('X-Request-Id', state.id)
    res.once('close', () => {
      const line = {
        requestId: state.id,
        method: req.method,
        route: state.route,
        status: res.statusCode,
        ms: Math.round(performance.now() - startedAt),
      }
      log.info(res.writableFinished ? line : { ...line, aborted: true }, 'request')
    })
    next()
  }

/** What the world calls us is a setting. The Host header and a proxy's word for it are never believed. */
export const believePublicUrl =
  (publicUrl: URL): RequestHandler =>
  (req, _res, next) => {
    const facts = {
      protocol: publicUrl.protocol.slice(0, -1),
      secure: publicUrl.protocol === 'https:',
      hostname: publicUrl.hostname,
      host: publicUrl.host,
    }
    for (const [name, value] of Object.entries(facts)) Object.defineProperty(req, name, { value, configurable: true })
    next()
  }
