import { networkInterfaces } from 'node:os'
import { request } from 'node:http'
import { isLoopback } from '../../src/sandbox/control/guard'
import { openTestWorld } from './world'
import type { TestWorld } from './world'

let world: TestWorld
beforeAll(async () => (world = await openTestWorld()))
afterAll(() => world.close())

/** fetch sets Host and Sec-Fetch-Mode by itself, so this asks by hand. */
const askRaw = (path: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(`${world.sandbox.url}${path}`, { headers, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    sent.on('error', reject)
    sent.end()
  })
const askAs = (host: string, path: string): Promise<number> => askRaw(path, { host })

const post = (headers: Record<string, string>) => world.ask('/_sandbox/invoices', { method: 'POST', body: '{"amount":"1"}', headers })

test('a page of another site cannot drive the control interface', async () => {
  const strangers: Record<string, string>[] = [
    { origin: 'https://evil.test' },
    { origin: 'http://localhost:3000' },
    { origin: 'null' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
  ]
  for (const headers of strangers) {
    const reply = await post(headers)
    expect([reply.status, reply.body.error.code]).toEqual([403, 'forbidden'])
  }
  expect((await world.ask('/_sandbox/requests', { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' } })).status).toBe(
    403,
  )
  expect((await post({ origin: world.sandbox.url, 'sec-fetch-site': 'same-origin' })).status).toBe(200)
  expect((await post({})).status).toBe(200)
})

test('a link from another site may open the console and the payment page; forms from there change nothing', async () => {
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
  expect(await askRaw('/_sandbox/', link)).toBe(200)
  expect(await askRaw('/', link)).toBe(200)
  const { id } = await world.invoice()
  for (const path of [`/order/${id}/card`, `/_sandbox/console/invoices/${id}`]) {
    const reply = await world.ask(path, {
      method: 'POST',
      body: new URLSearchParams({ action: 'cancel' }),
      headers: { origin: 'https://evil.test' },
    })
    expect(reply.status).toBe(403)
    expect(reply.text).toContain('<main')
  }
  expect((await world.control('GET', `/invoices/${id}`)).status).toBe('pending')
})

test("the control interface does not answer to somebody else's name", async () => {
  const port = world.sandbox.port
  for (const host of [`evil.test:${port}`, '127.0.0.1.evil.test', 'localhost.evil.test', '@'])
    expect(await askAs(host, '/_sandbox/fund')).toBe(403)
  for (const host of [`localhost:${port}`, '127.0.0.1', `[::1]:${port}`]) expect(await askAs(host, '/_sandbox/fund')).toBe(200)
  expect(await askAs('sandbox:4100', '/v3/security/api/auth/auth')).toBe(200)
})

test('only the socket counts as an address', () => {
  for (const address of ['127.0.0.1', '127.8.9.1', '::1', '::ffff:127.0.0.1']) expect(isLoopback(address)).toBe(true)
  for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '1.127.0.1', 'fe80::1', '', undefined]) expect(isLoopback(address)).toBe(false)
})

test('callers from other machines get the API and the payment page, not the control interface', async () => {
  const outer = Object.values(networkInterfaces())
    .flat()
    .find((one) => one?.family === 'IPv4' && !one.internal)?.address
  const open = await openTestWorld({ host: '0.0.0.0' })
  try {
    expect(open.sandbox.url).toBe(`http://127.0.0.1:${open.sandbox.port}`)
    if (outer === undefined) return
    const from = (path: string) => open.ask(`http://${outer}:${open.sandbox.port}${path}`, { headers: { 'x-forwarded-for': '127.0.0.1' } })
    expect((await from('/_sandbox/fund')).status).toBe(403)
    expect((await from('/_sandbox/')).status).toBe(403)
    expect((await from('/v3/security/api/auth/auth')).status).toBe(200)
    expect((await from('/order/nothing')).status).toBe(404)
  } finally {
    await open.close()
  }
})
