import type { NextFunction, Request, Response } from 'express'
import type { PassportStatic } from 'passport'
import { actorOf, signIn, signOut } from './actors'
import { halfwayOf, keepHalfway } from './halfway'
import type { Pages } from './pages'
import { addressOf, stateOf } from './request-state'
import type { AnyInput } from './input'
import type { Input, RouteContext, Schemas } from './route'

export interface ContextDeps {
  readonly pages: Pages
  readonly passport: PassportStatic
}

/** Everything a handler gets, for one request. */
export function createContext(
  { pages, passport }: ContextDeps,
  req: Request,
  res: Response,
  next: NextFunction,
  input: AnyInput,
): RouteContext {
  const actor = actorOf(req)
  const usual = stateOf(res).faulty.length > 0 ? 400 : 200
  const page = (view: string, model: object, status = usual): void => void pages.send(req, res, view, model, status).catch(next)
  return {
    req,
    res,
    input: input as Input<Schemas>,
    actor,
    member: (actor?.kind === 'member' ? actor : null) as null,
    staff: (actor?.kind === 'staff' ? actor : null) as null,
    address: addressOf(req),
    language: stateOf(res).language,
    t: pages.translator(res),
    requestId: stateOf(res).id,
    page,
    redirect: (path) => res.redirect(303, ownPath(path)),
    formsMayLeadTo: (href) => allowFormsTo(res, href),
    redirectOut: (href) => res.redirect(303, href.startsWith('/') ? ownPath(href) : webAddress(href).href),
    halfway: halfwayOf(req),
    signIn: (who) => signIn(passport, req, res, who),
    signInHalfway: (halfway) => keepHalfway(req, halfway),
    signOut: () => signOut(passport, req, res),
  }
}

const CSP = 'Content-Security-Policy'
const PLAIN_ORIGIN = /^https?:\/\/[\w.:[\]-]+$/

/** The browser applies `form-action` to the redirects that follow a form, so the page with the form must name where they may end. */
function allowFormsTo(res: Response, href: string): void {
  if (href.startsWith('/')) return
  const { origin } = webAddress(href)
  // A host may contain `;`, which would begin another directive. No site has such a name, so the form simply stays with us.
  if (!PLAIN_ORIGIN.test(origin)) return
  const policy = String(res.getHeader(CSP))
  res.setHeader(CSP, policy.replace("form-action 'self'", `form-action 'self' ${origin}`))
}

/** `//host` and `/\host` are addresses of other sites to a browser, so they are no paths here. */
function ownPath(path: string): string {
  if (!/^\/(?![/\\])[\x21-\x7e]*$/.test(path)) throw new Error('bug: a redirect to something that is not a path of ours')
  return path
}

function webAddress(href: string): URL {
  const url = new URL(href)
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw new Error('bug: a link out that is not a web address')
  return url
}
