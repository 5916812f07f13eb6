import { HOUR, MINUTE, SECOND } from './shared/clock'
import { startLoop } from './shared/loop'
import type { Loop } from './shared/loop'
import { chainAudit } from './audit'
import { lapseSignatures, runOnSchedule, syncPayments, tellMonth } from './autopay'
import { proveWhenDue } from './backoffice/home/prove-money'
import { watchMerchantToken } from './check-token'
import { forgetReadings } from './invoicebox'
import { checkThresholds, closeFundDays } from './fund'
import { sealBatches } from './ledger'
import { forgetOldAttempts } from './members'
import { openNotificationGate } from './notification-gate'
import {
  checkOrders,
  COMPARE_COMPLETED_EVERY_MS,
  COMPARE_EVERY_MS,
  compareOrders,
  compareRefunds,
  forgetBuyers,
  recoverRefunds,
} from './orders'
import { checkCaptured, forgetOldCheckouts, recoverPayments } from './payments'
import { reconcileNightly } from './reconciliation'
import { forgetCodes } from './storefront'
import type { Parts } from './wiring'

/**
 * Everything that happens without anybody asking. Any number of processes may run it. One whose clock is wrong does nothing: it would take for due, for run out or for old
 * what is not.
 */
export function startWorker(parts: Parts): { stop(): Promise<void> } {
  const { config, db, clock, clockWatch, log, notices } = parts
  const job = (name: string, pauseMs: number, run: () => Promise<number>): Loop =>
    startLoop({ name, pauseMs, log, run: async () => (await clockWatch.fault()) === undefined && (await run()) > 0 })
  let isStopping = false
  const loops = [
    job('recover-payments', SECOND, () => recoverPayments(parts)),
    job('check-captured', 5 * SECOND, () => checkCaptured(parts)),
    job('check-orders', 2 * SECOND, () => checkOrders(parts)),
    job('recover-refunds', 2 * SECOND, () => recoverRefunds(parts)),
    job('compare-orders', COMPARE_EVERY_MS, () => compareOrders(parts)),
    job('compare-refunds', COMPARE_EVERY_MS, () => compareRefunds(parts)),
    job('compare-completed-refunds', COMPARE_COMPLETED_EVERY_MS, () => compareRefunds(parts, 'completed')),
    job('watch-merchant-token', 10 * SECOND, () => watchMerchantToken(parts).then(() => 0)),
    job('forget-buyers', HOUR, () => forgetBuyers(db, clock.now())),
    job('forget-codes', 10 * MINUTE, () => forgetCodes(db, clock.now())),
    job('seal-ledger', 10 * SECOND, () => sealBatches(db, clock.now())),
    job('chain-audit', 10 * SECOND, () => chainAudit(db)),
    job('tidy-approvals', 30 * SECOND, () => parts.approvals.tidyUp()),
    job('prove-money', MINUTE, () => proveWhenDue(parts)),
    // Looks at every old checkout, so not often.
    job('forget-checkouts', HOUR, () => forgetOldCheckouts(db, clock.now())),
    job('forget-old', 10 * MINUTE, () => forgetOldAttempts(db, clock.now())),
    job('check-fund-thresholds', MINUTE, () => checkThresholds(parts)),
    job('close-fund-days', 5 * MINUTE, () => closeFundDays(parts, config.timeZone)),
    job('queue-notices', 5 * SECOND, () => notices.queue()),
    job('send-letters', 5 * SECOND, () => notices.sendMail()),
    job('call-webhook', 5 * SECOND, () => notices.callWebhook()),
    job('forget-notices', HOUR, () => notices.forget()),
    job('reconcile-nightly', MINUTE, () => reconcileNightly(parts, config.timeZone)),
    job('pay-invoices', 5 * SECOND, () => payOnSchedule(parts, () => isStopping)),
    job('follow-autopay', 10 * SECOND, () => syncPayments(db, clock.now())),
    job('lapse-signatures', MINUTE, () => lapseSignatures(parts)),
    job('tell-month', 10 * MINUTE, () => tellMonth(parts, config.timeZone)),
    job('forget-readings', 5 * MINUTE, () => forgetReadings(db, clock)),
  ]
  const gate = openNotificationGate(parts)
  return {
    async stop() {
      isStopping = true
      await Promise.all([...loops.map((loop) => loop.stop()), gate?.stop()])
    },
  }
}

/** A run that its process could not finish is taken over even where nothing is begun by the clock. */
const payOnSchedule = (parts: Parts, isStopping: () => boolean): Promise<number> => {
  const { autopay, timeZone: zone } = parts.config
  return runOnSchedule(parts, autopay.schedule === null ? null : { expression: autopay.schedule, zone }, { isStopping })
}
