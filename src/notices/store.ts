import { engineOf, iso, moment, optionalMoment } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { newSortedId } from '../shared/ids'
import { insertMissingRows } from '../shared/statements'
import type { Language } from '../shared/texts'
import { TOPICS } from './notice'
import type { Channel, Notice, NoticeState, Topic } from './notice'

interface Row {
  id: string
  channel: Channel
  topic: Topic
  source: string
  recipient: string
  language: Language
  data: string
  state: NoticeState
  attempts: number | bigint
  created_at: Date | string
  next_attempt_at: Date | string
  give_up_at: Date | string
  sent_at: Date | string | null
  last_error: string | null
}

const toNotice = (row: Row): Notice => ({
  id: row.id,
  channel: row.channel,
  topic: row.topic,
  source: row.source,
  recipient: row.recipient,
  language: row.language,
  facts: JSON.parse(row.data) as Record<string, string>,
  state: row.state,
  attempts: Number(row.attempts),
  createdAt: moment(row.created_at),
  nextAttemptAt: moment(row.next_attempt_at),
  giveUpAt: moment(row.give_up_at),
  sentAt: optionalMoment(row.sent_at),
  lastError: row.last_error,
})

export interface NewNotice extends Pick<Notice, 'channel' | 'topic' | 'source' | 'recipient' | 'language' | 'facts'> {
  readonly state: 'queued' | 'dropped'
}

/** Queues notices. One that is there already, of the same topic and source for the same recipient, stays as it is. */
export async function insertNotices(tx: Tx, notices: readonly NewNotice[], at: Date, giveUpAt: Date): Promise<void> {
  const rows = notices.map(({ facts, ...notice }) => ({
    id: newSortedId(),
    ...notice,
    data: JSON.stringify(facts),
    attempts: 0,
    created_at: iso(at),
    next_attempt_at: iso(at),
    give_up_at: iso(giveUpAt),
  }))
  await insertMissingRows(tx, 'notices', rows)
}

/** Takes up what is due, the longest waiting first. Until `again` nobody else takes it, and then it counts as unanswered. */
export async function claimDue(
  tx: Tx,
  channel: Channel,
  due: { readonly now: Date; readonly again: Date; readonly limit: number },
): Promise<Notice[]> {
  const query = tx('notices')
    .where({ channel, state: 'queued' })
    // What a later version has to tell is left to its own workers.
    .whereIn('topic', [...TOPICS])
    .where('next_attempt_at', '<=', iso(due.now))
    .orderBy('next_attempt_at')
    .limit(due.limit)
  const rows = (await (engineOf(tx) === 'postgres' ? query.forUpdate().skipLocked() : query)) as Row[]
  for (const row of rows)
    await tx('notices')
      .where({ id: row.id })
      .update({ attempts: Number(row.attempts) + 1, next_attempt_at: iso(due.again) })
  return rows.map((row) => toNotice({ ...row, attempts: Number(row.attempts) + 1 }))
}

export interface Settled {
  readonly state: NoticeState
  readonly sentAt?: Date
  readonly nextAttemptAt?: Date
  readonly error?: string
}

/** Writes what became of an attempt, unless somebody has taken the notice up again since. @returns whether it was still this attempt's */
export async function settleNotice(tx: Tx, { id, attempts }: Notice, { state, sentAt, nextAttemptAt, error }: Settled): Promise<boolean> {
  const changed = await tx('notices')
    .where({ id, attempts, state: 'queued' })
    .update({
      state,
      ...(sentAt && { sent_at: iso(sentAt) }),
      ...(nextAttemptAt && { next_attempt_at: iso(nextAttemptAt) }),
      last_error: error ?? null,
    })
  return changed > 0
}

/** Queues one that was given up or dropped once more. @returns whether there was one */
export async function requeueNotice(tx: Tx, id: string, at: Date, giveUpAt: Date): Promise<boolean> {
  const changed = await tx('notices')
    .where({ id })
    .whereIn('state', ['failed', 'dropped'])
    .update({ state: 'queued', attempts: 0, next_attempt_at: iso(at), give_up_at: iso(giveUpAt), last_error: null })
  return changed > 0
}

/**
 * Queues notices of one source once more which were dropped, because there was nothing to tell for a while. One that is being tried at this moment for the same reason is taken
 * from whoever tries it: `attempts` is another number by then.
 */
export async function requeueUnsent(tx: Tx, of: Pick<Notice, 'topic' | 'source'>, at: Date, giveUpAt: Date): Promise<void> {
  await tx('notices')
    .where(of)
    .whereIn('state', ['queued', 'dropped'])
    .update({ state: 'queued', attempts: tx.raw('attempts + 1'), next_attempt_at: iso(at), give_up_at: iso(giveUpAt), last_error: null })
}

/** Notices, newest first: so many after `before`, which is the id of the last one seen. */
export async function listNotices(
  db: Db,
  page: { readonly state?: NoticeState | undefined; readonly before?: string | undefined; readonly limit: number },
): Promise<Notice[]> {
  const query = db('notices').orderBy('id', 'desc').limit(page.limit)
  if (page.state !== undefined) void query.where({ state: page.state })
  if (page.before !== undefined) void query.where('id', '<', page.before)
  return ((await query) as Row[]).map(toNotice)
}

/** Forgets some of what was settled before a moment. @returns how many */
export async function deleteSettled(db: Db, before: Date, limit: number): Promise<number> {
  const old = db('notices').whereNot('state', 'queued').where('created_at', '<', iso(before)).limit(limit).select('id')
  return db('notices').whereIn('id', old).delete()
}

export async function readPosition(db: Db, name: string): Promise<string> {
  const row: { position: string } | undefined = await db('notice_positions').where({ name }).first('position')
  if (!row) throw new Error(`bug: there is no position ${name}`)
  return row.position
}

/** Moves on, unless another process has moved further. */
export async function movePosition(tx: Tx, name: string, position: string): Promise<void> {
  await tx('notice_positions').where({ name }).where('position', '<', position).update({ position })
}
