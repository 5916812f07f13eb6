import type { RequestHandler } from 'express'
import session from 'express-session'
import type { Store } from 'express-session'

/** With https the `__Host-` prefix makes the browser refuse a cookie that another host or an insecure page tries to plant. */
export const cookieName = (publicUrl: URL): string => (isHttps(publicUrl) ? '__Host-gateway' : 'gateway')

export const isHttps = (url: URL): boolean => url.protocol === 'https:'

/** Reads the session behind the cookie. A visitor without one gets none until something is put into it. The cookie itself ends with the browser. */
export function readSession(options: { store: Store; secret: string; publicUrl: URL }): RequestHandler {
  const read = session({
    store: options.store,
    secret: options.secret,
    name: cookieName(options.publicUrl),
    resave: false,
    saveUninitialized: false,
    cookie: { httpOnly: true, sameSite: 'lax', path: '/', secure: isHttps(options.publicUrl) },
  })
  return (req, res, next) => {
    let goesOn = false
    // A write that fails after the answer was made is reported the same way. The store has logged it, and the answer must not be torn down for it.
    read(req, res, (error?: unknown) => {
      if (goesOn) return
      goesOn = true
      next(error)
    })
  }
}
