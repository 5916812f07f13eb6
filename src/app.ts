import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import { createHttp, defineRoute } from './http'
import type { Http, Route } from './http'
import { memberRoutes } from './members/routes'
import { paymentRoutes } from './payments/routes'
import { findReceipts, PAYMENT_STATES } from './payments'
import { createTexts } from './shared/texts'
import { isMigrated } from './shared/migrate'
import type { Parts } from './wiring'

/** The web application: every room's routes behind one front. Does not listen. */
export function createApp(parts: Parts): Http {
  const { config, db, clock, log } = parts
  const http = createHttp({
    publicUrl: config.publicUrl,
    sessionSecret: config.sessionSecret,
    mode: config.mode,
    program: config.program,
    db,
    clock,
    log,
    texts: createTexts(),
    trustProxy: config.trustProxy,
  })
  http.mount(probes(parts))
  http.mount(memberRoutes({ ...parts, passport: http.passport, findReceipts: (ids) => findReceipts(db, ids) }))
  http.mount(paymentRoutes(parts))
  return http
}

/** What machines ask: is it alive, can it work, how does it do. */
function probes(parts: Parts): Route[] {
  const metrics = createMetrics(parts)
  const checkMigrations = onceTrue(() => isMigrated(parts.config.databaseUrl))
  return [
    defineRoute({
      method: 'get',
      path: '/healthz',
      policy: { kind: 'probe' },
      summary: 'Answers while the process lives.',
      handle: ({ res }) => void res.json({ status: 'ok' }),
    }),
    defineRoute({
      method: 'get',
      path: '/readyz',
      policy: { kind: 'probe' },
      summary: 'Answers 200 when the database answers, is migrated, and Invoicebox is not known to refuse us; else 503 with what is wrong.',
      handle: async ({ res }) => {
        const checks = await readiness(parts, checkMigrations)
        const ready = Object.values(checks).every((check) => check === 'ok')
        res.status(ready ? 200 : 503).json({ ready, checks })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/metrics',
      policy: { kind: 'probe' },
      summary: 'Numbers for Prometheus.',
      handle: async ({ res }) => void res.type(metrics.contentType).send(await metrics.metrics()),
    }),
  ]
}

async function readiness(
  { db, invoicebox, log }: Parts,
  checkMigrations: () => Promise<boolean>,
): Promise<Record<'database' | 'migrations' | 'invoicebox', string>> {
  const circuit = invoicebox.circuit()
  const upstream = circuit.open ? `held back until ${circuit.until.toISOString()}: ${circuit.reason}` : 'ok'
  try {
    await db.raw('select 1')
    return { database: 'ok', migrations: (await checkMigrations()) ? 'ok' : 'pending', invoicebox: upstream }
  } catch (error) {
    log.error({ err: error }, 'the database does not answer')
    return { database: 'unreachable', migrations: 'unknown', invoicebox: upstream }
  }
}

/** Asks until the answer was once true: a migrated database stays migrated while the process lives. */
function onceTrue(ask: () => Promise<boolean>): () => Promise<boolean> {
  let known = false
  return async () => (known ||= await ask())
}

function createMetrics({ db, invoicebox }: Parts): Registry {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry, prefix: 'gateway_' })
  new Gauge({
    name: 'gateway_payments',
    help: 'Payments by state.',
    labelNames: ['state'],
    registers: [registry],
    async collect() {
      const rows = await db('payments').groupBy('state').select<{ state: string; count: unknown }[]>('state', db.raw('count(*) as count'))
      for (const state of PAYMENT_STATES) this.set({ state }, Number(rows.find((row) => row.state === state)?.count ?? 0))
    },
  })
  new Gauge({
    name: 'gateway_open_alerts',
    help: 'Alerts that wait for a person.',
    registers: [registry],
    async collect() {
      const [row] = await db('alerts').whereNull('closed_at').select<{ count: unknown }[]>(db.raw('count(*) as count'))
      this.set(Number(row?.count ?? 0))
    },
  })
  new Gauge({
    name: 'gateway_invoicebox_circuit_open',
    help: '1 while calls to Invoicebox are held back.',
    registers: [registry],
    collect() {
      this.set(invoicebox.circuit().open ? 1 : 0)
    },
  })
  return registry
}
