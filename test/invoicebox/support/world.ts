import { createLog } from '../../../src/shared/log'
import { plus } from '../../../src/shared/clock'
import { createInvoiceboxClient } from '../../../src/invoicebox'
import type { InvoiceboxClient, InvoiceboxSettings } from '../../../src/invoicebox'

export const TOKEN = '31337-API:5f1c0e7a9b2d4c6e8f00112233445566'
export const INVOICE_ID = '018f6d2a-7c3e-a9b8-c7d6-e5f4a3b2c1d0'
export const OPERATION_ID = '7d0f3c52-1a8e-4f6b-9c21-aa55e0b7d310'
export const TRANSACTION_ID = '018f6d2b-0f41-c2d3-e4f5-061728394a5b'

/** A clock that stands still until it is moved. */
export class MovedClock {
  private at = new Date('2026-03-05T10:00:00Z')
  now(): Date {
    return this.at
  }
  passes(milliseconds: number): void {
    this.at = plus(this.at, milliseconds)
  }
}

export const settings = (baseUrl: string, more: Partial<InvoiceboxSettings> = {}): InvoiceboxSettings => ({
  baseUrl,
  version: 'v3',
  token: TOKEN,
  appName: 'LoyaltyGateway',
  appVersion: '1.0',
  allowHttp: true,
  currencies: ['RUB'],
  ...more,
  timeouts: { pauseMs: 1, ...more.timeouts },
})

export interface TestClient {
  readonly client: InvoiceboxClient
  readonly clock: MovedClock
  /** All that was logged so far. */
  readonly logged: () => string
}

export function makeClient(baseUrl: string, more: Partial<InvoiceboxSettings> = {}): TestClient {
  const lines: string[] = []
  const clock = new MovedClock()
  let ids = 0
  const log = createLog('trace', { write: (line: string) => void lines.push(line) })
  const client = createInvoiceboxClient(settings(baseUrl, more), { clock, log, newId: () => `our-request-${(ids += 1)}` })
  return { client, clock, logged: () => lines.join('') }
}

/** The example of invoicebox-api 3.1. */
export const invoiceAnswer = (more: Readonly<Record<string, unknown>> = {}) => ({
  id: INVOICE_ID,
  number: '417-208815',
  createdAt: '2026-03-05T09:30:00+00:00',
  expirationDate: '2026-03-07T09:30:00+00:00',
  description: 'Сертификат на массаж, 2 сеанса',
  amount: 12200,
  vatAmount: 2200,
  currencyId: 'RUB',
  customer: { type: 'private', name: 'Смирнова Ольга Игоревна', phone: '79217654321', email: 'o.smirnova@example.test' },
  status: 'pending',
  paymentUrl: `https://pay.sandbox.test/order/${INVOICE_ID}`,
  ...more,
})

export const transactionAnswer = (more: Readonly<Record<string, unknown>> = {}) => ({
  data: { partnerOperationId: OPERATION_ID, id: TRANSACTION_ID, ...more },
  extendedData: [],
})
