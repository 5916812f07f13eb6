import { join } from 'node:path'
import { Client } from 'undici'
import { sign } from '../../src/invoicebox/merchant'
import { verifyOrders } from '../../src/orders'
import { newOrderNumber } from '../../src/orders/number'
import { insertOrder } from '../../src/orders/store'
import { HOUR, plus, systemClock } from '../../src/shared/clock'
import { inTransaction } from '../../src/shared/database'
import { newId, newSortedId } from '../../src/shared/ids'
import { money } from '../../src/shared/money'
import type { Parts } from '../../src/wiring'
import { freePort } from '../../test/support/free-port'
import { expectBooksToBalance, settingsFor, stock } from '../books'
import { keepCalling } from '../callers'
import { startServer } from '../child'
import type { Child } from '../child'
import type { Bench, Group } from '../group'
import { plainFigure } from '../measure'
import type { Comparison, Figure, Sample, Workload } from '../measure'
import { startGateway } from '../product'
import { addVisitors } from '../site'

const CONNECTIONS = 32
const MEMBERS = 100
/** More notifications than any machine answers in a second. */
const MOST_PER_SECOND = 1_000
/** Invoicebox waits 20 s for an answer; the promise is a tenth of it, for 99 of 100. */
const PROMISED_MS = 2_000
const PRICE = money(100_00n, 'RUB')
const POINTS = money(100_00n, 'PTS')

/** Notifications of paid orders, each of which credits a member: gateway and baseline in processes of their own. */
export const notificationsGroup: Group = {
  name: 'notifications',
  about: 'signed notifications of paid orders, each credited once, against an Express POST handler that does nothing',
  async prepare(bench) {
    const cluster = await bench.postgres()
    const idle = await startServer('idle', await freePort())
    const sites = [
      await openSite(bench, 'PostgreSQL', await cluster.fresh('bench_notifications')),
      await openSite(bench, 'SQLite', `sqlite:${join(bench.folder, 'notifications.sqlite3')}`),
    ]
    const baseline = posting('an Express POST handler that does nothing', idle, bench.plan.seconds)
    return {
      comparisons: sites.map(({ comparison }) => comparison(baseline)),
      figures: () => Promise.resolve(sites.map(({ waits }) => waits())),
      close: async () => {
        await idle.stop()
        for (const site of sites) await site.close()
      },
    }
  },
}

interface Site {
  readonly comparison: (baseline: Workload) => Comparison
  /** How long the slowest of a hundred waited. */
  readonly waits: () => Figure
  /** Ends the gateway and audits the books. */
  readonly close: () => Promise<void>
}

async function openSite(bench: Bench, engine: string, url: string): Promise<Site> {
  bench.progress(`opening a gateway on ${engine}`)
  const { parts, close } = await stock(url, 0)
  const members = await addVisitors(parts, MEMBERS)
  const gateway = await startGateway({ product: await bench.product(), databaseUrl: url, upstreamUrl: 'http://127.0.0.1:9' })
  const clients = Array.from({ length: CONNECTIONS }, () => new Client(gateway.url))
  const p99: number[] = []
  const name = `notifications, ${engine}, ${CONNECTIONS} connections`
  const run = async (): Promise<Sample> => {
    const sample = await notify(parts, members, { clients, seconds: bench.plan.seconds })
    p99.push(sample.p99Ms ?? 0)
    return sample
  }
  return {
    comparison: (baseline) => ({ figure: name, unit: 'answers/s', workload: { name, run }, baseline }),
    waits: () => plainFigure(`p99 of ${name}`, 'ms', p99, { atMost: PROMISED_MS }),
    close: async () => {
      await Promise.all(clients.map((each) => each.close()))
      await gateway.stop()
      await expectAllCredited(parts).finally(close)
    },
  }
}

type Member = Awaited<ReturnType<typeof addVisitors>>[number]

/** Orders that wait to be paid, then one notification for each, as fast as they are answered. */
async function notify(parts: Parts, members: readonly Member[], of: { clients: readonly Client[]; seconds: number }): Promise<Sample> {
  const waiting = await makeOrders(parts, members, Math.ceil(MOST_PER_SECOND * of.seconds))
  const call = async (caller: number): Promise<boolean> => {
    const number = waiting.pop()
    if (number === undefined) return false
    const said = await post(of.clients[caller] as Client, bodyFor(number))
    if (said !== '{"status":"success"}') throw new Error(`A notification of the bench was answered ${said}.`)
    return true
  }
  return keepCalling(call, { callers: of.clients.length, seconds: of.seconds })
}

async function makeOrders({ db }: Parts, members: readonly Member[], count: number): Promise<string[]> {
  const now = systemClock.now()
  const numbers = Array.from({ length: count }, newOrderNumber)
  await inTransaction(db, async (tx) => {
    for (const [index, number] of numbers.entries()) {
      const memberId = members[index % members.length]?.memberId ?? ''
      await insertOrder(tx, {
        ...BLANK,
        id: newSortedId(),
        number,
        memberId,
        intentKey: newId(),
        createdAt: now,
        expiresAt: plus(now, HOUR),
      })
    }
  })
  return numbers
}

/** An order that Invoicebox was asked for: its notification may be quicker than the answer. */
const BLANK = {
  goods: 'points',
  offerId: null,
  title: null,
  vatCode: 'VATNONE',
  checkoutId: null,
  language: 'ru',
  state: 'creating',
  points: POINTS,
  amount: PRICE,
  invoiceboxId: null,
  containerId: null,
  paymentUrl: null,
  paidId: null,
  reason: null,
  settledAt: null,
  checkedAt: null,
  nextCheckAt: null,
  checks: 0,
} as const

const { invoicebox: merchant } = settingsFor('sqlite::memory:')
const KEY = { key: merchant.notificationKey ?? '', algorithm: merchant.notificationAlgorithm }

const bodyFor = (number: string): Buffer =>
  Buffer.from(
    JSON.stringify({
      id: newId(),
      merchantId: merchant.merchantId,
      merchantOrderId: number,
      status: 'completed',
      amount: 100,
      currencyId: 'RUB',
      createdAt: systemClock.now().toISOString(),
    }),
  )

async function post(client: Client, body: Buffer): Promise<string> {
  const headers = { 'content-type': 'application/json', 'x-signature': sign(body, KEY) }
  const answer = await client.request({ method: 'POST', path: '/invoicebox/notifications', headers, body })
  return answer.body.text()
}

function posting(name: string, server: Child, seconds: number): Workload {
  const clients = Array.from({ length: CONNECTIONS }, () => new Client(server.url))
  const call = async (caller: number): Promise<boolean> => (await post(clients[caller] as Client, bodyFor('TU-0000-0000'))) === ''
  const run = async (): Promise<Sample> => keepCalling(call, { callers: CONNECTIONS, seconds })
  return { name, run }
}

async function expectAllCredited({ db }: Parts): Promise<void> {
  const open: unknown = await db('orders')
    .whereNot({ state: 'credited' })
    .where('id', 'in', db('order_events').where({ to_state: 'paid' }).select('order_id'))
    .first('id', 'state')
  const broken = await verifyOrders(db)
  if (open !== undefined || broken.length > 0)
    throw new Error(`A notification of the bench was not credited: ${JSON.stringify([open, broken.slice(0, 3)])}`)
  await expectBooksToBalance(db)
}
