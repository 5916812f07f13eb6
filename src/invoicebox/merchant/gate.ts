import { WebSocket } from 'ws'
import type { RawData } from 'ws'
import { MINUTE, SECOND } from '../../shared/clock'
import type { Log } from '../../shared/log'
import type { Unit } from '../../shared/money'
import { answerInTime } from './answer-in-time'
import { answerFrame } from './gate-frames'
import type { Notification, Reply } from './notification-types'

/** The settings of the notifications' WebSocket channel (4.5): for operators without a public address. */
export interface GateSettings {
  /** `wss://ws-gate.invoicebox.ru/v3/gate/rpc`, without the token. */
  readonly url: string
  readonly token: string
  readonly currencies: readonly Unit[]
}

export interface GateDeps {
  readonly log: Log
  /** What a notification brings about; it may come more than once, and by HTTP as well. */
  readonly onOrder: (notification: Notification) => Promise<Reply>
  /** After each connection: what was missed meanwhile is not known, so open orders are read again. */
  readonly onConnect: () => Promise<unknown>
  /** What `getStatus` tells about us. */
  readonly version: string
  /** Between 0 and 1: spreads the moments at which many gateways come back. */
  readonly random: () => number
  readonly waits?: Partial<GateWaits>
}

/** Milliseconds. */
export interface GateWaits {
  /** The pause before the first attempt to come back; each further one is twice as long. */
  readonly first: number
  readonly longest: number
  /** Between two pings; a connection that has answered none of them by the next one is dead. */
  readonly heartbeat: number
  readonly handshake: number
}

export interface Gate {
  isConnected(): boolean
  /** Closes the connection and lets the notification under way be answered. */
  stop(): Promise<void>
}

/** Another client of the channel looks after its connection every 10 s (4.5). */
const WAITS: GateWaits = { first: SECOND, longest: MINUTE, heartbeat: 10 * SECOND, handshake: 15 * SECOND }

/** As for a notification by HTTP, with room for its envelope. */
const LARGEST_FRAME = 128 * 1024

/** More than that at once is not kept waiting: it is answered `out_of_service` and comes again. */
const MOST_WAITING = 50

/** Opens the channel, and opens it again whenever it breaks, until it is stopped. */
export function connectGate(settings: GateSettings, deps: GateDeps): Gate {
  const channel = new Channel(settings, deps)
  channel.connect()
  return channel
}

class Channel implements Gate {
  private readonly waits: GateWaits
  private socket: WebSocket | undefined
  private timer: NodeJS.Timeout | undefined
  private heartbeat: NodeJS.Timeout | undefined
  private attempts = 0
  private stopped = false
  private waiting = 0
  private queue: Promise<unknown> = Promise.resolve()
  private readonly answering = new Set<Promise<unknown>>()

  constructor(
    private readonly settings: GateSettings,
    private readonly deps: GateDeps,
  ) {
    this.waits = { ...WAITS, ...deps.waits }
  }

  isConnected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN
  }

  async stop(): Promise<void> {
    this.stopped = true
    clearTimeout(this.timer)
    await Promise.all(this.answering)
    clearInterval(this.heartbeat)
    this.socket?.terminate()
  }

  /** The token stands in the address, so the address stands in no log. */
  connect(): void {
    const address = new URL(this.settings.url)
    address.searchParams.set('token', this.settings.token)
    const socket = new WebSocket(address, {
      maxPayload: LARGEST_FRAME,
      handshakeTimeout: this.waits.handshake,
      followRedirects: false,
      perMessageDeflate: false,
      rejectUnauthorized: true,
    })
    this.socket = socket
    socket.on('open', () => this.opened(socket))
    socket.on('message', (frame, isBinary) => this.received(socket, frame, isBinary))
    socket.on('error', ({ message }) => !this.stopped && this.deps.log.warn({ problem: message }, 'the notification channel failed'))
    socket.on('close', (code) => this.closed(socket, code))
  }

  private opened(socket: WebSocket): void {
    this.deps.log.info('the notification channel is open')
    this.watch(socket)
    this.queue = this.queue
      .then(() => this.deps.onConnect())
      .catch((error: unknown) => this.deps.log.error({ err: error }, 'open orders were not read again'))
  }

  private watch(socket: WebSocket): void {
    let isAlive = true
    socket.on('pong', () => {
      isAlive = true
      // Only a connection that lasts shows that coming back so soon was right.
      this.attempts = 0
    })
    clearInterval(this.heartbeat)
    this.heartbeat = setInterval(() => {
      if (!isAlive) socket.terminate()
      isAlive = false
      if (socket.readyState === WebSocket.OPEN) socket.ping()
    }, this.waits.heartbeat)
  }

  private closed(socket: WebSocket, code: number): void {
    if (socket !== this.socket || this.stopped) return
    clearInterval(this.heartbeat)
    const longest = Math.min(this.waits.longest, this.waits.first * 2 ** Math.min(this.attempts, 20))
    const pauseMs = Math.round(longest * (0.5 + this.deps.random() / 2))
    this.attempts += 1
    this.deps.log.warn({ code, pauseMs }, 'the notification channel is closed and will be opened again')
    this.timer = setTimeout(() => this.connect(), pauseMs)
  }

  private received(socket: WebSocket, frame: RawData, isBinary: boolean): void {
    if (isBinary || !Buffer.isBuffer(frame)) return
    const { log, version } = this.deps
    const { currencies } = this.settings
    const answered = answerFrame(frame.toString('utf8'), { currencies, version, receive: (notification) => this.receive(notification) })
      .then((reply) => {
        if (reply !== null && socket.readyState === WebSocket.OPEN) socket.send(reply)
      })
      .catch((error: unknown) => log.error({ err: error }, 'a frame of the notification channel was not answered'))
      .finally(() => this.answering.delete(answered))
    this.answering.add(answered)
  }

  /** One after the other: the order of arrival is kept, and a burst does not crowd out the pages. The time of an answer counts from its arrival. */
  private async receive(notification: Notification): Promise<Reply> {
    if (this.waiting >= MOST_WAITING) return { status: 'error', code: 'out_of_service', message: 'Too many at once. Try again later.' }
    this.waiting += 1
    const turn = this.queue.then(() => this.deps.onOrder(notification))
    this.queue = turn.then(
      () => (this.waiting -= 1),
      () => (this.waiting -= 1),
    )
    return await answerInTime(() => turn, this.deps.log)
  }
}
