import type { Attempt } from '../state/notifications'
import type { World } from '../state/world'
import type { Message } from './faults'
import { post, reasonOf } from './send'
import { understand } from './understand'

const MOST_KEPT = 8_000
const USER_AGENT = 'InvoiceboxSandbox/1.0 (Notification 1.0)'

/** One POST of a message; the attempt keeps what came of it. Never throws. */
export async function attemptOver(world: World, attempt: Attempt, { body, signature }: Message): Promise<void> {
  if (attempt.url === null) {
    Object.assign(attempt, { outcome: 'failed', reason: 'no notificationUrl' })
    return
  }
  const began = performance.now()
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/json',
    'User-Agent': USER_AGENT,
    ...(signature === null ? {} : { 'X-Signature': signature }),
  }
  try {
    const signal = AbortSignal.any([AbortSignal.timeout(world.settings.notificationTimeoutMs), world.stopping])
    const { status, text } = await post(attempt.url, body, headers, signal)
    Object.assign(attempt, { status, answer: text.slice(0, MOST_KEPT), ...understand(status, text) })
  } catch (error) {
    Object.assign(attempt, { outcome: 'failed', reason: reasonOf(error) })
  }
  attempt.ms = Math.round(performance.now() - began)
}
