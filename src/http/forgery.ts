import { csrfSync } from 'csrf-sync'
import type { Request, RequestHandler } from 'express'
import { Refusal } from '../shared/refusals'

/** The hidden field of every form. */
export const TOKEN_FIELD = '_csrf'

const { generateToken, isRequestValid } = csrfSync({
  size: 32,
  getTokenFromRequest: (req) => {
    const token = (req.body as Record<string, unknown> | undefined)?.[TOKEN_FIELD]
    return typeof token === 'string' ? token : undefined
  },
})

/** The token that this visitor's forms must bring; makes one when the session has none. */
export const formToken = (req: Request): string => generateToken(req)

/** Refuses a form without the token of the visitor's own session. */
export const requireToken: RequestHandler = (req, _res, next) => {
  if (!isRequestValid(req)) throw new Refusal('forged_request', 'token')
  next()
}

/**
 * Refuses what a browser itself calls a request of another site. Clients that say nothing (no browser since 2023 does) still need the token.
 * Our pages send `Referrer-Policy: same-origin`: under `no-referrer` browsers would call the origin of our own forms `null`.
 */
export const requireSameOrigin =
  (publicUrl: URL): RequestHandler =>
  (req, _res, next) => {
    const site = req.get('sec-fetch-site')
    const origin = req.get('origin')
    if (site !== undefined && site !== 'same-origin') throw new Refusal('forged_request', 'Sec-Fetch-Site')
    if (origin !== undefined && origin !== publicUrl.origin) throw new Refusal('forged_request', 'Origin')
    next()
  }
