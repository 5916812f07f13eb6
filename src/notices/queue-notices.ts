import { readRequestsAfter } from '../approvals'
import type { ApprovalRequest } from '../approvals'
import { lettersAbout, readTidingsAfter } from '../autopay'
import type { Tiding } from '../autopay'
import { readContacts } from '../members'
import { readOutbox } from '../payments'
import type { PromisedEvent } from '../payments'
import { readAlertsAfter } from '../shared/alerts'
import type { Alert } from '../shared/alerts'
import { DAY, MINUTE, plus } from '../shared/clock'
import { inTransaction, iso } from '../shared/database'
import { sha256 } from '../shared/ids'
import type { NoticesDeps, NoticeSettings, Topic } from './notice'
import { insertNotices, movePosition, readPosition } from './store'
import type { NewNotice } from './store'
import { tell } from '../shared/told'

/** After this long nobody is told any more. */
export const GIVE_UP_AFTER_MS = DAY

/** No transaction of ours lives this long, so what has an older id is there to be seen. */
const LATE_MS = 10 * MINUTE
const PAGE_SIZE = 500

/** Where an event came from, as far as the queue must know. */
interface Source<E extends { readonly id: string }> {
  readonly name: 'payments' | 'alerts' | 'approvals' | 'autopay'
  read(range: { readonly after: string; readonly upTo?: string | undefined; readonly limit: number }): Promise<E[]>
  toNotices(events: readonly E[]): Promise<NewNotice[]> | NewNotice[]
}

/**
 * One run of the job that queues what somebody outside is to be told. Ids grow with time, but a row may become visible after one with a later id; so each source is read
 * twice: at once, and a second time ten minutes later, when nothing can come late any more. What was queued the first time is not queued again.
 * @returns how many events were read
 */
export async function queueNotices(deps: NoticesDeps): Promise<number> {
  const upTo = idAt(plus(deps.clock.now(), -LATE_MS))
  let read = 0
  for (const source of [paymentsOf(deps), alertsOf(deps), approvalsOf(deps), autopayOf(deps)] as Source<{ readonly id: string }>[]) {
    read += await advance(deps, source, source.name)
    read += await advance(deps, source, `${source.name}-late`, upTo)
  }
  return read
}

async function advance<E extends { readonly id: string }>(
  deps: NoticesDeps,
  source: Source<E>,
  name: string,
  upTo?: string,
): Promise<number> {
  const events = await source.read({ after: await readPosition(deps.db, name), upTo, limit: PAGE_SIZE })
  const last = events.at(-1)
  if (!last) return 0
  const notices = await source.toNotices(events)
  const now = deps.clock.now()
  await inTransaction(deps.db, async (tx) => {
    if (notices.length > 0) await insertNotices(tx, notices, now, plus(now, GIVE_UP_AFTER_MS))
    await movePosition(tx, name, last.id)
  })
  return events.length
}

/** The smallest sorted id of a moment: the first 48 bits are its milliseconds. */
function idAt(at: Date): string {
  const hex = at.getTime().toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`
}

const OF_STATE: Readonly<Record<string, Topic>> = { 'payment.captured': 'receipt', 'payment.reversed': 'reversal' }

const paymentsOf = ({ db, settings }: NoticesDeps): Source<PromisedEvent> => ({
  name: 'payments',
  read: (range) => readOutbox(db, range),
  async toNotices(events) {
    // Without letters there is nobody to tell, and switching them on later tells nothing of the past.
    if (settings.mail.url === undefined) return []
    // What an organisation pays is told by its digest.
    const told = events.flatMap(({ topic, paymentId, memberId }) =>
      OF_STATE[topic] !== undefined && memberId !== null ? [{ topic, paymentId, memberId }] : [],
    )
    const contacts = new Map((await readContacts(db, [...new Set(told.map(({ memberId }) => memberId))])).map((one) => [one.memberId, one]))
    return told.map(({ topic, paymentId, memberId }) => ({
      channel: 'mail' as const,
      topic: OF_STATE[topic] as Topic,
      source: paymentId,
      recipient: `member:${memberId}`,
      language: contacts.get(memberId)?.language ?? 'ru',
      facts: {},
      state: (contacts.get(memberId)?.email ?? null) === null ? ('dropped' as const) : ('queued' as const),
    }))
  },
})

/** How an address out of the settings is named in the queue. */
export const addressName = (address: string): string => `address:${sha256(address).slice(0, 32)}`

/** By letter to each address of the settings, and to the webhook. */
function waysToStaff({ alerts: to, mail }: NoticeSettings): Pick<NewNotice, 'channel' | 'recipient' | 'language' | 'state'>[] {
  const queued = { language: 'ru', state: 'queued' } as const
  const letters =
    mail.url === undefined ? [] : to.emails.map((address) => ({ channel: 'mail', recipient: addressName(address), ...queued }) as const)
  const call = { channel: 'webhook', recipient: 'webhook', ...queued } as const
  return to.webhookUrl === undefined ? letters : [...letters, call]
}

const alertsOf = ({ db, settings }: NoticesDeps): Source<Alert> => ({
  name: 'alerts',
  read: (range) => readAlertsAfter(db, range),
  toNotices: (alerts) =>
    alerts.flatMap(({ id, kind, subject, detail, at }) =>
      waysToStaff(settings)
        // That letters do not arrive is not told by letter.
        .filter(({ channel }) => !(kind === 'notice_failed' && subject === channel))
        .map((way) => ({ ...way, topic: 'alert' as const, source: id, facts: { kind, subject, detail, at: iso(at) } })),
    ),
})

/** The reason is left out: people write what they like into it. */
const approvalsOf = ({ db, settings }: NoticesDeps): Source<ApprovalRequest> => ({
  name: 'approvals',
  read: (range) => readRequestsAfter(db, range),
  toNotices: (requests) =>
    requests
      .filter(({ state }) => state === 'open')
      .flatMap(({ id, kind, subject, createdAt, lapsesAt }) => {
        const detail = tell('told.approval_waits', { kind, until: iso(lapsesAt) })
        const facts = { kind: 'approval_waiting', subject, detail, at: iso(createdAt) }
        return waysToStaff(settings).map((way) => ({ ...way, topic: 'approval' as const, source: id, facts }))
      }),
})

/** What the people of organisations are told: what a run came to, and what waits for their signature. */
const autopayOf = ({ db, clock, settings }: NoticesDeps): Source<Tiding> => ({
  name: 'autopay',
  read: (range) => readTidingsAfter(db, range),
  async toNotices(tidings) {
    if (settings.mail.url === undefined) return []
    const each = await Promise.all(
      tidings.map(async (tiding) => {
        const letter = { channel: 'mail', source: tiding.id, language: 'ru', state: 'queued', topic: `autopay_${tiding.topic}` } as const
        return (await lettersAbout(db, tiding, clock.now())).map((one) => ({ ...letter, ...one }))
      }),
    )
    return each.flat()
  },
})
