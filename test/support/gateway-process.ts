import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readConfig } from '../../src/config'
import type { FaultPoint } from '../../src/payments'
import { serve, work } from '../../src/serve'
import { createLog } from '../../src/shared/log'
import { buildParts } from '../../src/wiring'
import { builtFile, startedWith } from './built-product'
import { freePort } from './free-port'
import type { World } from './world'

/**
 * A gateway in a process of its own, for tests that kill it. Run as a program it serves as `gateway serve` does, with two differences told by its environment:
 * DIES_AT names the step at which it kills itself, CLOCK_OFFSET_MS moves its clock. With the role `worker` it runs as `gateway worker` does.
 */
export interface GatewayProcess {
  readonly url: string
  readonly child: ChildProcess
  /** How the process ended: the signal that killed it, or its exit code. */
  readonly ended: Promise<string>
}

export interface ProcessOptions {
  readonly diesAt?: FaultPoint
  readonly withWorker?: boolean
  readonly clockOffsetMs?: number
  /** Another way to the world's database, through a connection pooler. */
  readonly databaseUrl?: string
  /** The address that several processes share behind a load balancer. */
  readonly publicUrl?: string
  /** The web process unless told otherwise. */
  readonly role?: 'serve' | 'worker'
  /** Further settings. */
  readonly env?: Readonly<Record<string, string>>
}

/** Starts one on the database and the sandbox of a world. Resolves when it listens or works, or when it ended before. */
export async function startGateway(world: World, options: ProcessOptions = {}): Promise<GatewayProcess> {
  const port = await freePort()
  const { invoicebox, sandboxPort } = world.parts.config
  const child = spawn(process.execPath, startedWith(builtFile('test/support/gateway-process.ts')), {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env.PATH ?? '',
      MODE: 'sandbox',
      PORT: String(port),
      PUBLIC_URL: options.publicUrl ?? `http://127.0.0.1:${port}`,
      DATABASE_URL: options.databaseUrl ?? world.databaseUrl,
      INVOICEBOX_API_URL: invoicebox.apiUrl,
      INVOICEBOX_TOKEN: invoicebox.token,
      SANDBOX_PORT: String(sandboxPort),
      INVOICEBOX_RATE_LIMIT: '999999/1',
      DIES_AT: options.diesAt ?? '',
      ROLE: options.role ?? 'serve',
      WITH_WORKER: options.withWorker ? 'yes' : '',
      CLOCK_OFFSET_MS: String(options.clockOffsetMs ?? 0),
      ...options.env,
    },
  })
  const ended = once(child, 'exit').then(([code, signal]: (string | number | null)[]) => String(signal ?? code))
  await Promise.race([once(child.stdout, 'data'), ended])
  return { url: `http://127.0.0.1:${port}`, child, ended }
}

async function main(): Promise<void> {
  const { DIES_AT, WITH_WORKER, CLOCK_OFFSET_MS, ROLE } = process.env
  const clock = { now: () => new Date(Date.now() + Number(CLOCK_OFFSET_MS)) }
  const faultPoint = (step: FaultPoint): void => {
    if (step === DIES_AT) process.kill(process.pid, 'SIGKILL')
  }
  const parts = buildParts(readConfig({}, process.env), { clock, log: createLog('silent'), faultPoint })
  const running = ROLE === 'worker' ? await work(parts) : await serve(parts, { withWorker: WITH_WORKER === 'yes' })
  process.once('SIGTERM', () => void running.stop().then(() => process.exit(0)))
  ;(globalThis as { keepCode?: () => void }).keepCode?.() // Those who are killed leave it to those who start after them.
  process.stdout.write('running\n')
}

if (require.main === module) void main()
