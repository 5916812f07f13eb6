import { createChance } from './chance'
import type { Chance } from './chance'
import { createClock } from './clock'
import type { MovableClock } from './clock'
import type { Fault } from './faults'
import { MAIN_CURRENCY, OPENING_BALANCE, openFund } from './fund'
import type { Fund } from './fund'
import type { Invoice, Operation } from './invoices'
import { createJournal } from './journal'
import type { Journal } from './journal'
import { createRateCounter } from './rate'
import type { RateCounter } from './rate'
import { defaultSettings } from './settings'
import type { Settings } from './settings'

/** The partner whose token this is: one loyalty programme with one guarantee fund per currency. */
export interface Partner {
  readonly userId: string
  readonly name: string
  readonly token: string
}

/** Everything the sandbox remembers. All of it lives in memory; `startAfresh` empties it. */
export interface World {
  /** The sandbox's own address, without a slash at the end. */
  readonly url: string
  readonly partner: Partner
  readonly chance: Chance
  readonly journal: Journal
  clock: MovableClock
  settings: Settings
  rate: RateCounter
  readonly invoices: Map<string, Invoice>
  /** By partnerOperationId. */
  readonly operations: Map<string, Operation>
  readonly funds: Map<string, Fund>
  readonly faults: Fault[]
  /** Counts created invoices; makes their numbers. */
  created: number
}

export interface WorldOptions {
  readonly url: string
  readonly token: string
  readonly partnerAuthUrl: string
  readonly seed: number
}

export function createWorld(options: WorldOptions): World {
  const clock = createClock()
  return {
    url: options.url,
    partner: { userId: '0b7c1d52-9f3e-a4d6-c8e0-5a6b7c8d9e0f', name: 'Программа «Баллы» (песочница)', token: options.token },
    chance: createChance(options.seed),
    journal: createJournal(),
    clock,
    settings: defaultSettings(options.partnerAuthUrl),
    rate: createRateCounter(),
    invoices: new Map(),
    operations: new Map(),
    funds: new Map([[MAIN_CURRENCY, openFund(MAIN_CURRENCY, OPENING_BALANCE, clock.now())]]),
    faults: [],
    created: 0,
  }
}

/** Back to the first state, without seeded invoices; the switches too. */
export function startAfresh(world: World, partnerAuthUrl: string): void {
  world.clock = createClock()
  world.settings = defaultSettings(partnerAuthUrl)
  world.rate = createRateCounter()
  world.journal.clear()
  world.invoices.clear()
  world.operations.clear()
  world.funds.clear()
  world.funds.set(MAIN_CURRENCY, openFund(MAIN_CURRENCY, OPENING_BALANCE, world.clock.now()))
  world.faults.length = 0
  world.created = 0
}

export const operationsOn = (world: World, invoice: Invoice): Operation[] =>
  [...world.operations.values()].filter((operation) => operation.invoiceId === invoice.id)
