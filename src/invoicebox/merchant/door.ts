import type { Log } from '../../shared/log'
import type { Unit } from '../../shared/money'
import { answerInTime } from './answer-in-time'
import { parseNotification } from './notification'
import type { Notification, Reply } from './notification-types'
import { verifySignature } from './signature'
import type { SignatureKey } from './signature'

export interface DoorDeps {
  /** null where no key was agreed: then nobody can have signed anything. */
  readonly key: SignatureKey | null
  readonly currencies: readonly Unit[]
  readonly log: Log
  readonly receive: (notification: Notification) => Promise<Reply>
  /** Milliseconds; ten seconds unless set. */
  readonly withinMs?: number
}

/** Takes the raw bytes of a notification and its `X-Signature`, and always has an answer. */
export type NotificationDoor = (body: Buffer, signature: string | undefined) => Promise<Reply>

/** The signature is proven over the bytes as they came before anything is read, let alone written: what is not signed by Invoicebox leaves no trace but a line in the log. */
export function createNotificationDoor({ key, currencies, log, receive, withinMs }: DoorDeps): NotificationDoor {
  return async (body, signature) => {
    if (!key || !verifySignature(body, signature, key)) {
      log.warn(
        { signature: signature === undefined ? 'missing' : 'wrong', bytes: body.length },
        'a notification was not signed by Invoicebox',
      )
      return NOT_SIGNED
    }
    return await answerInTime(() => receive(parseNotification(body, currencies)), log, withinMs)
  }
}

/** A missing signature is a wrong one. */
export const NOT_SIGNED: Reply = { status: 'error', code: 'signature_error', message: 'The signature is wrong.' }

export const OUT_OF_SERVICE: Reply = { status: 'error', code: 'out_of_service', message: 'Try again later.' }
