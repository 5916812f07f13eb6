import { hostname } from 'node:os'
import type { Config } from './config'
import { createInvoiceboxClient } from './invoicebox'
import type { InvoiceboxClient, Timeouts } from './invoicebox'
import { createLedger } from './ledger'
import type { Ledger } from './ledger'
import { createFundGate } from './payments'
import type { FaultPoint, PaymentDeps } from './payments'
import { createBackground } from './shared/background'
import { systemClock } from './shared/clock'
import type { Clock } from './shared/clock'
import { openDatabase } from './shared/database'
import type { Db } from './shared/database'
import { newId } from './shared/ids'
import { createLog } from './shared/log'
import type { Log } from './shared/log'

/** The parts of a running gateway, built and joined. */
export interface Parts extends PaymentDeps {
  readonly config: Config
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly ledger: Ledger
  readonly invoicebox: InvoiceboxClient
  /** Lets running calls and batches end and closes every connection. */
  close(): Promise<void>
}

export interface Replacements {
  readonly clock?: Clock
  readonly log?: Log
  readonly timeouts?: Partial<Timeouts>
  /** No statement is given up for being slow: for the command line, whose reads may be long. */
  readonly patient?: boolean
  readonly faultPoint?: (step: FaultPoint) => void | Promise<void>
}

const VERSION = '0.1.0'

/** The only place that builds parts and joins them. Tests replace the clock, the log and the timeouts; nothing else. */
export function buildParts(config: Config, replace: Replacements = {}): Parts {
  const clock = replace.clock ?? systemClock
  const log = replace.log ?? createLog(config.logLevel)
  const db = openDatabase(config.databaseUrl, { patient: replace.patient ?? false })
  const ledger = createLedger({ db, clock, log })
  const allowHttp = config.mode !== 'production'
  const currencies = ['RUB'] as const
  const invoicebox = createInvoiceboxClient(
    {
      baseUrl: config.invoicebox.apiUrl,
      version: config.invoicebox.version,
      token: config.invoicebox.token,
      appName: 'InvoiceboxLoyaltyGateway',
      appVersion: VERSION,
      allowHttp,
      currencies,
      ...(replace.timeouts ? { timeouts: replace.timeouts } : {}),
    },
    { clock, log, newId },
  )
  return {
    config,
    db,
    clock,
    log,
    ledger,
    invoicebox,
    background: createBackground(),
    fundGate: createFundGate(clock),
    instance: `${hostname().slice(0, 20)}:${process.pid}:${newId().slice(0, 8)}`,
    settings: { rate: config.pointsPerRuble, secret: config.sessionSecret, returnHosts: config.returnHosts, allowHttp, currencies },
    faultPoint: replace.faultPoint,
    async close() {
      await ledger.idle()
      await invoicebox.close()
      await db.destroy()
    },
  }
}
