import { setTimeout as wait } from 'node:timers/promises'
import type { Clock } from '../shared/clock'
import { SECOND } from '../shared/clock'
import type { Log } from '../shared/log'
import { unlimitedBudget } from './budget'
import type { Permit, RequestBudget, RequestClass, Slot } from './budget'
import { understand } from './answers'
import type { Reply, Trouble, Understood } from './answers'
import { Circuit } from './circuit'
import type { Pass } from './circuit'
import { requestHeaders } from './request-headers'
import { verdictOf } from './outcomes'
import { Redactor } from './redact'
import { DEFAULT_WAIT_MS, headerText } from './retry-after'
import type { CheckedSettings } from './settings'
import { createTransport } from './transport'
import type { Sending, Transport } from './transport'
import type { Asked, Exchange, Method, Operation, UnknownReason } from './types'

export interface InvoiceboxDeps {
  readonly clock: Clock
  readonly log: Log
  /** Makes our own `X-Request-Id`. */
  readonly newId: () => string
  /** Without one nothing is counted: for tools and tests. */
  readonly budget?: RequestBudget
}

export interface Question {
  readonly operation: Operation
  readonly method: Method
  readonly path: string
  readonly as: RequestClass
  readonly permit?: Permit | undefined
  readonly waitMs?: number | undefined
}

/** Turns an understood answer into the outcome of one operation; pure. */
type Judge<T> = (answer: Understood) => T

interface Outcome {
  readonly kind: string
  readonly reason?: string
  readonly code?: string
  readonly alarm?: string
  readonly invoice?: { readonly status: string | null }
}

interface Attempt<T> extends Asked<T> {
  readonly answer: Understood
}

/** Somebody is looking at a page meanwhile: whoever asks for more patience is asked again by a worker, not here. */
const LONGEST_PAUSE_MS = 2 * SECOND

/** After these a read is worth repeating: it did not come about, or the other side asks for it (2.8). */
const REPEATABLE: readonly UnknownReason[] = ['refused-connection', 'broken-connection', 'try-later', 'rate-limited']

/** Carries questions to Invoicebox: circuit, sending, repeats of reads, the exchange and the log. Knows nothing of invoices. */
export class Asker {
  readonly circuit: Circuit
  readonly redactor: Redactor
  readonly budget: RequestBudget
  private readonly transport: Transport

  constructor(
    private readonly settings: CheckedSettings,
    private readonly deps: InvoiceboxDeps,
  ) {
    this.circuit = new Circuit(deps.clock)
    this.budget = deps.budget ?? unlimitedBudget
    this.redactor = new Redactor([settings.token, settings.signatureKey])
    this.transport = createTransport(settings)
  }

  read<T extends Outcome>(question: Question, judge: Judge<T>): Promise<Asked<T>> {
    return this.guarded(question, judge, (slot) => this.repeated(question, slot, judge))
  }

  /** Sends exactly once, whatever comes back. */
  write<T extends Outcome>(question: Question, body: string | null, judge: Judge<T>): Promise<Asked<T>> {
    return this.guarded(question, judge, (slot) => this.once(question, slot, { body, totalMs: this.settings.timeouts.writeMs }, judge))
  }

  async close(): Promise<void> {
    await this.transport.close()
    await this.budget.close()
  }

  /** The slot comes first: whoever waits for one must not stand in the circuit's way meanwhile. */
  private async guarded<T extends Outcome>(
    question: Question,
    judge: Judge<T>,
    ask: (slot: Slot) => Promise<Attempt<T>>,
  ): Promise<Asked<T>> {
    if (this.circuit.state().open) return this.heldBack(question, this.untilCircuitCloses(), judge)
    const { slot, retryAfterMs } = await this.slotFor(question)
    if (!slot) return this.heldBack(question, { reason: 'no-budget', retryAfterMs }, judge)
    const pass = this.circuit.enter()
    if (!pass) {
      slot.returned()
      return this.heldBack(question, this.untilCircuitCloses(), judge)
    }
    const { answer, outcome, exchange } = await this.reporting(pass, () => ask(slot))
    pass.report(verdictOf(question.operation, answer, outcome))
    return { outcome, exchange }
  }

  /** A bug of ours must not leave the circuit waiting for a probe that never returns. */
  private async reporting<T>(pass: Pass, ask: () => Promise<Attempt<T>>): Promise<Attempt<T>> {
    try {
      return await ask()
    } catch (error) {
      pass.report('outage')
      throw error
    }
  }

  private async slotFor({ as, permit, waitMs }: Question): Promise<{ slot: Slot | undefined; retryAfterMs: number }> {
    const reserved = permit?.spend()
    if (reserved) return { slot: reserved, retryAfterMs: 0 }
    const taken = await this.budget.take({ as, ...(waitMs === undefined ? {} : { waitMs }) })
    if (!taken.permit) return { slot: undefined, retryAfterMs: taken.retryAfterMs }
    const slot = taken.permit.spend()
    // Closed in this very moment.
    if (!slot) taken.permit.giveBack()
    return { slot, retryAfterMs: SECOND }
  }

  private untilCircuitCloses(): NotAsked {
    const state = this.circuit.state()
    const rest = state.open ? state.until.getTime() - this.deps.clock.now().getTime() : 0
    return { reason: 'circuit-open', retryAfterMs: Math.max(SECOND, rest) }
  }

  private heldBack<T extends Outcome>(question: Question, { reason, retryAfterMs }: NotAsked, judge: Judge<T>): Asked<T> {
    const answer: Trouble = { kind: 'trouble', reason, sent: false, status: null, retryAfterMs }
    return this.unsent(question, judge(answer), reason)
  }

  /** An outcome for which nothing had to be sent. @param why in a few words, for whoever reads the exchange */
  unsent<T extends Outcome>(question: Question, outcome: T, why: string): Asked<T> {
    const exchange: Exchange = {
      ...this.named(question),
      startedAt: this.deps.clock.now(),
      durationMs: 0,
      status: null,
      requestId: null,
      request: '',
      response: `[${why}, nothing was sent]`,
      outcome: inWords(outcome),
    }
    return { outcome, exchange }
  }

  /** A repeat has no slot of its own reserved and does not queue for one: others may have a better use for it. */
  private async repeated<T extends Outcome>(question: Question, first: Slot, judge: Judge<T>): Promise<Attempt<T>> {
    const { readMs, pauseMs } = this.settings.timeouts
    const deadline = performance.now() + readMs
    let slot = first
    for (let attempt = 1; ; attempt += 1) {
      const last = await this.once(question, slot, { body: null, totalMs: deadline - performance.now() }, judge)
      const pause = pauseAfter(last.answer, pauseMs * 2 ** (attempt - 1))
      const isLast = attempt >= this.settings.readAttempts
      if (isLast || pause === null || performance.now() + pause >= deadline) return last
      await wait(pause)
      const next = await this.slotFor({ ...question, waitMs: 0 })
      if (!next.slot) return last
      slot = next.slot
    }
  }

  private async once<T extends Outcome>(
    question: Question,
    slot: Slot,
    { body, totalMs }: { body: string | null; totalMs: number },
    judge: Judge<T>,
  ): Promise<Attempt<T>> {
    const startedAt = this.deps.clock.now()
    const startedTick = performance.now()
    const sending = this.sending(question, body, totalMs)
    const reply = await this.transport.send(sending)
    const answer = understand(reply, this.deps.clock.now())
    report(slot, reply, answer)
    const outcome = judge(answer)
    const exchange: Exchange = {
      ...this.named(question),
      startedAt,
      durationMs: Math.round(performance.now() - startedTick),
      ...this.stored(sending, reply),
      outcome: inWords(outcome),
    }
    this.logged(exchange, outcome)
    return { answer, outcome, exchange }
  }

  private named({ operation, method, path }: Question): Pick<Exchange, 'operation' | 'method' | 'path'> {
    return { operation, method, path: this.redactor.path(path) }
  }

  private stored({ method, path, headers, body }: Sending, reply: Reply): Pick<Exchange, 'status' | 'requestId' | 'request' | 'response'> {
    return {
      status: reply.status,
      requestId: this.redactor.requestId(headerText(reply.headers, 'x-request-id')),
      request: this.redactor.request(method, path, headers, body?.toString('utf8') ?? ''),
      response: this.redactor.response(reply),
    }
  }

  private sending({ method, path }: Question, text: string | null, totalMs: number): Sending {
    const body = text === null ? null : Buffer.from(text, 'utf8')
    return { method, path, headers: requestHeaders(this.settings, this.deps.newId(), body), body, totalMs: Math.max(1, totalMs) }
  }

  /** Bodies and headers stay out of the log; the exchange is stored with its payment. */
  private logged({ operation, status, durationMs, requestId, outcome }: Exchange, { alarm }: Outcome): void {
    const line = { operation, status, ms: durationMs, upstreamRequestId: requestId, outcome }
    if (alarm) this.deps.log.error({ ...line, alarm }, 'invoicebox answered against the contract')
    else this.deps.log.info(line, 'invoicebox was asked')
  }
}

/** Why nothing was sent, and when it is worth asking again. */
interface NotAsked {
  readonly reason: 'circuit-open' | 'no-budget'
  readonly retryAfterMs: number
}

/** A request that was sent and not answered may still be on its way, and be counted later: of its slot nothing is said. */
function report(slot: Slot, reply: Reply, answer: Understood): void {
  if (answer.kind === 'trouble' && answer.reason === 'rate-limited') slot.limited(answer.retryAfterMs ?? DEFAULT_WAIT_MS)
  else if (reply.status !== null) slot.answered()
  else if (reply.kind === 'fault' && !reply.sent) slot.returned()
}

/** How long to wait before the same read again; `null` when it is not worth it. */
function pauseAfter(answer: Understood, backoffMs: number): number | null {
  if (answer.kind === 'clear' || !(REPEATABLE.includes(answer.reason) || answer.status === 503)) return null
  const pause = answer.retryAfterMs ?? backoffMs
  return pause > LONGEST_PAUSE_MS ? null : pause
}

const inWords = ({ kind, reason, code, invoice }: Outcome): string =>
  [kind, reason, code, invoice && (invoice.status ?? 'without-status')].filter((word) => word !== undefined).join(' ')
