import { z } from 'zod'
import { ApiRefusal } from '../http/refusal'
import { makePing } from '../notify/announce'
import { resend } from '../notify/deliver'
import type { Attempt, Notification } from '../state/notifications'
import type { World } from '../state/world'
import { readBody, wholeField } from './read'

/** An attempt as the control interface shows it. */
export const presentAttempt = ({ at, ...attempt }: Attempt) => ({ at: at.toISOString(), ...attempt })

/** By the id of an attempt, of the notification itself, or of its order (the newest one). @throws ApiRefusal 404 */
function findNotification(world: World, id: unknown): Notification {
  const log = world.notifications
  const found =
    log.find(log.attempt(String(id))?.notificationId ?? String(id)) ?? log.all().findLast(({ orderId }) => orderId === String(id))
  if (!found) throw new ApiRefusal(404, 'not_found', `There is no notification ${JSON.stringify(String(id).slice(0, 60))}.`)
  return found
}

/** `POST /_sandbox/notifications/{id}/resend`: once more, at once, whatever became of it. @returns the new attempt with its answer */
export async function resendNotification(world: World, id: unknown): Promise<Attempt> {
  const [attempt] = await resend(world, findNotification(world, id))
  if (!attempt) throw new Error('bug: a resent notification left no attempt')
  return attempt
}

/** `POST /_sandbox/notifications/ping`: the monitoring test. @returns the attempt with its answer */
export async function pingShop(world: World): Promise<Attempt> {
  const [attempt] = await resend(world, makePing(world))
  if (!attempt) throw new Error('bug: a ping left no attempt')
  return attempt
}

const statusSchema = z.strictObject({ logQuantity: wholeField(0, 10_000).optional() })
const DOCUMENTED_QUANTITY = 40

/** `POST /_sandbox/gate/status`: asks every connected client of the gate for its state. @returns their replies */
export function askGate(world: World, body: unknown): Promise<unknown[]> {
  const { logQuantity = DOCUMENTED_QUANTITY } = readBody(statusSchema, body)
  return Promise.all([...world.listeners].map((listener) => listener.getStatus(logQuantity)))
}
