import { request } from 'undici'
import type { SandboxInvoice } from '../support/sandbox-control'
import type { SandboxFault } from './plan'
import { until } from './until'

/** One call that a gateway made, as the sandbox's journal has it. */
export interface Call {
  /** Real time, whatever the clocks say. */
  readonly at: string
  readonly method: string
  readonly path: string
  readonly query: string
  readonly requestBody: string | null
  readonly status: number | null
  /** null while the sandbox works on it. */
  readonly ms: number | null
}

export interface UpstreamOperation {
  readonly id: string
  readonly partnerOperationId: string
  readonly amount: string
  readonly isReversed: boolean
}

export interface UpstreamInvoice {
  readonly id: string
  readonly status: string
  readonly amount: string
  readonly operations: readonly UpstreamOperation[]
}

export interface FundEntry {
  readonly kind: string
  readonly amount: string
}

const PLENTY = '1000000.00'

/** The sandbox, through its control interface alone. */
export class Invoicebox {
  constructor(readonly url: string) {}

  /** Empties it, and takes the limit of requests and the magic amounts away: both would strike by chance. */
  async startAfresh(partnerUrl: string): Promise<void> {
    await this.call('POST', 'reset', { seed: false })
    await this.call('PUT', 'settings', { rateLimit: null, magicAmounts: false, partnerAuthUrl: partnerUrl })
  }

  async invoice(kopecks: number): Promise<SandboxInvoice> {
    const amount = `${Math.floor(kopecks / 100)}.${String(kopecks % 100).padStart(2, '0')}`
    return ((await this.call('POST', 'invoices', { amount })) as { data: SandboxInvoice }).data
  }

  async read(id: string): Promise<UpstreamInvoice> {
    return ((await this.call('GET', `invoices/${id}`)) as { data: UpstreamInvoice }).data
  }

  change(id: string, change: Readonly<Record<string, unknown>>): Promise<unknown> {
    return this.call('PATCH', `invoices/${id}`, change)
  }

  /** An invoice that is cancelled already stays so. */
  cancel(id: string): Promise<unknown> {
    return this.call('POST', `invoices/${id}/cancel-by-merchant`, {}).catch(() => undefined)
  }

  async plant(fault: SandboxFault, invoiceId: string | null): Promise<string> {
    return ((await this.call('POST', 'faults', { ...fault, invoiceId })) as { id: string }).id
  }

  /** How often each fault struck. */
  async strikes(): Promise<Map<string, number>> {
    const { data } = (await this.call('GET', 'faults')) as { data: { id: string; used: number }[] }
    return new Map(data.map(({ id, used }) => [id, used]))
  }

  behave(): Promise<unknown> {
    return this.call('DELETE', 'faults')
  }

  set(settings: Readonly<Record<string, boolean | number>>): Promise<unknown> {
    return this.call('PUT', 'settings', settings)
  }

  setClock(offsetMs: number): Promise<unknown> {
    return this.call('PUT', 'clock', { offsetSeconds: Math.round(offsetMs / 1_000) })
  }

  emptyFund(): Promise<unknown> {
    return this.call('PUT', 'fund', { balance: '0.00' })
  }

  fillFund(): Promise<unknown> {
    return this.call('PUT', 'fund', { balance: PLENTY })
  }

  async fundEntries(): Promise<FundEntry[]> {
    return ((await this.call('GET', 'fund')) as { data: { entries: FundEntry[] } }).data.entries
  }

  async calls(limit: number): Promise<Call[]> {
    return ((await this.call('GET', `requests?limit=${limit}`)) as { data: Call[] }).data
  }

  /** Resolves when it works on no request any more. */
  quiet(): Promise<void> {
    const isQuiet = async (): Promise<boolean> => (await this.calls(60)).every(({ ms }) => ms !== null)
    return until(isQuiet, 'Invoicebox has answered everything')
  }

  private async call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const { statusCode, body: answer } = await request(`${this.url}/_sandbox/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await answer.text()
    if (statusCode >= 300) throw new Error(`The sandbox refuses ${method} ${path}: ${statusCode} ${text}`)
    return JSON.parse(text) as unknown
  }
}
