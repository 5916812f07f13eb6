import { openAlerts } from './shared/alerts'
import { inTransaction } from './shared/database'
import type { Parts } from './wiring'

/**
 * Asks Invoicebox once, in the background of a start, whether it knows our token: a wrong one is told to the operator, before a member finds it out. An Invoicebox
 * that cannot be asked now is no reason not to start. Never rejects.
 */
export async function checkToken({ db, clock, log, invoicebox }: Pick<Parts, 'db' | 'clock' | 'log' | 'invoicebox'>): Promise<void> {
  try {
    const { outcome } = await invoicebox.checkAuth()
    if (outcome.kind === 'authorized') return
    if (outcome.kind === 'unavailable') {
      log.warn({ reason: outcome.reason }, 'Invoicebox could not be asked whether it knows our token')
      return
    }
    log.error('Invoicebox refuses our token: check INVOICEBOX_TOKEN')
    const detail = 'Invoicebox refuses our token: it said so when the gateway started.'
    await inTransaction(db, (tx) => openAlerts(tx, [{ kind: 'invoicebox_refuses_us', subject: 'invoicebox', detail, at: clock.now() }]))
  } catch (error) {
    log.error({ err: error }, 'it was not found out whether Invoicebox knows our token')
  }
}
