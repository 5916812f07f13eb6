import { AUTOPAY, beginRun, carryOutRun } from '../autopay'
import { DAY, HOUR, plus } from '../shared/clock'
import type { Parts } from '../wiring'

interface DemoInvoice {
  readonly vatNumber?: string
  readonly number: string
  readonly description: string
  readonly amount: string
  readonly currencyId?: string
  readonly dueInMs: number
}

const ROMASHKA = '7710044140'
const NAMES: Readonly<Record<string, string>> = { [ROMASHKA]: 'ООО «Ромашка»', '7702070139': 'АО «Василёк»' }

/** One invoice of each outcome under the rules of the demo, so that every page of automatic payment has something to show. */
const INVOICES: readonly DemoInvoice[] = [
  { number: '417-100201', description: 'Услуги связи, ноябрь', amount: '8400.00', dueInMs: 5 * DAY }, //           paid
  { number: '417-100202', description: 'Услуги связи, ноябрь', amount: '8400.00', dueInMs: 6 * DAY }, //           a duplicate
  { number: '512-100377', description: 'Канцтовары для офиса', amount: '3250.00', dueInMs: 2 * DAY }, //           paid
  { number: '512-100378', description: 'Канцтовары: бумага', amount: '2100.00', dueInMs: 3 * HOUR }, //            paid first, since it expires soon
  { number: '512-100379', description: 'Канцтовары для филиалов', amount: '18600.00', dueInMs: 4 * DAY }, //       above the limit of one invoice
  { number: '610-100415', description: 'Аренда склада, декабрь', amount: '45000.00', dueInMs: 6 * DAY }, //        one signature
  { number: '610-100416', description: 'Аренда офиса, декабрь', amount: '120000.00', dueInMs: 3 * DAY }, //        two signatures
  { number: '733-100588', description: 'Юридическое сопровождение сделки', amount: '60000.00', dueInMs: 5 * DAY }, // held by a rule
  { number: '841-100602', description: 'Ремонт кофемашины', amount: '12700.00', dueInMs: 4 * DAY }, //             no rule
  { number: '905-100611', description: 'Подписка на сервис', amount: '250.00', currencyId: 'USD', dueInMs: 4 * DAY }, // another currency
  { vatNumber: '7702070139', number: '120-100700', description: 'Питание сотрудников, ноябрь', amount: '9600.00', dueInMs: 3 * DAY },
]

/** Issues the invoices in the sandbox that runs beside the demo, through its control interface. */
export async function issueDemoInvoices(sandboxUrl: string, now: Date): Promise<void> {
  for (const { vatNumber = ROMASHKA, dueInMs, ...invoice } of INVOICES) {
    const customer = { type: 'legal', name: NAMES[vatNumber] ?? vatNumber, vatNumber }
    const response = await fetch(`${sandboxUrl}/_sandbox/invoices`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...invoice, customer, expirationDate: plus(now, dueInMs).toISOString() }),
    })
    if (!response.ok) throw new Error(`The sandbox refuses an invoice of the demo: ${response.status} ${await response.text()}`)
  }
}

/** Reads them once and decides about them, so that the queues are filled at first sight. Automatic payment is off, so nothing is paid. */
export async function lookAtDemoInvoices(parts: Parts): Promise<void> {
  const run = await beginRun(parts, { author: AUTOPAY, scope: {} })
  if (run) await carryOutRun(parts, run)
}
