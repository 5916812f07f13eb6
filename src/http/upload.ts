import express from 'express'
import type { Request, RequestHandler } from 'express'
import { Refusal } from '../shared/refusals'
import { readForm } from './input'
import { readMultipart } from './multipart'

const MOST_BYTES = '320kb'
const MOST_PARTS = 30

const TYPE = 'multipart/form-data'

const contentTypeOf = (req: Request): string => req.get('content-type') ?? ''

const readBytes: RequestHandler = express.raw({ type: TYPE, limit: MOST_BYTES })

/** Reads a form that may bring files; one without files may come like any other form. A name that comes twice keeps its last value. */
export const readUpload: RequestHandler = (req, res, next) => {
  if (!contentTypeOf(req).toLowerCase().startsWith(TYPE)) {
    readForm(req, res, next)
    return
  }
  readBytes(req, res, (error?: unknown) => {
    next(error ?? readParts(req))
  })
}

/** Puts the parts in the place of a form, or says what is wrong with them: thrown from here, where a stream has ended, it would end the process. */
function readParts(req: Request): Refusal | undefined {
  const bytes: unknown = req.body
  const parts = Buffer.isBuffer(bytes) ? readMultipart(contentTypeOf(req), bytes, MOST_PARTS) : undefined
  if (!parts) return new Refusal('bad_input', 'body')
  // A field named `__proto__` becomes a key like any other, which no schema knows.
  req.body = Object.fromEntries(parts.map(({ name, value }) => [name, value]))
  return undefined
}
