import { SECOND } from '../../shared/clock'
import type { Log } from '../../shared/log'
import type { Reply } from './notification-types'

/** Invoicebox gives up after 20 s and counts the notification as failed (4.1). Half of that is left for the way there and back. */
export const ANSWER_WITHIN_MS = 10 * SECOND

const outOfService = (message: string): Reply => ({ status: 'error', code: 'out_of_service', message })

/**
 * The reply of whoever receives a notification, or `out_of_service` when that fails or takes too long: then Invoicebox comes again. What was begun goes on; since a repeated
 * notification changes nothing, it does not matter which of the two gets there first.
 */
export async function answerInTime(receive: () => Promise<Reply>, log: Log, withinMs = ANSWER_WITHIN_MS): Promise<Reply> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<Reply>((resolve) => {
    timer = setTimeout(() => {
      log.warn({ withinMs }, 'a notification was not recorded in time')
      resolve(outOfService('This takes too long. Try again later.'))
    }, withinMs)
  })
  const reply = begun(receive).catch((error: unknown) => {
    log.error({ err: error }, 'a notification was not recorded')
    return outOfService('Try again later.')
  })
  return await Promise.race([reply, tooLate]).finally(() => clearTimeout(timer))
}

/** What fails before its first wait fails like the rest. */
const begun = async (receive: () => Promise<Reply>): Promise<Reply> => await receive()
