import { createServer } from 'node:http'
import type { IncomingHttpHeaders, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openTestWorld, startClean } from './world'
import type { TestWorld } from './world'

let world: TestWorld
let server: Server
let target: string
const asked: { url: string; headers: IncomingHttpHeaders; body: string }[] = []

const HEADERS = {
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
  'Set-Cookie': 'visit=1; Domain=localhost; Secure; HttpOnly; Path=/',
}

beforeAll(async () => {
  world = await openTestWorld()
  server = createServer((req, res) => {
    let body = ''
    req.on('data', (piece: Buffer) => (body += piece.toString()))
    req.on('end', () => {
      asked.push({ url: req.url ?? '', headers: req.headers, body })
      if (req.url === '/away') res.writeHead(302, { Location: `${target}/minapp` }).end()
      else if (req.url === '/data') res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"a":"<head>"}')
      else if (req.url === '/cut')
        res.writeHead(200, { 'Content-Type': 'text/html', 'Content-Length': 99 }).write('<p>', () => res.destroy())
      else
        res
          .writeHead(200, { ...HEADERS, 'Content-Type': 'text/html; charset=utf-8' })
          .end('<!DOCTYPE html><head lang="ru"><title>Да</title></head>')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  target = `http://localhost:${(server.address() as AddressInfo).port}`
})
beforeEach(async () => {
  await startClean(world)
  await world.control('PUT', '/settings', { minapps: [{ title: 'Окно', url: `${target}/minapp?a=1` }] })
})
afterAll(async () => {
  await world.close()
  await new Promise((resolve) => server.close(resolve))
})

async function standIn(): Promise<string> {
  const { text } = await world.ask('/marketplace?view=webview')
  const src = /data-src="([^"]*)"/.exec(text)?.[1]?.replaceAll('&amp;', '&') ?? ''
  expect(src).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/minapp\?a=1&id=m-/)
  return src
}

test('the page comes with the bridge before its own scripts, free of what forbids frames, and at one origin however often it is opened', async () => {
  const src = await standIn()
  expect(new URL(await standIn()).origin).toBe(new URL(src).origin)
  const { text, headers } = await world.ask(src)
  expect(text).toContain(`<head lang="ru"><script src="/__sandbox/webview-bridge.js" data-host="${world.sandbox.url}"></script><title>Да`)
  expect(headers.get('content-security-policy')).toBe("default-src 'none'; script-src 'self'")
  expect(headers.get('x-frame-options')).toBeNull()
  expect(headers.getSetCookie()).toEqual(['visit=1; HttpOnly; Path=/'])
  const bridge = await world.ask(`${new URL(src).origin}/__sandbox/webview-bridge.js`)
  expect([bridge.headers.get('content-type'), bridge.text.includes('ReactNativeWebView')]).toEqual(['text/javascript; charset=utf-8', true])
})

test("what the page sends reaches its server as from the server's own page, and other answers pass unchanged", async () => {
  const { origin } = new URL(await standIn())
  const reply = await world.ask(`${origin}/data`, { method: 'POST', body: 'сколько', headers: { origin, referer: `${origin}/minapp` } })
  expect(reply.text).toBe('{"a":"<head>"}')
  expect(asked.at(-1)).toMatchObject({
    url: '/data',
    body: 'сколько',
    headers: { origin: target, referer: `${target}/minapp`, host: new URL(target).host },
  })
  expect((await world.ask(`${origin}/away`)).headers.get('location')).toBe(`${origin}/minapp`)
  expect((await world.ask(`${origin}/cut`)).status).toBe(502)
})

test("another name for this machine, as somebody else's DNS could give it, is not served", async () => {
  const { port } = new URL(await standIn())
  expect((await fetch(`http://localhost:${port}/minapp`)).status).toBe(403)
})

test('a mini-app that cannot be reached is a bad gateway, not a crash', async () => {
  await world.control('PUT', '/settings', { minapps: [{ title: 'Нет', url: 'http://127.0.0.1:1/minapp' }] })
  const { text } = await world.ask('/marketplace?view=webview')
  expect((await world.ask(/data-src="([^"]*)"/.exec(text)?.[1] ?? '')).status).toBe(502)
})
