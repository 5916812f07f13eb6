import type { Express, RequestHandler } from 'express'
import type { Log } from '../shared/log'
import { inRequest } from '../shared/request-context'
import { beginState } from './request-state'

/** What is told of a request when it has ended. */
export interface Answered {
  /** The pattern of the route, never the address; `none` where no route fits. */
  readonly route: string
  readonly status: number
}

/**
 * Gives the request its reference code, which every log line on the way carries, and, when it ends, one line in the log. No address, no query, no person
 * (invariant 26).
 */
export const begin =
  (log: Log, onAnswer: (answered: Answered) => void): RequestHandler =>
  (req, res, next) => {
    const state = beginState(res)
    const startedAt = performance.now()
    res.set('X-Request-Id', state.id)
    res.once('close', () => {
      const answered = { route: state.route, status: res.statusCode }
      const line = { method: req.method, ...answered, ms: Math.round(performance.now() - startedAt) }
      inRequest(state.id, () => log.info(res.writableFinished ? line : { ...line, aborted: true }, 'request'))
      onAnswer(answered)
    })
    inRequest(state.id, next)
  }

/** What the world calls us is a setting, for every request alike. The Host header and a proxy's word for it are never believed. */
export function believePublicUrl(app: Express, publicUrl: URL): void {
  const facts = {
    protocol: publicUrl.protocol.slice(0, -1),
    secure: publicUrl.protocol === 'https:',
    hostname: publicUrl.hostname,
    host: publicUrl.host,
  }
  for (const [name, value] of Object.entries(facts)) Object.defineProperty(app.request, name, { value, configurable: true })
}
