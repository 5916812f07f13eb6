import { Store } from 'express-session'
import type { SessionData } from 'express-session'
import type { Actor } from '../shared/actor'
import type { Clock } from '../shared/clock'
import { HOUR, MINUTE, plus } from '../shared/clock'
import { inOneStatement, inTransaction, iso, moment } from '../shared/database'
import type { Db, Engine } from '../shared/database'
import { gatherReads, isOneOf, listOf, readRows } from '../shared/gather-reads'
import { sha256 } from '../shared/ids'
import type { Log } from '../shared/log'
import { Refusal } from '../shared/refusals'
import type {} from './halfway'
import type {} from './seen'

declare module 'express-session' {
  interface SessionData {
    passport?: { user?: Actor }
    /** When the session began, in milliseconds; it never outlives `LONGEST`. */
    startedAt?: number
    /** Until when the stored row is good, in milliseconds; absent in a session that has not been stored yet. */
    storedUntil?: number
  }
}

interface SessionRow {
  id_hash: string
  data: string
  expires_at: Date | string
}

/** A session ends after half an hour without a request, and twelve hours after it began. */
const IDLE = 30 * MINUTE
const LONGEST = 12 * HOUR
/** A session that is used all the time is still written at most this often. */
const TOUCH_EVERY = MINUTE
const SWEEP_EVERY = 10 * MINUTE

type Done = (error?: unknown) => void

const textOfRead = (engine: Engine): string => `select id_hash, data, expires_at from sessions where id_hash ${isOneOf(engine)}`

/** The sessions of requests that arrive together are read together: every page begins with one. */
const readSessionRow = gatherReads<string, SessionRow | undefined>(async (db, engine, hashes) => {
  const rows = await readRows<SessionRow>(db, { sql: textOfRead(engine), values: [listOf(engine, hashes)] })
  const found = new Map(rows.map((row) => [row.id_hash, row]))
  return hashes.map((hash) => found.get(hash))
})

/**
 * Sessions in the table `sessions`, shared by all instances. The table holds the SHA-256 of the session id, so that whoever reads it cannot sign in with it.
 * A database that does not answer becomes the refusal `overloaded` (503): it never ends the process.
 */
export class SessionStore extends Store {
  private sweepAt = 0

  constructor(private readonly deps: { db: Db; clock: Clock; log: Log }) {
    super()
  }

  override get(id: string, done: (error: unknown, session?: SessionData | null) => void): void {
    this.read(id).then(
      (session) => done(null, session),
      (error: unknown) => done(this.unavailable(error)),
    )
  }

  override set(id: string, session: SessionData, done: Done = () => undefined): void {
    this.finish(this.write(id, session), done)
  }

  override destroy(id: string, done: Done = () => undefined): void {
    this.finish(this.remove(id), done)
  }

  private async read(id: string): Promise<SessionData | null> {
    const row = await readSessionRow(this.deps.db, sha256(id))
    const until = row && moment(row.expires_at).getTime()
    if (!row || !until || until <= this.deps.clock.now().getTime()) return null
    const session = JSON.parse(row.data) as SessionData
    session.storedUntil = until
    await this.prolongIfDue(id, session)
    return session
  }

  /**
   * Done where the session is read and not where the request ends, since the library would digest the whole session once more to find out whether to ask for it.
   * A session that cannot be prolonged now is as good as it was; the next request tries again.
   */
  private async prolongIfDue(id: string, session: SessionData): Promise<void> {
    const until = this.expiry(session)
    if (until.getTime() - (session.storedUntil ?? 0) < TOUCH_EVERY) return
    await this.prolong(id, until).then(
      () => (session.storedUntil = until.getTime()),
      (error: unknown) => this.unavailable(error),
    )
  }

  /** A session that was read is only ever updated: one that was signed out meanwhile must not come back to life. */
  private async write(id: string, session: SessionData): Promise<void> {
    const { db } = this.deps
    const id_hash = sha256(id)
    const { storedUntil, ...data } = session
    const startedAt = session.startedAt ?? this.deps.clock.now().getTime()
    const actor = session.passport?.user
    const row = {
      data: JSON.stringify({ ...data, startedAt }),
      member_id: actor?.kind === 'member' ? actor.id : null,
      // Somebody halfway in counts as well: what ends the sessions of a person ends that one too.
      staff_id: actor?.kind === 'staff' ? actor.id : (session.halfway?.staffId ?? null),
      created_at: iso(new Date(startedAt)),
      seen_from: session.seen?.from ?? null,
      seen_with: session.seen?.with ?? null,
      expires_at: iso(this.expiry({ ...session, startedAt })),
    }
    if (storedUntil !== undefined) {
      await inTransaction(db, (tx) => tx('sessions').where({ id_hash }).update(row))
      return
    }
    await this.sweep()
    await inTransaction(db, (tx) =>
      tx('sessions')
        .insert({ id_hash, ...row })
        .onConflict('id_hash')
        .merge(),
    )
  }

  private async remove(id: string): Promise<void> {
    await inOneStatement(this.deps.db, (db) =>
      db('sessions')
        .where({ id_hash: sha256(id) })
        .delete(),
    )
  }

  private async prolong(id: string, until: Date): Promise<void> {
    await inOneStatement(this.deps.db, (db) =>
      db('sessions')
        .where({ id_hash: sha256(id) })
        .update({ expires_at: iso(until) }),
    )
  }

  /** Anonymous visitors leave sessions behind, so each process clears the table now and then. */
  private async sweep(): Promise<void> {
    const now = this.deps.clock.now()
    if (now.getTime() < this.sweepAt) return
    this.sweepAt = now.getTime() + SWEEP_EVERY
    await inTransaction(this.deps.db, (tx) => tx('sessions').where('expires_at', '<=', iso(now)).delete())
  }

  private expiry(session: Pick<SessionData, 'startedAt'>): Date {
    const now = this.deps.clock.now()
    const last = (session.startedAt ?? now.getTime()) + LONGEST
    return new Date(Math.min(plus(now, IDLE).getTime(), last))
  }

  private finish(work: Promise<void>, done: Done): void {
    work.then(
      () => done(),
      (error: unknown) => done(this.unavailable(error)),
    )
  }

  private unavailable(error: unknown): Refusal {
    this.deps.log.error({ err: error }, 'sessions cannot be read or written')
    return new Refusal('overloaded', 'sessions')
  }
}
