import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { isDown, isTransient } from '../shared/database'
import type { Log } from '../shared/log'
import type { OfficeFault } from '../shared/office-fault'
import { Refusal, REFUSALS } from '../shared/refusals'
import type { Translate } from '../shared/texts'
import { actorOf } from './actors'
import type { Pages } from './pages'
import { stateOf, wantsJson } from './request-state'
import { sentForm } from './sent-form'

/**
 * What no route answers. Under the address of the office it is looked who asks, so that staff stay in the office; anybody else gets the page that everybody gets.
 * @param readVisitor what the routes know their visitor by, in this order
 */
export const notFound = (readVisitor: readonly RequestHandler[]): RequestHandler[] => [
  ...readVisitor.map(
    (step): RequestHandler =>
      (req, res, next) =>
        isOffice(req.path) && !wantsJson(req) ? step(req, res, next) : next(),
  ),
  () => {
    throw new Refusal('not_found')
  },
]

export type OfficeError = (fault: OfficeFault) => { readonly view: string; readonly model: object }

/** The one place where something thrown becomes an answer. A refusal says its text; anything else is a bug: logged whole, told as a reference code only. */
export function answerErrors(pages: Pages, log: Log, officeError?: OfficeError): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  return async (error: unknown, req, res, _next) => {
    const refusal = toRefusal(error)
    if (!refusal || isBusy(error)) log.error({ err: error, route: stateOf(res).route }, 'unexpected error')
    if (res.headersSent) {
      if (!res.writableEnded) res.destroy()
      return
    }
    // Whatever keeps us busy here is over in a moment.
    if (refusal?.code === 'overloaded' && !res.get('Retry-After')) res.set('Retry-After', '2')
    if (wantsJson(req)) {
      answerJson(pages, res, refusal)
      return
    }
    await answerPage({ pages, log, officeError }, req, res, refusal)
  }
}

const STATUS_OF_A_BUG = 500

function answerJson(pages: Pages, res: Response, refusal: Refusal | undefined): void {
  const code = refusal?.code ?? 'unexpected'
  const message = errorText(pages, res, refusal)
  const error = { code, message, ...(refusal?.detail === undefined ? {} : { detail: refusal.detail }), requestId: stateOf(res).id }
  res.status(refusal?.status ?? STATUS_OF_A_BUG).json({ error })
}

interface PageDeps {
  readonly pages: Pages
  readonly log: Log
  readonly officeError: OfficeError | undefined
}

async function answerPage(deps: PageDeps, req: Request, res: Response, refusal: Refusal | undefined): Promise<void> {
  const { pages, log } = deps
  const status = refusal?.status ?? STATUS_OF_A_BUG
  try {
    const { view, model } = officePage(deps, req, res, refusal) ?? { view: 'error', model: errorModel(pages, req, res, refusal) }
    await pages.send(req, res, view, model, status)
  } catch (error) {
    // Nothing is left to render with: a plain line is still better than a closed connection.
    log.error({ err: error }, 'the error page cannot be shown')
    res
      .status(status)
      .type('text')
      .send(`${String(status)} ${stateOf(res).id}\n`)
  }
}

/** Staff at work stay in the office: with its sections, its search, and a way back. */
function officePage(
  { pages, officeError }: PageDeps,
  req: Request,
  res: Response,
  refusal: Refusal | undefined,
): ReturnType<OfficeError> | null {
  const staff = actorOf(req)
  if (!officeError || staff?.kind !== 'staff' || !isOffice(req.path)) return null
  const t = pages.translator(res)
  const from = cameFrom(req)
  return officeError({
    staff,
    t,
    refusal,
    heading: headingOf(refusal, t),
    path: req.path,
    from: from && isOffice(from.pathname) ? from.pathname + from.search : null,
    form: refusal?.code === 'bad_input' ? sentForm(req) : null,
  })
}

const OFFICE = '/admin'
const isOffice = (path: string): boolean => path === OFFICE || path.startsWith(`${OFFICE}/`)

const headingOf = (refusal: Refusal | undefined, t: Translate): string =>
  refusal?.code === 'forged_request' ? t('error.page_outdated') : t(`error.heading.${refusal ? REFUSALS[refusal.code] : STATUS_OF_A_BUG}`)

function errorModel(pages: Pages, req: Request, res: Response, refusal: Refusal | undefined): object {
  const t = pages.translator(res)
  const text = errorText(pages, res, refusal)
  return {
    heading: headingOf(refusal, t),
    text,
    homeHref: isOffice(req.path) ? OFFICE : '/',
    ...(refusal?.code === 'sign_in_required' ? { signInHref: signInHref(req) } : {}),
  }
}

/** Whoever was signed out meanwhile signs in and is back on the page whose form they sent: the invoice is not lost. */
function signInHref(req: Request): string {
  const from = cameFrom(req)
  return from ? `/sign-in?next=${encodeURIComponent(from.pathname)}` : '/sign-in'
}

/** The page of ours whose form or link led here. */
function cameFrom(req: Request): URL | undefined {
  const referer = req.get('referer') ?? ''
  const from = URL.canParse(referer) ? new URL(referer) : undefined
  return from?.host === req.host && from.pathname.length + from.search.length < 1_000 ? from : undefined
}

function errorText(pages: Pages, res: Response, refusal: Refusal | undefined): string {
  const t = pages.translator(res)
  return refusal ? t(`refusal.${refusal.code}`) : t('error.unexpected')
}

/** The database does not answer now, or has no connection free. Logged, since nobody else tells of it, and worth another try. */
const isBusy = (error: unknown): boolean => isTransient(error) || isDown(error)

/** What a client did wrong below our own checks (an unreadable body, a broken path), or a database that is busy: refusals too. */
function toRefusal(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error
  if (isBusy(error)) return new Refusal('overloaded')
  const { status, type } = error as { status?: unknown; type?: unknown }
  if (error instanceof URIError) return new Refusal('not_found')
  if (typeof status !== 'number' || status < 400 || status > 499) return undefined
  if (status === 413) return new Refusal('body_too_large')
  return new Refusal(type === 'entity.parse.failed' ? 'bad_json' : 'bad_input')
}
