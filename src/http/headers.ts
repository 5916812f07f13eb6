import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { RequestHandler } from 'express'
import helmet from 'helmet'
import { isHttps } from './session'

/**
 * Headers of every answer. Nothing inline and nothing from elsewhere may run or be loaded; the programme's logo is the one exception.
 * `form-action 'self'` also covers the redirects after a form, which is why a payment returns to our own page first.
 * They are the same for every answer, so they are worked out once.
 */
export function securityHeaders(publicUrl: URL, logoUrl: string | undefined): RequestHandler {
  const headers = new Map([
    ...headersOf(shield(publicUrl, logoUrl)),
    ['Cache-Control', 'no-store'],
    ['Permissions-Policy', 'camera=(), geolocation=(), microphone=()'],
    ['X-Robots-Tag', 'noindex'],
  ])
  return (_req, res, next) => {
    res.setHeaders(headers)
    next()
  }
}

const CSP = 'Content-Security-Policy'

/** Lets pages of these sources show the answer in a frame, an error page too. `X-Frame-Options` knows no list, so it goes. */
export const allowFrames =
  (sources: readonly string[]): RequestHandler =>
  (_req, res, next) => {
    res.setHeader(CSP, String(res.getHeader(CSP)).replace("frame-ancestors 'none'", `frame-ancestors ${sources.join(' ')}`))
    res.removeHeader('X-Frame-Options')
    next()
  }

function shield(publicUrl: URL, logoUrl: string | undefined): ReturnType<typeof helmet> {
  const logo = logoUrl?.startsWith('https:') || logoUrl?.startsWith('http:') ? [new URL(logoUrl).origin] : []
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", ...logo],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        baseUri: ["'none'"],
        objectSrc: ["'none'"],
      },
    },
    referrerPolicy: { policy: 'same-origin' },
    strictTransportSecurity: isHttps(publicUrl) ? { maxAge: 31_536_000 } : false,
    frameguard: { action: 'deny' },
  })
}

/** The headers that a middleware sets whatever the request says. @throws Error when it fails or does not answer at once */
function headersOf(middleware: ReturnType<typeof helmet>): [name: string, value: string][] {
  const request = new IncomingMessage(new Socket())
  const response = new ServerResponse(request)
  let fault: unknown = new Error('bug: the headers of an answer depend on something that takes time')
  middleware(request, response, (error?: unknown) => (fault = error))
  if (fault) throw fault as Error
  return response.getHeaderNames().map((name) => [name, String(response.getHeader(name))])
}
