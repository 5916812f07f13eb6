import { defineRoute } from './http'
import type { Route } from './http'
import type { Metrics } from './metrics'
import { SECOND } from './shared/clock'
import { isDown } from './shared/database'
import { beat } from './shared/heartbeat'
import { isMigrated } from './shared/migrate'
import { remember } from './shared/remember'
import type { Parts } from './wiring'

/** Nobody is signed in here, so whoever asks without end must not make the database write without end. */
const BEAT_REMEMBERED_MS = 2 * SECOND

/** What machines ask: is it alive, can it work, how does it do. */
export function probes(parts: Parts, metrics: Metrics): Route[] {
  const readiness = createReadiness(parts)
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
      summary:
        'Answers 200 when the database is migrated and takes writes, the clock agrees with its clock, and Invoicebox is not known to refuse us; else 503 with what is wrong.',
      handle: async ({ res }) => {
        const checks = await readiness()
        const ready = Object.values(checks).every((check) => check === 'ok')
        res.status(ready ? 200 : 503).json({ ready, checks })
      },
    }),
    defineRoute({
      method: 'get',
      path: '/metrics',
      policy: { kind: 'probe' },
      summary: 'Numbers for Prometheus.',
      handle: async ({ res }) => void res.type(metrics.contentType).send(await metrics.text()),
    }),
  ]
}

type Checks = Record<'database' | 'migrations' | 'clock' | 'invoicebox', string>

function createReadiness({ config, db, clock, clockWatch, invoicebox, log }: Parts): () => Promise<Checks> {
  const checkMigrations = onceTrue(() => isMigrated(config.databaseUrl))
  const takesWrites = remember(clock, BEAT_REMEMBERED_MS, () => beat(db, clock.now()))
  const checkWrites = (): Promise<string> =>
    takesWrites().then(
      () => 'ok',
      (error: unknown) => {
        log.error({ err: error }, 'the database takes no writes')
        return isDown(error) ? 'unreachable' : 'read-only or full'
      },
    )
  return async () => {
    const circuit = invoicebox.circuit()
    const upstream = circuit.open ? `held back until ${circuit.until.toISOString()}: ${circuit.reason}` : 'ok'
    try {
      await db.raw('select 1')
      if (!(await checkMigrations())) return { database: 'ok', migrations: 'pending', clock: 'unknown', invoicebox: upstream }
      const database = await checkWrites()
      return {
        database,
        migrations: 'ok',
        clock: database === 'ok' ? ((await clockWatch.fault()) ?? 'ok') : 'unknown',
        invoicebox: upstream,
      }
    } catch (error) {
      log.error({ err: error }, 'the database does not answer')
      return { database: 'unreachable', migrations: 'unknown', clock: 'unknown', invoicebox: upstream }
    }
  }
}

/** Asks until the answer was once true: a migrated database stays migrated while the process lives. */
function onceTrue(ask: () => Promise<boolean>): () => Promise<boolean> {
  let known = false
  return async () => (known ||= await ask())
}
