import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Reply, TestWorld } from './world'

/** A notification as it reached the shop: its exact bytes. */
export interface Heard {
  readonly body: string
  readonly headers: IncomingHttpHeaders
  readonly json: Readonly<Record<string, unknown>>
}

export interface ShopAnswer {
  readonly status?: number
  readonly body: string
  /** Never answered. */
  readonly isSilent?: boolean
}

/** A shop that listens for notifications and answers as it is told. */
export interface Shop {
  readonly url: string
  readonly heard: Heard[]
  /** The next answers, one each; afterwards success. */
  readonly answers: ShopAnswer[]
  /** What it has heard, once that is so many; the test's own limit bounds the wait. */
  hears(count: number): Promise<readonly Heard[]>
  close(): Promise<void>
}

const SUCCESS: ShopAnswer = { body: '{"status":"success"}' }

export const shopError = (code: string): ShopAnswer => ({ body: JSON.stringify({ status: 'error', code, message: 'told so' }) })

export async function openShop(): Promise<Shop> {
  const heard: Heard[] = []
  const answers: ShopAnswer[] = []
  const waiting = new Set<() => void>()
  const server = createServer((req, res) => {
    const pieces: Buffer[] = []
    req.on('data', (piece: Buffer) => pieces.push(piece))
    req.on('end', () => {
      const body = Buffer.concat(pieces).toString('utf8')
      queueMicrotask(() => waiting.forEach((look) => look()))
      heard.push({ body, headers: req.headers, json: JSON.parse(body) as Heard['json'] })
      const { status = 200, body: answer, isSilent } = answers.shift() ?? SUCCESS
      if (!isSilent) res.writeHead(status, { 'Content-Type': 'application/json' }).end(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const hears: Shop['hears'] = (count) =>
    new Promise((resolve) => {
      const look = (): void => {
        if (heard.length < count) return
        waiting.delete(look)
        resolve(heard)
      }
      waiting.add(look)
      look()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`, heard, answers, hears, close }
}

export const SPA = {
  sku: 'SPA-60',
  name: 'Массаж спины, 60 мин, сертификат',
  measure: 'шт',
  measureCode: '796',
  quantity: 2,
  amount: 6100,
  amountWoVat: 5000,
  totalAmount: 12200,
  totalVatAmount: 2200,
  vatCode: 'RUS_VAT22',
  type: 'service',
  paymentType: 'full_prepayment',
}

/** One line of the same goods for so much. */
export const spaFor = (total: number, vat: number, net: number): Record<string, unknown> => ({
  ...SPA,
  quantity: 1,
  amount: total,
  amountWoVat: net,
  totalAmount: total,
  totalVatAmount: vat,
})

/** The order of the reference's section 3.4. */
export const ORDER = {
  merchantId: '5b0c8d1e-2f3a-4b5c-8d7e-9f0a1b2c3d4e',
  merchantOrderId: 'БР-2026-00417',
  description: 'Сертификат на массаж, 2 сеанса',
  amount: 12200,
  vatAmount: 2200,
  currencyId: 'RUB',
  languageId: 'ru',
  customer: { type: 'private', name: 'Смирнова Ольга Игоревна', phone: '79217654321', email: 'o.smirnova@example.test' },
  basketItems: [SPA],
  successUrl: 'https://spa.example.test/pay/ok',
  failUrl: 'https://spa.example.test/pay/fail',
  returnUrl: 'https://spa.example.test/cart',
}

export const inTwoDays = (): string => new Date(Date.now() + 172_800_000).toISOString()

export interface Sent {
  readonly id: string
  readonly orderContainerId: string
  readonly status: string
  readonly paymentUrl: string
}

/** Asks the merchant API as a shop does: POST with a body unless told otherwise. */
export function merchant(world: TestWorld, path: string, body?: unknown, method = body === undefined ? 'GET' : 'POST'): Promise<Reply> {
  return world.ask(path, {
    method,
    headers: { authorization: `Bearer ${world.sandbox.merchantToken}`, 'content-type': 'application/json', accept: 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
}

export const postOrder = (world: TestWorld, wish: Record<string, unknown> = {}): Promise<Reply> =>
  merchant(world, '/v3/billing/api/order/order', { ...ORDER, expirationDate: inTwoDays(), ...wish })

/** An order that must be accepted; its `data`. */
export async function order(world: TestWorld, wish: Record<string, unknown> = {}): Promise<Sent> {
  const reply = await postOrder(world, wish)
  if (reply.status !== 200) throw new Error(`order: ${reply.status} ${reply.text}`)
  return reply.body.data as unknown as Sent
}

export const codeOf = (reply: Reply): [number, string, string | undefined] => [
  reply.status,
  reply.body.error.code,
  reply.body.error.fields[0]?.name,
]
