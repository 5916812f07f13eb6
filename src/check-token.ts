import { openAlerts } from './shared/alerts'
import { inTransaction } from './shared/database'
import type { Parts } from './wiring'
import { tell } from './shared/told'

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
    const detail = tell('told.token_refused_at_start')
    await inTransaction(db, (tx) => openAlerts(tx, [{ kind: 'invoicebox_refuses_us', subject: 'invoicebox', detail, at: clock.now() }]))
  } catch (error) {
    log.error({ err: error }, 'it was not found out whether Invoicebox knows our token')
  }
}

/** Tells staff that the shop's token was refused; found out by the orders that are asked for and compared anyway. */
export async function watchMerchantToken({ db, clock, merchant }: Pick<Parts, 'db' | 'clock' | 'merchant'>): Promise<void> {
  const circuit = merchant?.circuit()
  if (!circuit?.open || circuit.reason !== 'unauthorized') return
  const alert = {
    kind: 'invoicebox_refuses_us',
    subject: 'invoicebox:merchant',
    detail: tell('told.merchant_token_refused'),
    at: clock.now(),
  } as const
  await inTransaction(db, (tx) => openAlerts(tx, [alert]))
}
