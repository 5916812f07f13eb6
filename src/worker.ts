import { HOUR, MINUTE, SECOND } from './shared/clock'
import { startLoop } from './shared/loop'
import type { Loop } from './shared/loop'
import { forgetReadings } from './invoicebox'
import { sealBatches } from './ledger'
import { forgetOldAttempts } from './members'
import { checkCaptured, forgetOldCheckouts, recoverPayments } from './payments'
import type { Parts } from './wiring'

/**
 * Everything that happens without anybody asking. Any number of processes may run it. One whose clock is wrong does nothing: it would take for due, for run out or for old
 * what is not.
 */
export function startWorker(parts: Parts): { stop(): Promise<void> } {
  const { db, clock, clockWatch, log } = parts
  const job = (name: string, pauseMs: number, run: () => Promise<number>): Loop =>
    startLoop({ name, pauseMs, log, run: async () => (await clockWatch.fault()) === undefined && (await run()) > 0 })
  const loops = [
    job('recover-payments', SECOND, () => recoverPayments(parts)),
    job('check-captured', 5 * SECOND, () => checkCaptured(parts)),
    job('seal-ledger', 10 * SECOND, () => sealBatches(db, clock.now())),
    // Looks at every old checkout, so not often.
    job('forget-checkouts', HOUR, () => forgetOldCheckouts(db, clock.now())),
    job('forget-old', 10 * MINUTE, () => forgetOldAttempts(db, clock.now())),
    job('forget-readings', 5 * MINUTE, () => forgetReadings(db, clock)),
  ]
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
}
