import { readFile } from 'node:fs/promises'
import { createServer, request as askPlainly } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { request as askSecurely } from 'node:https'
import type { AddressInfo } from 'node:net'
import { isLoopback } from '../control/guard'
import { BRIDGE_PATH, fromTarget, toTarget, withBridge } from './rewrite'
import type { Between } from './rewrite'

/** Larger pages are no mini-apps. */
const LONGEST_PAGE = 5_000_000

/**
 * Stands for the server of a mini-app at an origin of its own and puts the bridge of a WebView into its pages; everything else passes through.
 * One origin for all its paths, so that a page's own requests, cookies and storage work as at home.
 * @param bridgeFile the script to put in
 */
export async function openGoBetween(target: string, host: string, bridgeFile: string): Promise<{ own: string; server: Server }> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const between: Between = { target, own, host }
  server.on('request', (req: IncomingMessage, res: ServerResponse) => {
    if (!isLoopback(req.socket.remoteAddress) || `http://${req.headers.host ?? ''}` !== own) refuse(res, 403)
    else if (req.url?.split('?')[0] === BRIDGE_PATH) void sendBridge(res, bridgeFile)
    else pass(between, req, res)
  })
  return { own, server }
}

const refuse = (res: ServerResponse, status: number): void => void res.writeHead(status, { 'Content-Type': 'text/plain' }).end()

async function sendBridge(res: ServerResponse, bridgeFile: string): Promise<void> {
  const script = await readFile(bridgeFile)
  res.writeHead(200, { 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': 'no-store' }).end(script)
}

function pass(between: Between, req: IncomingMessage, res: ServerResponse): void {
  const ask = between.target.startsWith('https:') ? askSecurely : askPlainly
  // Only ever the one origin, whatever path a page asks for.
  const asked = ask(new URL(between.target), { method: req.method ?? 'GET', path: req.url ?? '/', headers: toTarget(req.headers, between) })
  asked.on('response', (answer) => void answerWith(between, answer, res))
  asked.on('error', () => (res.headersSent ? res.destroy() : refuse(res, 502)))
  res.on('close', () => asked.destroy())
  req.pipe(asked)
}

async function answerWith(between: Between, answer: IncomingMessage, res: ServerResponse): Promise<void> {
  const headers = fromTarget(answer.headers, between)
  const isPage = /^text\/html\b/i.test(answer.headers['content-type'] ?? '')
  try {
    if (!isPage) {
      res.writeHead(answer.statusCode ?? 502, headers)
      answer.pipe(res)
      return
    }
    const page = Buffer.from(withBridge(await textOf(answer), between.host))
    res.writeHead(answer.statusCode ?? 502, { ...headers, 'content-length': page.length }).end(page)
  } catch {
    refuse(res, 502)
  }
}

/** @throws Error for a page that is cut off, or larger than any mini-app's */
async function textOf(answer: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  let length = 0
  for await (const piece of answer) {
    pieces.push(piece as Buffer)
    length += (piece as Buffer).length
    if (length > LONGEST_PAGE) throw new Error('the page is too long')
  }
  return Buffer.concat(pieces).toString('utf8')
}
