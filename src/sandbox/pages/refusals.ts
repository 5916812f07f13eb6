import type { ErrorRequestHandler, RequestHandler, Response } from 'express'
import { ApiRefusal } from '../http/refusal'
import { refusalAnswer } from '../wire/process'
import { pageOf, render } from './page'

/** The refusal behind an error: our own, or the body reader's with its 4xx; undefined for a bug. */
export function refusalOf(error: unknown): ApiRefusal | undefined {
  if (error instanceof ApiRefusal) return error
  const status = (error as { status?: unknown } | null)?.status
  const isClients = typeof status === 'number' && status >= 400 && status < 500
  return isClients ? new ApiRefusal(status, 'bad_request', 'The request could not be read.') : undefined
}

/** A refusal of a page or form, as a page. */
export const refuseWithPage: ErrorRequestHandler = (error: unknown, req, res: Response, next) => {
  const refusal = refusalOf(error)
  if (res.headersSent || !refusal) next(error)
  else render(req, res, 'refused', { heading: pageOf(req).t.refused.title, text: refusal.message }, refusal.status)
}

export const showNoSuchPage: RequestHandler = (req, res) => {
  const { t } = pageOf(req)
  render(req, res, 'refused', { heading: t.refused.notFound, text: t.refused.notFoundText }, 404)
}

/** Whatever is left, as JSON in the API's error shape. */
export const refuseWithJson: ErrorRequestHandler = (error: unknown, _req, res: Response, next) => {
  if (res.headersSent) {
    next(error)
    return
  }
  const answer = refusalAnswer(refusalOf(error) ?? error)
  res.status(answer.status).set(answer.headers).json(answer.payload)
}
