import type { Response } from 'express'
import { defineRoute } from '../http'
import type { Route } from '../http'
import { createNotificationDoor, NOT_SIGNED, OUT_OF_SERVICE } from '../invoicebox'
import type { DoorDeps, Reply } from '../invoicebox'
import { Refusal } from '../shared/refusals'

/** The door of Invoicebox's notifications (4.1): whatever comes in, the answer is HTTP 200 with one of the documented replies. */
export function notificationRoutes(deps: DoorDeps): Route[] {
  const receive = createNotificationDoor(deps)
  return [
    defineRoute({
      method: 'post',
      path: '/invoicebox/notifications',
      policy: { kind: 'public' },
      csrf: false,
      csrfReason: 'Invoicebox signs the raw body (X-Signature), and nothing is read of it before the signature is proven.',
      summary: 'Takes a signed notification of Invoicebox about an order.',
      handle: async ({ req, res }) => send(res, await receive(bytesOf(req.body), req.get('x-signature'))),
      answerFault: (res, error) => send(res, replyTo(error, deps)),
    }),
  ]
}

const send = (res: Response, reply: Reply): void => void res.status(200).json(reply)

const bytesOf = (body: unknown): Buffer => (Buffer.isBuffer(body) ? body : Buffer.alloc(0))

/** A body that is too large or cannot be read whole has no signature that could be proven; anything else is ours to mend, so it shall come again. */
function replyTo(error: unknown, { log }: DoorDeps): Reply {
  const { status } = error as { status?: unknown }
  if (!(error instanceof Refusal) && typeof status === 'number' && status < 500) {
    log.warn({ status }, 'a notification could not be read')
    return NOT_SIGNED
  }
  if (!(error instanceof Refusal)) log.error({ err: error }, 'a notification was not answered')
  return OUT_OF_SERVICE
}
