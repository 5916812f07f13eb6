import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { isDown, isTransient } from '../shared/database'
import type { Log } from '../shared/log'
import { Refusal, REFUSALS } from '../shared/refusals'
import type { Pages } from './pages'
import { stateOf } from './request-state'

export const notFound: RequestHandler = () => {
  throw new Refusal('not_found')
}

/** The one place where something thrown becomes an answer. A refusal says its text; anything else is a bug: logged whole, told as a reference code only. */
export function answerErrors(pages: Pages, log: Log): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  // eslint-disable-next-line @typescript-eslint/no-unused-vars
  return async (error: unknown, req, res, _next) => {
    const refusal = toRefusal(error)
    if (!refusal || isBusy(error)) log.error({ err: error, route: stateOf(res).route }, 'unexpected error')
    if (res.headersSent) {
      if (!res.writableEnded) res.destroy()
      return
    }
    if (wantsJson(req)) {
      answerJson(pages, res, refusal)
      return
    }
    await answerPage(pages, log, req, res, refusal)
  }
}

const STATUS_OF_A_BUG = 500

function answerJson(pages: Pages, res: Response, refusal: Refusal | undefined): void {
  const code = refusal?.code ?? 'unexpected'
  const message = errorText(pages, res, refusal)
  const error = { code, message, ...(refusal?.detail === undefined ? {} : { detail: refusal.detail }), requestId: stateOf(res).id }
  res.status(refusal?.status ?? STATUS_OF_A_BUG).json({ error })
}

async function answerPage(pages: Pages, log: Log, req: Request, res: Response, refusal: Refusal | undefined): Promise<void> {
  const status = refusal?.status ?? STATUS_OF_A_BUG
  try {
    await pages.send(req, res, 'error', errorModel(pages, req, res, refusal), status)
  } catch (error) {
    // Nothing is left to render with: a plain line is still better than a closed connection.
    log.error({ err: error }, 'the error page cannot be shown')
    res
      .status(status)
      .type('text')
      .send(`${String(status)} ${stateOf(res).id}\n`)
  }
}

function errorModel(pages: Pages, req: Request, res: Response, refusal: Refusal | undefined): object {
  const t = pages.translator(res)
  const text = errorText(pages, res, refusal)
  if (refusal?.code === 'forged_request') return { heading: t('error.page_outdated'), text }
  return {
    heading: t(`error.heading.${refusal ? REFUSALS[refusal.code] : STATUS_OF_A_BUG}`),
    text,
    ...(refusal?.code === 'sign_in_required' ? { signInHref: signInHref(req) } : {}),
  }
}

/** Whoever was signed out meanwhile signs in and is back on the page whose form they sent: the invoice is not lost. */
function signInHref(req: Request): string {
  const referer = req.get('referer') ?? ''
  const from = URL.canParse(referer) ? new URL(referer) : undefined
  const isOurs = from?.host === req.host && from.pathname.length < 1_000
  return isOurs ? `/sign-in?next=${encodeURIComponent(from.pathname)}` : '/sign-in'
}

function errorText(pages: Pages, res: Response, refusal: Refusal | undefined): string {
  const t = pages.translator(res)
  return refusal ? t(`refusal.${refusal.code}`) : t('error.unexpected')
}

/** Everything of ours speaks HTML unless it is the API or the client prefers JSON. */
const wantsJson = (req: Request): boolean => req.path.startsWith('/api/') || req.accepts(['html', 'json']) === 'json'

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
