import pino from 'pino'
import type { Logger } from 'pino'
import { requestFields } from './request-context'
import { safeError } from './safe-error'

export type Log = Logger

/** Whatever could carry a secret or a person is cut out before a line is written (invariant 26). */
const HIDDEN = [
  'password',
  'token',
  'authorization',
  'cookie',
  'secret',
  'email',
  'phone',
  'name',
  'customer',
  '*.password',
  '*.token',
  '*.authorization',
]

/** A log of JSON lines on standard output. Each line of a request carries its reference code, `requestId`. `level` is one of pino's names, `silent` included. */
export const createLog = (level: string, stream?: pino.DestinationStream): Log =>
  pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      serializers: { err: safeError },
      mixin: () => ({ ...requestFields() }),
      redact: { paths: HIDDEN, censor: '[hidden]' },
    },
    stream ?? pino.destination({ fd: 1, sync: true }),
  )
