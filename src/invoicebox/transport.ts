import { Agent } from 'undici'
import type { Dispatcher } from 'undici'
import type { Fault, Reply } from './answers'
import type { CheckedSettings } from './settings'
import type { Method, UnknownReason } from './types'

export interface Sending {
  readonly method: Method
  /** Path and query. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer | null
  /** For everything from the call to the last byte. */
  readonly totalMs: number
}

/** Sends one request at most once and always answers; it never throws. */
export interface Transport {
  send(sending: Sending): Promise<Reply>
  /** Waits for what is running, then closes the connections. */
  close(): Promise<void>
}

/** As the official client (2.8). */
const MAX_BODY = 4 * 1024 * 1024
const MAX_CONNECTIONS = 32

export function createTransport({ origin, timeouts }: CheckedSettings): Transport {
  const agent = new Agent({
    connections: MAX_CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    headersTimeout: timeouts.headersMs,
    bodyTimeout: timeouts.bodyMs,
    // Said aloud, so that NODE_TLS_REJECT_UNAUTHORIZED=0 in somebody's environment opens nothing here.
    connect: { timeout: timeouts.connectMs, rejectUnauthorized: true },
  })
  return {
    send: (sending) => new Promise((resolve) => new Call(agent, origin, sending, resolve).start()),
    close: () => agent.close(),
  }
}

/** One request on its way: whatever happens first settles it, whatever comes later is ignored. */
class Call implements Dispatcher.DispatchHandler {
  private controller: Dispatcher.DispatchController | null = null
  private timer: NodeJS.Timeout | undefined
  private settled = false
  private status: number | null = null
  private headers: Record<string, string | string[] | undefined> = {}
  private readonly parts: Buffer[] = []
  private size = 0

  constructor(
    private readonly agent: Agent,
    private readonly origin: string,
    private readonly sending: Sending,
    private readonly resolve: (reply: Reply) => void,
  ) {}

  start(): void {
    const { method, path, headers, body, totalMs } = this.sending
    this.timer = setTimeout(() => this.fail('timeout'), totalMs)
    this.agent.dispatch({ origin: this.origin, method, path, headers, body }, this)
  }

  /** Called right before the first byte goes out. A second call would be a second sending, which is never ours to make. */
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.settled || this.controller) {
      controller.abort(new Error('This request is not wanted any more.'))
      return
    }
    this.controller = controller
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    // Something like 103 comes before the answer and is not it.
    if (status < 200) return
    this.status = status
    this.headers = headers
  }

  onResponseData(_controller: Dispatcher.DispatchController, part: Buffer): void {
    this.size += part.length
    if (this.size > MAX_BODY) this.fail('too-large')
    else this.parts.push(part)
  }

  onResponseEnd(): void {
    if (this.status === null) this.fail('broken-connection')
    else this.settle({ kind: 'answer', status: this.status, headers: this.headers, body: Buffer.concat(this.parts) })
  }

  onResponseError(_controller: Dispatcher.DispatchController | null, error: Error): void {
    this.fail(reasonOf(error))
  }

  private fail(reason: UnknownReason): void {
    const fault: Fault = { kind: 'fault', reason, sent: this.controller !== null, status: this.status, headers: this.headers }
    this.settle(fault)
    this.controller?.abort(new Error(reason))
  }

  private settle(reply: Reply): void {
    if (this.settled) return
    this.settled = true
    clearTimeout(this.timer)
    this.resolve(reply)
  }
}

const REASONS: readonly (readonly [RegExp, UnknownReason])[] = [
  [
    /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|EADDRNOTAVAIL|UND_ERR_CLOSED|UND_ERR_DESTROYED)$/,
    'refused-connection',
  ],
  [/^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/, 'timeout'],
  [/^(UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_EXCEEDED_MAX_SIZE)$/, 'too-large'],
  [/^(ERR_TLS|ERR_SSL|CERT_|EPROTO|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|HOSTNAME_MISMATCH|ERR_OSSL)/, 'tls-failure'],
]

/** The kind of fault by the error's code; an unfamiliar one is a broken connection, which proves as little as any other. */
function reasonOf(error: Error): UnknownReason {
  const { code } = error as NodeJS.ErrnoException
  return REASONS.find(([pattern]) => pattern.test(code ?? ''))?.[1] ?? 'broken-connection'
}
