import { openAlerts } from '../shared/alerts'
import { HOUR, MINUTE, plus, SECOND } from '../shared/clock'
import { inTransaction } from '../shared/database'
import type { Tx } from '../shared/database'
import type { Delivery } from './delivery'
import type { Channel, Notice, NoticesDeps } from './notice'
import { claimDue, settleNotice } from './store'
import type { Settled } from './store'
import { tell } from '../shared/told'

/** As many at a time: one that is slow holds up nine others at most, and only until its time limit. */
const AT_ONCE = 10
/** Longer than any attempt takes; after it a notice of a process that died is taken up by another. */
const CLAIMED_FOR_MS = 5 * MINUTE
const PAUSES_MS = [30 * SECOND, 2 * MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR]

const pauseAfter = (attempts: number): number => PAUSES_MS[attempts - 1] ?? 4 * HOUR

/**
 * One run of the job that tells what is due by one channel. At least once: a process that dies between sending and writing it down sends again, under the same id.
 * @returns how many were taken up
 */
export async function sendNotices(deps: NoticesDeps, channel: Channel, deliver: (notice: Notice) => Promise<Delivery>): Promise<number> {
  const now = deps.clock.now()
  const due = await inTransaction(deps.db, (tx) => claimDue(tx, channel, { now, again: plus(now, CLAIMED_FOR_MS), limit: AT_ONCE }))
  await Promise.all(due.map(async (notice) => settle(deps, notice, await deliver(notice))))
  return due.length
}

async function settle(deps: NoticesDeps, notice: Notice, delivery: Delivery): Promise<void> {
  const at = deps.clock.now()
  const settled = outcomeOf(notice, delivery, at)
  await inTransaction(deps.db, async (tx) => {
    if ((await settleNotice(tx, notice, settled)) && settled.state === 'failed') await tellStaff(tx, notice, settled.error ?? '', at)
  })
  const { id, channel, topic, attempts } = notice
  deps.log.info({ notice: id, channel, topic, attempts, state: settled.state, error: settled.error }, 'a notice was tried')
}

function outcomeOf({ attempts, giveUpAt }: Notice, delivery: Delivery, at: Date): Settled {
  switch (delivery.kind) {
    case 'sent':
      return { state: 'sent', sentAt: at }
    case 'dropped':
      return { state: 'dropped', error: delivery.why }
    case 'refused':
      return { state: 'failed', error: delivery.error }
    case 'failed': {
      const next = plus(at, pauseAfter(attempts))
      return next > giveUpAt ? { state: 'failed', error: delivery.error } : { state: 'queued', error: delivery.error, nextAttemptAt: next }
    }
  }
}

/** One alert a channel is open at a time. That one buyer's address is refused is no matter for staff: it stands in the list. */
async function tellStaff(tx: Tx, { channel, recipient, id }: Notice, error: string, at: Date): Promise<void> {
  if (/^(member|order):/.test(recipient) && /\d{3}$/.test(error)) return
  const detail = tell('told.notice_given_up', { channel, error, id })
  await openAlerts(tx, [{ kind: 'notice_failed', subject: channel, detail, at }])
}
