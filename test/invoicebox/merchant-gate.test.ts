import { once } from 'node:events'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { WebSocketServer } from 'ws'
import type { WebSocket } from 'ws'
import { connectGate } from '../../src/invoicebox'
import type { Gate, GateDeps, Notification, Reply } from '../../src/invoicebox'
import { createLog } from '../../src/shared/log'
import { ORDER_ID, orderAnswer } from './support/merchant'

const TOKEN = 'a-secret-token'

/** The other side of the channel: a real WebSocket server that says what a test wants. */
class Side {
  readonly connections: { socket: WebSocket; path: string }[] = []
  private readonly server: Server = createServer()
  private readonly gate = new WebSocketServer({ server: this.server, autoPong: true })
  private readonly frames: string[] = []

  async open(): Promise<this> {
    this.gate.on('connection', (socket, { url }) => {
      this.connections.push({ socket, path: String(url) })
      socket.on('error', () => socket.terminate())
      socket.on('message', (frame: Buffer) => this.frames.push(frame.toString()))
    })
    this.server.listen(0, '127.0.0.1')
    await once(this.server, 'listening')
    return this
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.server.address() as AddressInfo).port}/v3/gate/rpc`
  }

  async connected(times: number): Promise<WebSocket> {
    while (this.connections.length < times) await pause(2)
    return (this.connections[times - 1] as { socket: WebSocket }).socket
  }

  async says(frame: unknown, to = 1): Promise<void> {
    ;(await this.connected(to)).send(typeof frame === 'string' ? frame : JSON.stringify(frame))
  }

  async hears(): Promise<unknown> {
    while (this.frames.length === 0) await pause(2)
    return JSON.parse(this.frames.shift() ?? '')
  }

  async close(): Promise<void> {
    for (const client of this.gate.clients) client.terminate()
    this.gate.close()
    this.server.closeAllConnections()
    await new Promise((resolve) => this.server.close(resolve))
  }
}

let side: Side
let gate: Gate | undefined
let received: Notification[]
let connects: number
let logged: string

beforeEach(async () => {
  side = await new Side().open()
  received = []
  connects = 0
  logged = ''
})
afterEach(async () => {
  await gate?.stop()
  await side.close()
  expect(logged).not.toContain(TOKEN)
})

function connect(more: Partial<GateDeps> = {}, url = side.url): void {
  gate = connectGate(
    { url, token: TOKEN, currencies: ['RUB'] },
    {
      log: createLog('trace', { write: (line: string) => void (logged += line) }),
      version: '1.0',
      random: () => 0,
      onOrder: (notification) => {
        received.push(notification)
        return Promise.resolve({ status: 'success' })
      },
      onConnect: () => Promise.resolve((connects += 1)),
      waits: { first: 20, longest: 40, heartbeat: 1_000 },
      ...more,
    },
  )
}

const call = (method: string, params: unknown, id: unknown = 'q-1') => ({ jsonrpc: '2.0', id, method, params })

test('a notification is answered with its reply under its id, and open orders are read again after the connection', async () => {
  connect()
  await side.says(call('onOrderStatusChange', [orderAnswer({ status: 'completed' })]))
  expect(await side.hears()).toEqual({ jsonrpc: '2.0', id: 'q-1', result: { status: 'success' } })
  expect(received).toMatchObject([{ kind: 'order', id: ORDER_ID, status: 'completed', amount: { minor: 1_220_000n, unit: 'RUB' } }])
  expect([connects, side.connections[0]?.path, gate?.isConnected()]).toEqual([1, `/v3/gate/rpc?token=${TOKEN}`, true])
})

test('the other calls of the channel, and what is none', async () => {
  connect()
  await side.says(call('getStatus', { logQuantity: 40 }, 7))
  expect(await side.hears()).toEqual({
    jsonrpc: '2.0',
    id: 7,
    method: 'getStatus',
    result: { version: '1.0', type: 'device', settings: {}, log: [] },
  })
  const cases: [unknown, object][] = [
    [call('dropTables', []), { id: 'q-1', error: { code: -32601 } }],
    ['{', { id: null, error: { code: -32700 } }],
    ['[]', { id: null, error: { code: -32600 } }],
    [call('onOrderStatusChange', ['x']), { id: 'q-1', result: { status: 'success' } }],
    [call('onOrderStatusChange', null, { odd: 1 }), { id: null, result: { status: 'success' } }],
  ]
  for (const [frame, answer] of cases) {
    await side.says(frame)
    expect(await side.hears()).toMatchObject(answer)
  }
  expect(received.map(({ kind }) => kind)).toEqual(['unreadable', 'unreadable'])
})

test('an answer and a call without an id are not answered', async () => {
  connect()
  await side.says({ jsonrpc: '2.0', id: 'x', result: {} })
  await side.says({ jsonrpc: '2.0', method: 'onOrderStatusChange', params: [orderAnswer()] })
  await side.says(call('getStatus', {}, 'last'))
  expect(await side.hears()).toMatchObject({ id: 'last' })
  expect(received).toHaveLength(1)
})

test('a receiver that fails is out of service, and the channel goes on', async () => {
  connect({ onOrder: () => Promise.reject(new Error('the database is away')) })
  await side.says(call('onOrderStatusChange', [orderAnswer()]))
  expect(await side.hears()).toMatchObject({ result: { status: 'error', code: 'out_of_service' } })
  await side.says(call('getStatus', {}))
  expect(await side.hears()).toMatchObject({ method: 'getStatus' })
})

test('notifications are taken one after the other; a flood is told to come again', async () => {
  let atWork = 0
  const release: ((reply: Reply) => void)[] = []
  connect({
    onOrder: () => {
      atWork += 1
      return new Promise((resolve) => release.push(resolve))
    },
  })
  for (let id = 0; id < 51; id += 1) await side.says(call('onOrderStatusChange', [orderAnswer()], id))
  expect(await side.hears()).toMatchObject({ id: 50, result: { code: 'out_of_service' } })
  expect(atWork).toBe(1)
  release.shift()?.({ status: 'success' })
  expect(await side.hears()).toMatchObject({ id: 0, result: { status: 'success' } })
  const stopped = gate?.stop()
  while (atWork < 50) {
    release.shift()?.({ status: 'success' })
    await pause(1)
  }
  release.shift()?.({ status: 'success' })
  await stopped
})

test('a broken channel is opened again, and open orders are read again', async () => {
  connect()
  ;(await side.connected(1)).terminate()
  await side.connected(2)
  ;(await side.connected(2)).close(1001)
  await side.says(call('getStatus', {}), 3)
  expect(await side.hears()).toMatchObject({ method: 'getStatus' })
  expect(connects).toBe(3)
})

test('a connection that answers no ping is given up', async () => {
  connect({ waits: { first: 5, longest: 5, heartbeat: 15 } })
  const socket = await side.connected(1)
  // Paused, the socket reads nothing, so it answers no ping either.
  socket.pause()
  await side.connected(2)
  expect(logged).toContain('the notification channel is closed and will be opened again')
})

test('a refused handshake is tried again; after the stop nothing is', async () => {
  connect({}, side.url.replace('/v3/gate/rpc', '/'))
  await side.connected(1)
  await gate?.stop()
  await side.close()
  let tries = 0
  const refusing = createServer().on('upgrade', (_req, socket) => {
    tries += 1
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n')
  })
  refusing.listen(0, '127.0.0.1')
  await once(refusing, 'listening')
  connect({}, `ws://127.0.0.1:${(refusing.address() as AddressInfo).port}/`)
  while (tries < 3) await pause(2)
  await gate?.stop()
  const before = tries
  await pause(60)
  expect(tries).toBe(before)
  expect(logged).toContain('Unexpected server response: 401')
  await new Promise((resolve) => refusing.close(resolve))
  side = await new Side().open()
})
