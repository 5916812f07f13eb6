import type { RequestHandler } from 'express'
import helmet from 'helmet'
import { isHttps } from './session'

/**
 * Headers of every answer. Nothing inline and nothing from elsewhere may run or be loaded; the programme's logo is the one exception.
 * `form-action 'self'` also covers the redirects after a form, which is why a payment returns to our own page first.
 */
export function securityHeaders(publicUrl: URL, logoUrl: string | undefined): RequestHandler[] {
  const logo = logoUrl?.startsWith('https:') || logoUrl?.startsWith('http:') ? [new URL(logoUrl).origin] : []
  const shield = helmet({
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
  const rest: RequestHandler = (_req, res, next) => {
    res.set('Cache-Control', 'no-store')
    res.set('Permissions-Policy', 'camera=(), geolocation=(), microphone=()')
    res.set('X-Robots-Tag', 'noindex')
    next()
  }
  return [shield, rest]
}
