import { openSync, readSync } from 'node:fs'
import { readConfig } from '../../src/config'
import { sealBatches } from '../../src/ledger'
import { checkCaptured, recoverPayments } from '../../src/payments'
import type { FaultPoint } from '../../src/payments'
import { serve } from '../../src/serve'
import type { Running } from '../../src/serve'
import type { Clock } from '../../src/shared/clock'
import { createLog } from '../../src/shared/log'
import { buildParts } from '../../src/wiring'
import type { Parts } from '../../src/wiring'
import type { Answer, Order } from './orders'

/**
 * The gateway as `gateway serve --with-worker` starts it, under the harness's orders. Three things differ from the product: its clock can be moved, it can be told to end or
 * stop at a named step, and it waits for Invoicebox for a fraction of a second. It loads everything and then waits for the order to start, so that a killed process is replaced at once.
 */
let parts: Parts | undefined
let running: Running | undefined
let trap: Extract<Order, { do: 'trap' }> | undefined
let passed = 0

const say = (answer: Answer): Promise<void> =>
  new Promise((resolve) => {
    if (!process.send) throw new Error('This program is started by the fault harness.')
    process.send(answer, () => resolve())
  })

/** Read from a file at every look, so that a process that was stopped wakes up with the right time. */
function clockOf(path: string): Clock {
  const file = openSync(path, 'r')
  const bytes = Buffer.alloc(8)
  return {
    now() {
      readSync(file, bytes, 0, 8, 0)
      return new Date(Date.now() + Number(bytes.readBigInt64LE()))
    },
  }
}

async function faultPoint(step: FaultPoint): Promise<void> {
  if (step !== trap?.step || passed++ < trap.skip) return
  const { signal } = trap
  trap = undefined
  await say({ say: 'trapped' })
  process.kill(process.pid, signal)
}

async function start({ env, clockFile, timeouts }: Extract<Order, { do: 'start' }>): Promise<void> {
  const config = readConfig(env, {})
  parts = buildParts(config, { clock: clockOf(clockFile), log: createLog(config.logLevel), timeouts, faultPoint })
  running = await serve(parts, { withWorker: true })
  await say({ say: 'listening', port: running.port })
}

/** A run may fail while the database is away; the harness asks again. */
async function work(number: number): Promise<void> {
  const now = parts
  if (now) {
    const runs = [() => recoverPayments(now), () => checkCaptured(now), () => sealBatches(now.db, now.clock.now())]
    for (const run of runs) await untilNothingIsLeft(run).catch((error: unknown) => now.log.error({ err: error }, 'a run failed'))
  }
  await say({ say: 'worked', number })
}

async function untilNothingIsLeft(run: () => Promise<number>): Promise<void> {
  while ((await run()) > 0);
}

async function obey(order: Order): Promise<void> {
  switch (order.do) {
    case 'start':
      return start(order).catch((error: unknown) =>
        say({ say: 'not-started', why: error instanceof Error ? error.message : String(error) }),
      )
    case 'work':
      return work(order.number)
    case 'trap':
      trap = order
      passed = 0
      return say({ say: 'armed' })
    case 'keep-code':
      return // `child-start.ts` does it.
  }
}

process.on('message', (order: Order) => void obey(order))
// Without the harness there is nobody to end this process.
process.on('disconnect', () => process.exit(1))
process.once('SIGTERM', () => {
  void Promise.resolve(running?.stop()).then(() => process.exit(0))
})
void say({ say: 'loaded' })
