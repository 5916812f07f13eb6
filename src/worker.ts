import { HOUR, MINUTE, SECOND } from './shared/clock'
import { startLoop } from './shared/loop'
import type { Loop } from './shared/loop'
import { sealBatches } from './ledger'
import { forgetOldAttempts } from './members'
import { checkCaptured, forgetOldCheckouts, recoverPayments } from './payments'
import type { Parts } from './wiring'

/** Everything that happens without anybody asking. Any number of processes may run it. */
export function startWorker(parts: Parts): { stop(): Promise<void> } {
  const { db, clock, log } = parts
  const job = (name: string, pauseMs: number, run: () => Promise<number>): Loop =>
    startLoop({ name, pauseMs, log, run: async () => (await run()) > 0 })
  const loops = [
    job('recover-payments', SECOND, () => recoverPayments(parts)),
    job('check-captured', 5 * SECOND, () => checkCaptured(parts)),
    job('seal-ledger', 10 * SECOND, () => sealBatches(db, clock.now())),
    // Looks at every old checkout, so not often.
    job('forget-checkouts', HOUR, () => forgetOldCheckouts(db, clock.now())),
    startLoop({ name: 'forget-old', pauseMs: 10 * MINUTE, log, run: () => forgetOldAttempts(db, clock.now()).then(() => false) }),
  ]
  return {
    async stop() {
      await Promise.all(loops.map((loop) => loop.stop()))
    },
  }
}
