import { setTimeout as wait } from 'node:timers/promises'
import { SECOND } from '../shared/clock'
import type { Clock } from '../shared/clock'
import type { Db } from '../shared/database'
import type { Log } from '../shared/log'
import { claimReading, publishReading, readLatest, releaseReading } from './readings-store'
import type { Asked, InvoiceboxClient, ReadAsking, ReadOutcome } from './types'

export interface ShareDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly newId: () => string
  /** The longest that one read may take. */
  readonly readMs: number
}

type Answer = Asked<ReadOutcome>

/** A reading that is under way in this process. */
interface Reading {
  readonly answer: Promise<Answer>
  /** When it went out, by this process's tick; null while it waits for a slot or for another process, whose reading is older than the waiting. */
  beganAt: number | null
}

/** How often another process's reading is looked for. */
const LOOK_EVERY_MS = 100
/** A reader that is not done by then has died: the next one reads. */
const SLACK_MS = 2 * SECOND
/** What fits into the key; for anything else the client has its own answer. Two spellings of one id are two: upstream may not take them for one. */
const ID = /^[\w-]{1,36}$/

/**
 * The same client, except that many readers of one invoice share one request: those of a process wait for the same promise, those of other processes find in the
 * database who is reading and what the answer was. Each reader says how old an answer it takes (`maxAgeMs`, counted from when the reading began); one that says 0
 * always has a reading of its own that begins after the call, as Rule R wants it. A reader that dies keeps the others waiting for the time of one read.
 */
export function shareReads(client: InvoiceboxClient, deps: ShareDeps): InvoiceboxClient {
  const readings = new SharedReadings(client, deps)
  return { ...client, readInvoice: (invoiceId, asking) => readings.read(invoiceId, asking ?? {}) }
}

class SharedReadings {
  private readonly here = new Map<string, Reading>()

  constructor(
    private readonly client: InvoiceboxClient,
    private readonly deps: ShareDeps,
  ) {}

  read(invoiceId: string, asking: ReadAsking): Promise<Answer> {
    const { maxAgeMs = 0, permit } = asking
    if (!ID.test(invoiceId)) return this.client.readInvoice(invoiceId, asking)
    // While the circuit is open nothing is asked, so there is nothing to share.
    if (this.client.circuit().open) return this.client.readInvoice(invoiceId, asking)
    if (maxAgeMs === 0) return this.readAndPublish(invoiceId, asking)
    const reading = this.here.get(invoiceId)
    // Whoever has a slot in hand does not wait behind somebody who has none.
    const isUsable = reading?.beganAt === null ? !permit : reading && performance.now() - reading.beganAt <= maxAgeMs
    return reading && isUsable ? reading.answer : this.start(invoiceId, { ...asking, maxAgeMs })
  }

  private start(invoiceId: string, asking: ReadAsking & { maxAgeMs: number }): Promise<Answer> {
    const began = (): void => {
      reading.beganAt ??= performance.now()
    }
    // It starts in a later turn, so that it finds itself listed.
    const answer = Promise.resolve().then(() => this.readShared(invoiceId, asking, began))
    const reading: Reading = { answer, beganAt: null }
    this.here.set(invoiceId, reading)
    const forget = (): void => {
      if (this.here.get(invoiceId) === reading) this.here.delete(invoiceId)
    }
    answer.then(forget, forget)
    return answer
  }

  /** Another process's answer where there is one or is about to be one, else a reading that others can find. */
  private async readShared(invoiceId: string, asking: ReadAsking & { maxAgeMs: number }, began: () => void): Promise<Answer> {
    const giveUpAt = performance.now() + this.leaseMs()
    const oldestMs = (): number => asking.maxAgeMs + performance.now() - (giveUpAt - this.leaseMs())
    for (let hasWaited = asking.evenFailed ?? false; ; hasWaited = true) {
      const latest = await readLatest(this.deps.db, invoiceId, this.deps.clock, this.leaseMs())
      const isGood = hasWaited || latest.answer?.outcome.kind !== 'unavailable'
      if (latest.answer && isGood && latest.ageMs <= oldestMs()) return latest.answer
      if (!latest.isBeingRead || performance.now() >= giveUpAt) {
        const answer = await this.claimAndRead(invoiceId, asking, { began, seen: latest.beganAt })
        if (answer) return answer
      }
      await wait(LOOK_EVERY_MS)
    }
  }

  /** Undefined when another process was faster. */
  private async claimAndRead(
    invoiceId: string,
    asking: ReadAsking,
    { began, seen }: { began: () => void; seen: number },
  ): Promise<Answer | undefined> {
    const { as = 'page' } = asking
    const own = asking.permit ? null : await this.client.reserve({ as, atLeast: 1 })
    const permit = asking.permit ?? own
    if (!permit) return this.client.readInvoice(invoiceId, { as, waitMs: 0 })
    const reader = this.deps.newId()
    try {
      if (!(await claimReading(this.deps.db, invoiceId, { reader, seen, leaseMs: this.leaseMs() }, this.deps.clock))) return undefined
      began()
      return await this.readAndPublish(invoiceId, { as, permit }, reader)
    } finally {
      own?.giveBack()
    }
  }

  private async readAndPublish(invoiceId: string, asking: ReadAsking, reader: string | null = null): Promise<Answer> {
    const startedAt = performance.now()
    try {
      const asked = await this.client.readInvoice(invoiceId, asking)
      // The time of a repeated read is its last try's, which is the one that was answered.
      const isTold = asked.exchange.request !== ''
      const ageMs = isTold ? asked.exchange.durationMs : performance.now() - startedAt
      if (isTold) await this.kept(publishReading(this.deps.db, invoiceId, { answer: asked, reader, ageMs }, this.deps.clock))
      else if (reader) await this.kept(releaseReading(this.deps.db, invoiceId, reader))
      return asked
    } catch (error) {
      if (reader) await this.kept(releaseReading(this.deps.db, invoiceId, reader))
      throw error
    }
  }

  /** That others cannot share an answer must not keep it from whoever asked. */
  private async kept(writing: Promise<unknown>): Promise<void> {
    try {
      await writing
    } catch (error) {
      this.deps.log.warn({ err: error }, 'a reading could not be shared')
    }
  }

  private leaseMs(): number {
    return this.deps.readMs + SLACK_MS
  }
}
