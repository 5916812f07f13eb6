import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import { ORDER, inTwoDays, spaFor } from '../sandbox/shop'

/** The frontend, as any shop would write it: the official package and nothing else. */
const FRONTEND = `
import { invoiceboxMinapp as minapp } from '@invoicebox/minapp-sdk'
const at = (id) => document.getElementById(id)
const call = { minapp }
window.call = call
minapp.connect()
const report = () => minapp.onHeightChange(document.documentElement.scrollHeight)
minapp.getInitialData().then(async (data) => {
  call.data = data
  at('name').textContent = data.userName ?? 'nobody'
  at('mode').textContent = data.minappType
  at('lodging').textContent = String(await minapp.matchMetaDataValues('reservationId', ['K7Q2ZD']))
  if (!data.fullHeight) report()
})
window.addEventListener('message', ({ data }) => {
  if (data && data.action === 'paymentResult') at('result').textContent = data.data
})
const order = async () => {
  const { minappType, orderContainerId } = call.data
  const answer = await fetch('/orders', { method: 'POST', body: JSON.stringify({ orderContainerId }) })
  return (await answer.json()).data.paymentUrl
}
at('buy')?.addEventListener('click', async () => minapp.onDone(await order()))
at('checkout')?.addEventListener('click', async () => {
  minapp.messageTo({ id: minapp.id, action: 'checkout', data: await order() })
})
at('rules')?.addEventListener('click', () => minapp.onLink(location.origin + '/rules'))
at('more')?.addEventListener('click', () => { at('space').style.height = '900px'; report() })
`

const PAGE = (body: string): string => `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Tiny shop</title><meta name="viewport" content="width=device-width"></head>
<body style="margin:16px;font:16px sans-serif"><main>${body}</main><script type="module" src="/bundle.js"></script></body></html>`

const SHOP = `<h1>Tiny shop</h1><p>Hello, <b id="name">…</b>. Mode: <b id="mode">…</b>, lodging: <b id="lodging">…</b>, paid: <b id="result">…</b></p>
<p><button id="buy">Buy a massage</button> <button id="checkout">Check out</button> <button id="rules">Rules</button> <button id="more">More</button></p>
<div id="space"></div>`

const BACK = (title: string): string =>
  `<h1>${title}</h1><p>Hello, <b id="name">…</b>. Mode: <b id="mode">…</b>, lodging: <b id="lodging">…</b></p>`

export interface TinyMinapp {
  readonly url: string
  close(): Promise<void>
}

const bodyOf = async (req: IncomingMessage): Promise<Record<string, unknown>> => {
  const pieces: Buffer[] = []
  for await (const piece of req) pieces.push(piece as Buffer)
  return JSON.parse(Buffer.concat(pieces).toString('utf8')) as Record<string, unknown>
}

/** The backend: one order, in an invoice of its own or in the one that the parent has named. */
async function createOrder(sandboxUrl: string, own: string, orderContainerId: unknown): Promise<string> {
  const wish = {
    ...ORDER,
    amount: 100,
    vatAmount: 18.03,
    basketItems: [spaFor(100, 18.03, 81.97)],
    expirationDate: inTwoDays(),
    orderContainerId,
  }
  const answer = await fetch(`${sandboxUrl}/v3/billing/api/order/order`, {
    method: 'POST',
    headers: { authorization: 'Bearer sandbox-merchant-token-0001' },
    body: JSON.stringify({ ...wish, successUrl: `${own}/success`, failUrl: `${own}/fail`, notificationUrl: `${own}/paid` }),
  })
  return await answer.text()
}

const PAGES: Readonly<Record<string, string>> = {
  '/minapp': PAGE(SHOP),
  '/success': PAGE(BACK('Thank you')),
  '/fail': PAGE(BACK('Not paid')),
  '/rules': PAGE('<h1>Rules</h1>'),
}

/** A shop with a mini-app made with the official package, on an origin of its own. @param sandboxUrl where its backend makes orders */
export async function openTinyMinapp(sandboxUrl: string): Promise<TinyMinapp> {
  const { outputFiles } = await build({
    stdin: { contents: FRONTEND, resolveDir: join(__dirname, '../..') },
    bundle: true,
    format: 'esm',
    write: false,
  })
  const bundle = outputFiles[0]?.text ?? ''
  const answer = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const { pathname } = new URL(req.url ?? '/', url)
    const [type, text] =
      pathname === '/bundle.js'
        ? ['text/javascript', bundle]
        : pathname === '/paid'
          ? ['application/json', '{"status":"success"}']
          : pathname === '/orders'
            ? ['application/json', await createOrder(sandboxUrl, url, (await bodyOf(req))['orderContainerId'])]
            : ['text/html; charset=utf-8', PAGES[pathname] ?? '']
    res.writeHead(200, { 'Content-Type': type }).end(text)
  }
  const server = createServer((req, res) => void answer(req, res))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://localhost:${(server.address() as AddressInfo).port}`
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  return { url, close }
}
