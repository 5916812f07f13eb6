import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import type { Notification } from '../state/notifications'
import type { GateListener, World } from '../state/world'
import { isSame } from '../wire/gate'
import { conclude, newAttempt } from './deliver'
import { createGateClient } from './gate-client'
import type { GateClient } from './gate-client'
import { understandReply } from './understand'

const PATH = '/v3/gate/rpc'
const DAY = 24 * 60 * 60 * 1_000
const MOST_MESSAGE = 256 * 1_024
const HEARTBEAT = 30_000
const MOST_KEPT = 8_000

/** `ws://…/v3/gate/rpc?token=`: notifications for shops without a public address; the server calls methods of the client (reference 4.5). */
export function openGate(world: World, server: Server): void {
  const gate = new WebSocketServer({ noServer: true, maxPayload: MOST_MESSAGE })
  server.on('upgrade', (req, socket, head) => {
    const refusal = refusalOf(world, req)
    if (refusal === null) gate.handleUpgrade(req, socket, head, (client) => welcome(world, client))
    else turnAway(socket, refusal)
  })
  world.stopping.addEventListener('abort', () => {
    for (const client of gate.clients) client.terminate()
    gate.close()
  })
}

function refusalOf(world: World, { url = '' }: IncomingMessage): string | null {
  const [path, query] = url.split('?')
  if (path !== PATH) return '404 Not Found'
  const token = new URLSearchParams(query).get('token') ?? undefined
  return isSame(token, world.partner.token) || isSame(token, world.merchant.token) ? null : '401 Unauthorized'
}

const turnAway = (socket: Duplex, status: string): void =>
  void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)

function welcome(world: World, socket: WebSocket): void {
  const client = createGateClient(world, socket)
  const listener: GateListener = {
    tell: (notification, body) => void tell(world, client, notification, body),
    getStatus: (logQuantity) => client.ask('getStatus', JSON.stringify({ logQuantity })),
  }
  const heartbeat = setInterval(() => socket.ping(), HEARTBEAT).unref()
  socket.on('message', (data) => client.hear(data))
  socket.on('error', () => socket.terminate())
  socket.on('close', () => {
    clearInterval(heartbeat)
    world.listeners.delete(listener)
    client.end()
  })
  world.listeners.add(listener)
  for (const missed of missedOnes(world)) listener.tell(missed, missed.body)
}

/** What nobody has understood yet, of the last 24 hours; what lies ahead anyway is not missed. */
function missedOnes(world: World): Notification[] {
  const since = world.clock.now().getTime() - DAY
  const isOpen = ({ state, event }: Notification): boolean => event !== 'ping' && (state === 'waiting' || state === 'given-up')
  return world.notifications
    .all()
    .filter((notification) => isOpen(notification) && notification.hasGoneOut && notification.createdAt.getTime() >= since)
}

/** `onOrderStatusChange` with one notification; the reply is read like that of the HTTP channel. There is no signature here. */
async function tell(world: World, client: GateClient, notification: Notification, body: string): Promise<void> {
  const attempt = newAttempt(world, notification, { isByHand: false, channel: 'gate' })
  attempt.body = body
  const began = performance.now()
  const reply = await client.ask('onOrderStatusChange', `[${body}]`)
  attempt.ms = Math.round(performance.now() - began)
  attempt.answer = reply && JSON.stringify(reply).slice(0, MOST_KEPT)
  Object.assign(attempt, reply ? understandReply(reply['result']) : { outcome: 'failed', reason: 'no reply' })
  conclude(world, notification, attempt)
}
