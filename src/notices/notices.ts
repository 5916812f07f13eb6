import type { Author } from '../shared/actor'
import { writeAudit } from '../shared/audit'
import { DAY, plus } from '../shared/clock'
import { inTransaction } from '../shared/database'
import { requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import { deliverMail } from './deliver-mail'
import { createMailer } from './mailer'
import type { NoticesDeps } from './notice'
import { GIVE_UP_AFTER_MS, queueNotices } from './queue-notices'
import { queueCodes } from './queue-storefront'
import { sendNotices } from './send-notices'
import { deleteSettled, requeueNotice } from './store'
import { createWebhook } from './webhook'

/** What the worker does for this room. Each answers with how much it found to do. */
export interface Notices {
  queue(): Promise<number>
  sendMail(): Promise<number>
  callWebhook(): Promise<number>
  forget(): Promise<number>
  close(): Promise<void>
}

const KEPT_MS = 30 * DAY
const FORGOTTEN_AT_ONCE = 1_000

export function createNotices(deps: NoticesDeps): Notices {
  const { mail, programName } = deps.settings
  const mailer = mail.url === undefined ? undefined : createMailer(mail.url, { address: mail.from, name: programName })
  const webhook = createWebhook(deps)
  return {
    queue: async () => (await queueCodes(deps)) + (await queueNotices(deps)),
    sendMail: () => sendNotices(deps, 'mail', (notice) => deliverMail(deps, mailer, notice)),
    callWebhook: () => sendNotices(deps, 'webhook', (notice) => webhook.deliver(notice)),
    forget: () => deleteSettled(deps.db, plus(deps.clock.now(), -KEPT_MS), FORGOTTEN_AT_ONCE),
    close: () => webhook.close(),
  }
}

/** Has a notice that was given up or dropped sent once more. @throws Refusal forbidden, not_found */
export async function retryNotice(deps: Pick<NoticesDeps, 'db' | 'clock'>, id: string, author: Author): Promise<void> {
  requirePermission(author, 'notices.retry')
  const at = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    if (!(await requeueNotice(tx, id, at, plus(at, GIVE_UP_AFTER_MS)))) throw new Refusal('not_found', 'notice')
    await writeAudit(tx, [{ author, at, action: 'notice_retried', subject: `notice:${id}` }])
  })
}
