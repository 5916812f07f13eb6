import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import { REQUEST_CLASSES } from './invoicebox'
import type { InvoiceboxClient } from './invoicebox'
import { countOpenAlerts } from './shared/alerts'
import { SECOND } from './shared/clock'
import type { Clock } from './shared/clock'
import type { Db } from './shared/database'
import { remember } from './shared/remember'
import type { Parts } from './wiring'

/** However often it is asked, the database counts at most this often. */
const REMEMBERED_MS = 10 * SECOND

/** States in which a payment waits for something. The others only ever grow, and counting them would read every payment there is. */
const OPEN_STATES = ['confirming', 'review'] as const

export interface Metrics {
  readonly contentType: string
  /** The numbers as text for Prometheus. */
  readonly text: () => Promise<string>
  /** Counts a request that was answered. `route` is the pattern, never the address. */
  readonly countRequest: (request: { readonly route: string; readonly status: number }) => void
}

export function createMetrics({ db, clock, invoicebox }: Pick<Parts, 'db' | 'clock' | 'invoicebox'>): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: 'gateway_' })
  addDatabaseGauges(
    registers,
    remember(clock, REMEMBERED_MS, () => readNumbers(db)),
  )
  new Gauge({
    name: 'gateway_invoicebox_circuit_open',
    help: '1 while calls to Invoicebox are held back.',
    registers,
    collect() {
      this.set(invoicebox.circuit().open ? 1 : 0)
    },
  })
  addBudgetMetrics(registers, invoicebox, clock)
  const requests = new Counter({
    name: 'gateway_http_requests_total',
    help: 'Requests by route pattern and status.',
    labelNames: ['route', 'status'],
    registers,
  })
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    countRequest: ({ route, status }) => requests.inc({ route, status }),
  }
}

interface Numbers {
  readonly payments: ReadonlyMap<string, number>
  readonly alerts: number
}

/** The states stand in the statement itself: as bound values they would keep SQLite from using the index `payments_open`. */
async function readNumbers(db: Db): Promise<Numbers> {
  const rows = await db('payments')
    .whereRaw(`state in ('${OPEN_STATES.join("', '")}')`)
    .groupBy('state')
    .select<{ state: string; count: unknown }[]>('state', db.raw('count(*) as count'))
  return { payments: new Map(rows.map(({ state, count }) => [state, Number(count)])), alerts: await countOpenAlerts(db) }
}

function addDatabaseGauges(registers: Registry[], numbers: () => Promise<Numbers>): void {
  new Gauge({
    name: 'gateway_payments',
    help: 'Payments that wait for an answer (confirming) or for a person (review).',
    labelNames: ['state'],
    registers,
    async collect() {
      const { payments } = await numbers()
      for (const state of OPEN_STATES) this.set({ state }, payments.get(state) ?? 0)
    },
  })
  new Gauge({
    name: 'gateway_open_alerts',
    help: 'Alerts that wait for a person.',
    registers,
    async collect() {
      this.set((await numbers()).alerts)
    },
  })
}

/** In seconds: at once, hardly noticed, noticed, and the deadlines of those who wait. */
const WAITS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** How the request budget stands; without an agreed limit there is nothing to tell but waits of no time. */
function addBudgetMetrics(registers: Registry[], invoicebox: InvoiceboxClient, clock: Clock): void {
  const use = remember(clock, SECOND, () => invoicebox.budget())
  new Gauge({
    name: 'gateway_invoicebox_slots_in_use',
    help: 'Slots of the request budget that count now, by whom they were taken for.',
    labelNames: ['class'],
    registers,
    async collect() {
      const budget = await use()
      for (const name of REQUEST_CLASSES) this.set({ class: name }, budget?.used[name] ?? 0)
    },
  })
  new Gauge({
    name: 'gateway_invoicebox_slots_allowed',
    help: 'How many slots may be taken at this moment: INVOICEBOX_RATE_LIMIT, or less for a while after a 429. Infinite where no limit was agreed.',
    registers,
    async collect() {
      this.set((await use())?.allowed ?? Infinity)
    },
  })
  new Gauge({
    name: 'gateway_invoicebox_closed_seconds',
    help: 'How much longer no request is sent because Invoicebox answered 429.',
    registers,
    async collect() {
      this.set(((await use())?.closedForMs ?? 0) / SECOND)
    },
  })
  const waits = new Histogram({
    name: 'gateway_invoicebox_wait_seconds',
    help: 'How long callers waited for the request budget.',
    labelNames: ['class'],
    buckets: WAITS,
    registers,
  })
  invoicebox.onWait((as, waitedMs) => waits.observe({ class: as }, waitedMs / SECOND))
}
