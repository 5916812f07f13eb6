import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import { inTransaction } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { OrderNotification, Reply } from '../invoicebox/merchant'
import { findNotification } from './notification-store'
import type { LoggedNotification } from './notification-store'
import type { OrderDeps } from './order'
import { receiveNotification } from './receive-notification'

/**
 * Receives a notification of the log once more, as if Invoicebox had sent it again. Safe to repeat: what it brought about it does not bring about twice. Its signature was
 * right when it came. @throws Refusal forbidden, not_found
 */
export async function replayNotification(deps: OrderDeps, of: { readonly id: string; readonly author: Author }): Promise<Reply> {
  requirePermission(of.author, 'notifications.replay')
  const logged = await findNotification(deps.db, of.id)
  if (!logged) throw new Refusal('not_found', 'notification')
  const at = deps.clock.now()
  // The intent first: what it brings about must not stand without whoever wanted it.
  await inTransaction(deps.db, (tx) =>
    writeAudit(tx, [{ author: of.author, at, action: 'notification_replayed', subject: `notification:${logged.id}` }]),
  )
  const reply = await receiveNotification(deps, toNotification(logged), { channel: 'replay', replayOf: logged.id })
  const answer = reply.status === 'success' ? 'success' : reply.code
  deps.log.info({ notification: logged.id, by: authorName(of.author), answer }, 'a notification was played once more')
  return reply
}

const toNotification = (logged: LoggedNotification): OrderNotification => ({
  kind: 'order',
  id: logged.invoiceboxId,
  merchantId: logged.merchantId,
  merchantOrderId: logged.number,
  orderContainerId: null,
  status: logged.status === 'completed' || logged.status === 'canceled' ? logged.status : 'unknown',
  amount: logged.amount,
  createdAt: null,
  redacted: logged.body,
})
