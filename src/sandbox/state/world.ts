import { createAgenda } from './agenda'
import type { Agenda } from './agenda'
import { createChance } from './chance'
import type { Chance } from './chance'
import { createClock } from './clock'
import type { MovableClock } from './clock'
import type { Fault } from './faults'
import { MAIN_CURRENCY, OPENING_BALANCE, openFund } from './fund'
import type { Fund } from './fund'
import type { GuaranteeCode } from './guarantee'
import type { Invoice, Operation } from './invoices'
import { createJournal } from './journal'
import type { Journal } from './journal'
import { createNotificationLog } from './notifications'
import type { Notification, NotificationLog } from './notifications'
import type { Opening } from './openings'
import type { Order } from './orders'
import { createRateCounter } from './rate'
import type { RateCounter } from './rate'
import type { Refund } from './refunds'
import { defaultSettings } from './settings'
import type { Settings, StartSettings } from './settings'
import type { Shipment } from './shipments'
import type { Shop, SpecialOffer } from './shops'

/** The partner whose token this is: one loyalty programme with one guarantee fund per currency. */
export interface Partner {
  readonly userId: string
  readonly name: string
  readonly token: string
}

/** The shop whose token this is. Its switches are settings. */
export interface Merchant {
  readonly userId: string
  readonly id: string
  readonly token: string
}

/** A listener on the WebSocket gate. */
export interface GateListener {
  readonly tell: (notification: Notification, body: string) => void
  readonly getStatus: (logQuantity: number) => Promise<unknown>
}

/** Everything the sandbox remembers. All of it lives in memory; `startAfresh` empties it. */
export interface World {
  /** The sandbox's own address, without a slash at the end. */
  readonly url: string
  readonly partner: Partner
  readonly merchant: Merchant
  /** What a reset comes back to. */
  readonly start: StartSettings
  /** Raised when the sandbox stops. */
  readonly stopping: AbortSignal
  readonly chance: Chance
  readonly journal: Journal
  readonly agenda: Agenda
  clock: MovableClock
  settings: Settings
  rate: RateCounter
  readonly invoices: Map<string, Invoice>
  /** By partnerOperationId. */
  readonly operations: Map<string, Operation>
  readonly funds: Map<string, Fund>
  readonly orders: Map<string, Order>
  /** Ids of the orders in an invoice, oldest first, by the invoice's id. */
  readonly containers: Map<string, string[]>
  readonly refunds: Map<string, Refund>
  readonly shipments: Map<number, Shipment>
  readonly shops: Map<number, Shop>
  /** By merchant and external id. */
  readonly offers: Map<string, SpecialOffer>
  /** Funds of companies that pay by guarantee, by tax number and currency. */
  readonly payerFunds: Map<string, Fund>
  /** By order id. */
  readonly guaranteeCodes: Map<string, GuaranteeCode>
  /** From which page of a mini-app a payment page was opened, by the invoice's id. */
  readonly openings: Map<string, Opening>
  readonly notifications: NotificationLog
  readonly listeners: Set<GateListener>
  readonly faults: Fault[]
  /** Counts created invoices; makes their numbers. */
  created: number
}

export interface WorldOptions {
  readonly url: string
  readonly token: string
  readonly merchantId: string
  readonly merchantToken: string
  readonly start: StartSettings
  readonly stopping: AbortSignal
  readonly seed: number
}

export function createWorld(options: WorldOptions): World {
  const agenda: Agenda = createAgenda(() => world.clock.now())
  const clock = createClock(() => agenda.wake())
  const world: World = {
    url: options.url,
    partner: { userId: '0b7c1d52-9f3e-a4d6-c8e0-5a6b7c8d9e0f', name: 'Программа «Баллы» (песочница)', token: options.token },
    merchant: { userId: '3d9e2f61-7a5b-c8d4-e1f0-8c7b6a5d4e3f', id: options.merchantId, token: options.merchantToken },
    start: options.start,
    stopping: options.stopping,
    chance: createChance(options.seed),
    journal: createJournal(),
    agenda,
    clock,
    settings: defaultSettings(options.start),
    rate: createRateCounter(),
    ...emptyRooms(),
    funds: new Map([[MAIN_CURRENCY, openFund(MAIN_CURRENCY, OPENING_BALANCE, clock.now())]]),
    created: 0,
  }
  return world
}

const emptyRooms = () => ({
  invoices: new Map<string, Invoice>(),
  operations: new Map<string, Operation>(),
  orders: new Map<string, Order>(),
  containers: new Map<string, string[]>(),
  refunds: new Map<string, Refund>(),
  shipments: new Map<number, Shipment>(),
  shops: new Map<number, Shop>(),
  offers: new Map<string, SpecialOffer>(),
  payerFunds: new Map<string, Fund>(),
  guaranteeCodes: new Map<string, GuaranteeCode>(),
  openings: new Map<string, Opening>(),
  notifications: createNotificationLog(),
  listeners: new Set<GateListener>(),
  faults: [] as Fault[],
})

/** Back to the first state, without seeded invoices; the switches too. Listeners of the gate stay connected. */
export function startAfresh(world: World): void {
  world.agenda.clear()
  world.clock = createClock(() => world.agenda.wake())
  world.settings = defaultSettings(world.start)
  world.rate = createRateCounter()
  world.journal.clear()
  world.notifications.clear()
  const { invoices, operations, orders, containers, refunds, shipments, shops, offers, payerFunds, guaranteeCodes, openings, funds } = world
  const rooms = [invoices, operations, orders, containers, refunds, shipments, shops, offers, payerFunds, guaranteeCodes, openings, funds]
  for (const room of rooms) room.clear()
  funds.set(MAIN_CURRENCY, openFund(MAIN_CURRENCY, OPENING_BALANCE, world.clock.now()))
  world.faults.length = 0
  world.created = 0
}

export const operationsOn = (world: World, invoice: Invoice): Operation[] =>
  [...world.operations.values()].filter((operation) => operation.invoiceId === invoice.id)
