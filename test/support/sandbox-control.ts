/** The sandbox's control interface, as a test speaks to it. */
export interface SandboxInvoice {
  readonly id: string
  readonly number: string
  readonly amount: number
  readonly paymentUrl: string
  readonly partnerUrl: string
}

export interface Operation {
  readonly id: string
  readonly partnerOperationId: string
  readonly amount: number | string
}

export interface Fault {
  readonly on: string
  readonly kind: string
  readonly times?: number | null
  readonly ms?: number
  readonly status?: number
  readonly code?: string
  readonly retryAfter?: string | number
  readonly after?: boolean
  readonly before?: boolean
  readonly body?: string
  readonly copies?: number
}

export class SandboxControl {
  constructor(readonly url: string) {}

  async invoice(of: { amount: string | number } & Record<string, unknown>): Promise<SandboxInvoice> {
    return ((await this.call('POST', 'invoices', of)) as { data: SandboxInvoice }).data
  }

  change(invoice: { id: string }, change: Record<string, unknown>): Promise<unknown> {
    return this.call('PATCH', `invoices/${invoice.id}`, change)
  }

  cancelByMerchant(invoice: { id: string }): Promise<unknown> {
    return this.call('POST', `invoices/${invoice.id}/cancel-by-merchant`)
  }

  async read(invoice: { id: string }): Promise<{ status: string; amount: number; operations: Operation[] }> {
    return ((await this.call('GET', `invoices/${invoice.id}`)) as { data: { status: string; amount: number; operations: Operation[] } })
      .data
  }

  async operationsOn(invoice: { id: string }): Promise<Operation[]> {
    return (await this.read(invoice)).operations
  }

  misbehave(fault: Fault): Promise<unknown> {
    return this.call('POST', 'faults', fault)
  }

  behave(): Promise<unknown> {
    return this.call('DELETE', 'faults')
  }

  settings(settings: Record<string, unknown>): Promise<unknown> {
    return this.call('PUT', 'settings', settings)
  }

  /** No request limit, for tests that are not about it. */
  unlimited(): Promise<unknown> {
    return this.settings({ rateLimit: null })
  }

  async fund(change?: { balance?: string; overdraft?: string }): Promise<{ balance: string; overdraft: string }> {
    const answer = (await this.call(change ? 'PUT' : 'GET', 'fund', change)) as { data?: { balance: string; overdraft: string } } & {
      balance: string
      overdraft: string
    }
    return answer.data ?? answer
  }

  advanceClock(milliseconds: number): Promise<unknown> {
    return this.call('PUT', 'clock', { advanceSeconds: Math.round(milliseconds / 1000) })
  }

  /** What was asked of the Business API, oldest first. */
  async requests(): Promise<{ method: string; path: string; status: number }[]> {
    const answer = (await this.call('GET', 'requests?limit=1000')) as
      { data?: { method: string; path: string; status: number }[] } | { method: string; path: string; status: number }[]
    const list = Array.isArray(answer) ? answer : (answer.data ?? [])
    return [...list].reverse().filter((request) => request.path.includes('/business/'))
  }

  private async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}/_sandbox/${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`The sandbox refuses ${method} ${path}: ${response.status} ${text}`)
    return text === '' ? undefined : (JSON.parse(text) as unknown)
  }
}
