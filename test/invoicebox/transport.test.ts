import { createServer as createTcpServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { gzipSync } from 'node:zlib'
import type { Timeouts } from '../../src/invoicebox'
import { selfSigned } from './support/certificate'
import { hangUp, http, json, raw, reset, silence, startUpstream } from './support/upstream'
import type { Reaction, Upstream } from './support/upstream'
import { INVOICE_ID, OPERATION_ID, TRANSACTION_ID, invoiceAnswer, makeClient, transactionAnswer } from './support/world'
import type { TestClient } from './support/world'

/** Real sockets that misbehave. Small limits of time stand in for the real ones; no test waits for a clock of its own. */

let upstream: Upstream
const made: TestClient[] = []
const servers: Server[] = []
const sockets: Socket[] = []

beforeEach(async () => {
  upstream = await startUpstream()
})

afterEach(async () => {
  await upstream.close()
  await Promise.all(made.splice(0).map(({ client }) => client.close()))
  for (const socket of sockets.splice(0)) socket.destroy()
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

function client(timeouts: Partial<Timeouts> = {}, url = upstream.url) {
  const test = makeClient(url, {
    timeouts: { connectMs: 2_000, headersMs: 5_000, bodyMs: 5_000, writeMs: 5_000, readMs: 5_000, ...timeouts },
    readAttempts: 1,
  })
  made.push(test)
  return test.client
}

const confirm = async (timeouts: Partial<Timeouts> = {}, url = upstream.url) =>
  (await client(timeouts, url).confirmInvoice(INVOICE_ID, OPERATION_ID)).outcome
const unknown = (reason: string, sent = true) => ({ kind: 'unknown', reason, sent })

async function listening(server: Server): Promise<number> {
  servers.push(server)
  server.on('connection', (socket: Socket) => sockets.push(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

const BODY = JSON.stringify(transactionAnswer())
const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
const drip =
  (head: string, part: string): Reaction =>
  (socket) => {
    socket.write(head)
    const timer = setInterval(() => socket.write(part), 5)
    socket.on('close', () => clearInterval(timer))
  }
const flood: Reaction = (socket) => {
  const part = Buffer.alloc(256 * 1024, ' ')
  const pour = () => {
    while (!socket.destroyed && socket.write(part));
  }
  socket.write(`${HEAD}Connection: close\r\n\r\n`)
  socket.on('drain', pour)
  pour()
}

describe('every fault of the wire leaves a confirm unknown, and it went out once', () => {
  const short = { writeMs: 300 }
  test.each<[string, Reaction, string, Partial<Timeouts>]>([
    ['the connection is reset', reset, 'broken-connection', {}],
    ['the answer is lost', hangUp, 'broken-connection', {}],
    [
      'the answer is cut off in the body',
      (socket) => void socket.end(`${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 20)}`),
      'broken-connection',
      {},
    ],
    [
      'the answer is cut off in a chunk',
      (socket) => void socket.end(`${HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\n${BODY.slice(0, 20)}`),
      'broken-connection',
      {},
    ],
    ['the answer is cut off in the headers', (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-'), 'broken-connection', {}],
    [
      'the answer is reset in the body',
      (socket) => void socket.write(`${HEAD}Content-Length: 999\r\n\r\n{`, () => socket.resetAndDestroy()),
      'broken-connection',
      {},
    ],
    [
      'a refusal is cut off',
      (socket) => void socket.end('HTTP/1.1 422 No\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"error":{"code":"x"}}'),
      'broken-connection',
      {},
    ],
    [
      'an answer without a length ends early',
      (socket) => void socket.end(`${HEAD}Connection: close\r\n\r\n${BODY.slice(0, 20)}`),
      'not-json',
      {},
    ],
    ['it is not HTTP', raw('SSH-2.0-OpenSSH_9.2\r\n'), 'broken-connection', {}],
    [
      'the protocol is switched',
      raw('HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n'),
      'broken-connection',
      {},
    ],
    ['the headers have no end', raw(`${HEAD}X-Long: ${'a'.repeat(200_000)}`), 'too-large', {}],
    ['the body is larger than any answer', flood, 'too-large', {}],
    ['nothing is answered', silence, 'timeout', short],
    ['nothing is answered within the time for headers', silence, 'timeout', { headersMs: 200 }],
    ['the headers drip', drip('HTTP/1.1 200 OK\r\n', 'X-More: a\r\n'), 'timeout', short],
    ['the body drips without end', drip(`${HEAD}Connection: close\r\n\r\n`, ' '), 'timeout', short],
    ['the body stops', raw(`${HEAD}Content-Length: 99\r\n\r\n{`), 'timeout', { bodyMs: 200 }],
    ['only an early hint comes', raw('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'), 'timeout', short],
    ['HTML comes with 200', http(200, '<html>', { 'Content-Type': 'text/html' }), 'not-json', {}],
    ['the answer is packed', http(200, gzipSync(BODY), { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }), 'not-json', {}],
  ])('%s', async (_what, reaction, reason, timeouts) => {
    upstream.plays(reaction, json(200, transactionAnswer()))
    expect(await confirm(timeouts)).toEqual(unknown(reason))
    expect(upstream.seen).toHaveLength(1)
  })

  test('a redirect is not followed: neither the token nor the question goes elsewhere', async () => {
    const elsewhere = await startUpstream()
    for (const status of [301, 302, 303, 307, 308]) {
      upstream.plays(http(status, '', { Location: `${elsewhere.url}/v3/business/api/invoice/${INVOICE_ID}/confirm` }))
      expect(await confirm()).toMatchObject({ ...unknown('redirected'), alarm: expect.any(String) as string })
      expect((await client().readInvoice(INVOICE_ID)).outcome).toEqual({ kind: 'unavailable', reason: 'redirected' })
    }
    expect(elsewhere.seen).toHaveLength(0)
    await elsewhere.close()
  })

  test('an early hint is not the answer', async () => {
    upstream.plays((socket, seen) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n')
      json(200, transactionAnswer())(socket, seen)
    })
    expect(await confirm()).toEqual({ kind: 'accepted', transactionId: TRANSACTION_ID })
  })
})

describe('nothing left this machine', () => {
  test('the connection is refused', async () => {
    const server = createTcpServer()
    const port = await listening(server)
    await new Promise((resolve) => servers.pop()?.close(resolve))
    expect(await confirm({}, `http://127.0.0.1:${port}`)).toEqual(unknown('refused-connection', false))
  })

  test('the name is unknown', async () => {
    // The top-level domain `invalid` never resolves (RFC 6761); a resolver that is not there at all says the same to us.
    expect(await confirm({}, 'http://upstream.invalid')).toMatchObject({ kind: 'unknown', sent: false })
  })

  test('the other side cannot prove who it is', async () => {
    const port = await listening(createTlsServer(selfSigned(), (socket) => socket.end()))
    expect(await confirm({}, `https://127.0.0.1:${port}`)).toEqual(unknown('tls-failure', false))
  })

  test('the other side does not speak TLS', async () => {
    const port = await listening(createTcpServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')))
    expect(await confirm({}, `https://127.0.0.1:${port}`)).toMatchObject({ kind: 'unknown', sent: false })
  })

  test('no secure connection comes about in time, and the confirm is not sent later either', async () => {
    const seen: Buffer[] = []
    const port = await listening(
      createTcpServer((socket) => void socket.on('data', (part: Buffer) => seen.push(part)).on('error', () => undefined)),
    )
    expect(await confirm({ writeMs: 200, connectMs: 400 }, `https://127.0.0.1:${port}`)).toEqual(unknown('timeout', false))
    expect(Buffer.concat(seen).includes('partnerOperationId')).toBe(false)
  })
})

describe('reads', () => {
  test('a broken connection is tried once more', async () => {
    const test = makeClient(upstream.url)
    made.push(test)
    upstream.plays(reset, json(200, { data: invoiceAnswer() }))
    expect((await test.client.readInvoice(INVOICE_ID)).outcome.kind).toBe('found')
    expect(upstream.seen).toHaveLength(2)
  })

  test('repeats stay within the time for the whole read', async () => {
    upstream.plays(silence)
    expect((await client({ readMs: 200 }).readInvoice(INVOICE_ID)).outcome).toEqual({ kind: 'unavailable', reason: 'timeout' })
    expect(upstream.seen).toHaveLength(1)
  })
})

test('a connection that Invoicebox closed meanwhile costs one unknown, never a second sending', async () => {
  const one = client()
  upstream.plays(
    (socket, seen) => {
      json(200, transactionAnswer())(socket, seen)
      // Whether the end arrives before or after the next request is open; both must hold.
      setImmediate(() => socket.end())
    },
    json(200, transactionAnswer()),
  )
  await one.confirmInvoice(INVOICE_ID, OPERATION_ID)
  const before = upstream.seen.length
  const { outcome } = await one.confirmInvoice(INVOICE_ID, OPERATION_ID)
  expect(upstream.seen.length - before).toBeLessThanOrEqual(1)
  expect(['accepted', 'unknown']).toContain(outcome.kind)
})

test('many calls at once each get their own answer', async () => {
  upstream.plays((socket, seen) =>
    json(200, transactionAnswer({ partnerOperationId: (JSON.parse(seen.body) as { partnerOperationId: string }).partnerOperationId }))(
      socket,
      seen,
    ),
  )
  const one = client()
  const outcomes = await Promise.all(Array.from({ length: 100 }, (_, index) => one.confirmInvoice(INVOICE_ID, `operation-${index}`)))
  expect(outcomes.filter(({ outcome }) => outcome.kind === 'accepted')).toHaveLength(100)
  expect(new Set(upstream.seen.map(({ body }) => body)).size).toBe(100)
})

test('closing waits for a call on its way', async () => {
  const test = makeClient(upstream.url)
  let answer: () => void = () => undefined
  const arrived = new Promise<void>((resolve) => {
    upstream.plays((socket, seen) => {
      answer = () => json(200, transactionAnswer())(socket, seen)
      resolve()
    })
  })
  const asked = test.client.confirmInvoice(INVOICE_ID, OPERATION_ID)
  await arrived
  const closed = test.client.close()
  answer()
  expect((await asked).outcome.kind).toBe('accepted')
  await closed
})
