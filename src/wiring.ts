import { hostname } from 'node:os'
import { createApprovals } from './approvals'
import type { Approvals } from './approvals'
import { invoicesOfOthers, isInHand, knownOrganisations } from './autopay'
import type { Config } from './config'
import { allDeeds, buildDeeds } from './deeds'
import type { Deeds } from './deeds'
import {
  createInvoiceboxClient,
  createMarketplaceClient,
  createMerchantClient,
  createRequestBudget,
  DEFAULT_TIMEOUTS,
  shareReads,
  unlimitedBudget,
} from './invoicebox'
import type { BudgetDeps, InvoiceboxClient, InvoiceboxDeps, MerchantClient, RequestBudget, Timeouts } from './invoicebox'
import { createLedger } from './ledger'
import type { Ledger } from './ledger'
import { createNotices, tellBuyerWith } from './notices'
import { ownGoodsOn } from './orders'
import type { OrderDeps, OrderSettings } from './orders'
import { refuseOwnInvoices } from './own-invoices'
import type { Notices, NoticeSettings } from './notices'
import { createFundGate, findPaymentsOf } from './payments'
import type { FaultPoint, PaymentDeps } from './payments'
import { createBackground } from './shared/background'
import { SECOND, systemClock } from './shared/clock'
import type { Clock } from './shared/clock'
import { createClockWatch, UNWATCHED } from './shared/clock-watch'
import type { ClockWatch } from './shared/clock-watch'
import { openDatabase } from './shared/database'
import type { Db } from './shared/database'
import { newId } from './shared/ids'
import { createLog } from './shared/log'
import type { Log } from './shared/log'
import type { StaffDeps } from './staff'
import { createSeal } from './shared/seal'
import { createFulfilment } from './storefront'
import type { Marketplace, PublishDeps, StorefrontSettings } from './storefront'

/** The parts of a running gateway, built and joined. */
export interface Parts extends PaymentDeps, OrderDeps, PublishDeps {
  readonly config: Config
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly ledger: Ledger
  readonly invoicebox: InvoiceboxClient
  /** null where the operator is no merchant of Invoicebox, so that nothing is sold. */
  readonly merchant: MerchantClient | null
  readonly clockWatch: ClockWatch
  readonly approvals: Approvals
  readonly deeds: Deeds
  readonly notices: Notices
  /** What the room of the staff needs. */
  readonly staff: StaffDeps
  /** Lets running calls and batches end and closes every connection. */
  close(): Promise<void>
}

export interface Replacements {
  readonly clock?: Clock
  /** Whether the clock is compared with the database's, as the host's own always is; one that is handed in may be moved on purpose. */
  readonly watchClock?: boolean
  readonly log?: Log
  readonly timeouts?: Partial<Timeouts>
  /** No statement is given up for being slow: for the command line, whose reads may be long. */
  readonly patient?: boolean
  readonly faultPoint?: (step: FaultPoint) => void | Promise<void>
}

export const VERSION = '0.1.0'

/** The only place that builds parts and joins them. Tests replace the clock, the log and the timeouts; nothing else. */
export function buildParts(config: Config, replace: Replacements = {}): Parts {
  const clock = replace.clock ?? systemClock
  const log = replace.log ?? createLog(config.logLevel)
  const db = openDatabase(config.databaseUrl, { patient: replace.patient ?? false })
  const instance = `${hostname().slice(0, 20)}:${process.pid}:${newId().slice(0, 8)}`
  const ledger = createLedger({ db, clock, log })
  const timeouts = { ...DEFAULT_TIMEOUTS, ...replace.timeouts }
  const goods = storefrontParts(config)
  const notices = createNotices({ db, clock, log, settings: noticeSettings(config), storefront: goods.storefront })
  const shared: BudgetDeps = { db, clock, log, newId, instance }
  const budget = createBudget(config, timeouts, shared)
  const invoicebox = refuseOwnInvoices(createInvoicebox(config, timeouts, { ...shared, budget }), db)
  const merchant = createMerchant(config, timeouts, { ...shared, budget })
  const own: PaymentDeps = {
    db,
    clock,
    log,
    ledger,
    invoicebox,
    background: createBackground(),
    fundGate: createFundGate(clock),
    instance,
    ownGoodsOn: (invoiceId) => ownGoodsOn(db, invoiceId),
    ...whoKnowsWhat(db),
    settings: paymentSettings(config),
    faultPoint: replace.faultPoint,
  }
  const staff: StaffDeps = { db, clock, log, settings: staffSettings(config) }
  const marketplace = createMarketplace(config, timeouts, { ...shared, budget })
  const selling = { merchant, topUps: topUpSettings(config), marketplace, ...goods, isBeingPaid: isBeingPaidIn(db) }
  const deeds = buildDeeds({ ...own, ...selling }, staff)
  return {
    ...own,
    ...selling,
    config,
    approvals: createApprovals({ db, clock, log, alone: config.alone }, allDeeds(deeds)),
    deeds,
    notices,
    staff,
    clockWatch: (replace.watchClock ?? !replace.clock) ? createClockWatch({ db, clock, log, instance }) : UNWATCHED,
    async close() {
      await ledger.idle()
      await merchant?.close()
      await marketplace?.client.close()
      await invoicebox.close()
      await notices.close()
      await db.destroy()
    },
  }
}

/** Of whose payments and invoices somebody may know. */
const whoKnowsWhat = (db: Db): Pick<PaymentDeps, 'knownOrganisations' | 'invoicesOfOthers'> => ({
  knownOrganisations: (by) => knownOrganisations(db, by),
  invoicesOfOthers: (organisations) => invoicesOfOthers(db, organisations),
})

/** Whether a payment with points, or of an organisation, binds an invoice, or automatic payment is about to make one. */
const isBeingPaidIn =
  (db: Db) =>
  async (invoiceId: string): Promise<boolean> =>
    (await findPaymentsOf(db, [invoiceId])).some(({ binds }) => binds) || isInHand(db, invoiceId)

const allowHttp = ({ mode }: Config): boolean => mode !== 'production'
const CURRENCIES = ['RUB'] as const

const staffSettings = ({ mode, sessionSecret: secret, program }: Config): StaffDeps['settings'] => ({
  secondFactor: mode !== 'demo',
  secret,
  issuer: program.name,
})

/** What is sold besides points, and how its buyers are told. */
function storefrontParts(config: Config): Pick<Parts, 'storefront' | 'fulfilment'> {
  const storefront = storefrontSettings(config)
  return { storefront, fulfilment: createFulfilment(storefront.codes, tellBuyerWith(noticeSettings(config))) }
}

/** Each seal has a purpose of its own, so that what one of them made means nothing to another. What must outlive a change of the session secret has a secret of its own. */
const storefrontSettings = ({ sessionSecret, codesSecret, timeZone }: Config): StorefrontSettings => ({
  codes: createSeal(codesSecret, 'codes of vouchers'),
  oneTimeCodes: createSeal(sessionSecret, 'one-time codes by e-mail'),
  memberPasses: createSeal(sessionSecret, 'passes of members in the mini-app'),
  orderPasses: createSeal(codesSecret, 'passes of orders in the mini-app'),
  zone: timeZone,
})

const topUpSettings = ({ topUps, pointsPerRuble: rate, publicUrl, program }: Config): OrderSettings => ({
  ...topUps,
  rate,
  publicUrl,
  programName: program.name,
})

const paymentSettings = (config: Config): PaymentDeps['settings'] => ({
  rate: config.pointsPerRuble,
  secret: config.sessionSecret,
  returnHosts: config.returnHosts,
  allowHttp: allowHttp(config),
  currencies: CURRENCIES,
  timeZone: config.timeZone,
})

const connection = (config: Config, timeouts: Timeouts) => ({
  baseUrl: config.invoicebox.apiUrl,
  version: config.invoicebox.version,
  appName: 'InvoiceboxLoyaltyGateway',
  appVersion: VERSION,
  allowHttp: allowHttp(config),
  currencies: CURRENCIES,
  timeouts,
})

function createInvoicebox(config: Config, timeouts: Timeouts, deps: BudgetDeps & InvoiceboxDeps): InvoiceboxClient {
  const client = createInvoiceboxClient({ ...connection(config, timeouts), token: config.invoicebox.token }, deps)
  return shareReads(client, { ...deps, readMs: timeouts.readMs })
}

/** Its requests count with the others: the limit is the account's, whichever token asks. */
function createMerchant(config: Config, timeouts: Timeouts, deps: InvoiceboxDeps): MerchantClient | null {
  const { merchantId, merchantToken: token } = config.invoicebox
  return merchantId === undefined ? null : createMerchantClient({ ...connection(config, timeouts), token, merchantId }, deps)
}

/** Shops are sent to the marketplace by the merchant, for the programme. */
function createMarketplace(config: Config, timeouts: Timeouts, deps: InvoiceboxDeps): Marketplace | null {
  const { merchantId, merchantToken: token, programId } = config.invoicebox
  if (merchantId === undefined || programId === undefined) return null
  return { client: createMarketplaceClient({ ...connection(config, timeouts), token, merchantId }, deps), programId }
}

const noticeSettings = ({ publicUrl, program, timeZone, mail, alerts, mode }: Config): NoticeSettings => ({
  publicUrl,
  programName: program.name,
  zone: timeZone,
  mail,
  alerts,
  allowPrivate: mode !== 'production',
})

function createBudget(config: Config, { writeMs, readMs }: Timeouts, deps: BudgetDeps): RequestBudget {
  const { rateLimit } = config.invoicebox
  if (!rateLimit) return unlimitedBudget
  const limit = { requests: rateLimit.requests, windowMs: rateLimit.seconds * SECOND }
  return createRequestBudget({ limit, longestRequestMs: Math.max(writeMs, readMs) }, deps)
}
