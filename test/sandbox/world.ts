import { startSandbox } from '../../src/sandbox'
import type { RunningSandbox, SandboxOptions } from '../../src/sandbox'

/** What one token, id or text must look like inside a larger shape. */
export const like = (pattern: RegExp): string => expect.stringMatching(pattern) as string

/** Every field that a test reads off an answer, of the API or of the control interface. */
export interface Shown {
  readonly id: string
  readonly number: string
  readonly amount: string | number
  readonly status: string | number
  readonly paymentUrl: string
  readonly partnerUrl: string
  readonly partnerOperationId: string
  readonly userId: string | null
  readonly customer: unknown
  readonly operations: readonly Shown[]
  readonly isReversed: boolean
  readonly balance: string
  readonly entries: readonly (Shown & { readonly kind: string })[]
  readonly invoices: number
  readonly now: string
  readonly offsetSeconds: number
  readonly rateLimit: string | null
  readonly fault: string | null
  readonly warnings: readonly string[]
  readonly requestBody: string
  readonly responseBody: string
}

export interface ErrorShown {
  readonly message: string
  readonly code: string
  readonly fields: readonly { readonly name: string }[]
}

export interface Body {
  readonly data: Shown
  readonly error: ErrorShown
  readonly metaData: unknown
  readonly extendedData: unknown
  readonly about: object
}

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON, which it need not be. */
  readonly body: Body
  /** `data` of a list. */
  readonly list: readonly Shown[]
}

export interface TestWorld {
  readonly sandbox: RunningSandbox
  /** Any request; a path or a whole address. */
  ask(path: string, init?: RequestInit): Promise<Reply>
  /** A request to the API with the partner's token. */
  api(path: string, init?: RequestInit): Promise<Reply>
  confirm(id: string, partnerOperationId: unknown): Promise<Reply>
  /** A request to the control interface that must succeed; its `data`. */
  control(method: string, path: string, body?: unknown): Promise<Shown>
  /** The same where `data` is a list. */
  controlList(path: string): Promise<readonly Shown[]>
  invoice(wish?: Record<string, unknown>): Promise<Shown>
  operationsOn(id: string): Promise<readonly Shown[]>
  balance(): Promise<string>
  /** A form of a page: plain fields, same origin. */
  form(path: string, fields: Record<string, string>): Promise<Reply>
  close(): Promise<void>
}

async function replyOf(response: Response): Promise<Reply> {
  const text = await response.text()
  const body = jsonOf(text) as Body
  return { status: response.status, headers: response.headers, text, body, list: (body as { data?: unknown } | undefined)?.data as Shown[] }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A sandbox of its own for one file of tests, on a free port. */
export async function openTestWorld(options: SandboxOptions = {}): Promise<TestWorld> {
  const sandbox = await startSandbox({ port: 0, seed: 1, ...options })
  const ask: TestWorld['ask'] = async (path, init) =>
    replyOf(await fetch(path.startsWith('http') ? path : `${sandbox.url}${path}`, { redirect: 'manual', ...init }))
  const authorization = `Bearer ${sandbox.token}`
  const api: TestWorld['api'] = (path, init) =>
    ask(path, { ...init, headers: { authorization, ...(init?.headers as Record<string, string>) } })
  const controlled = async (method: string, path: string, body?: unknown): Promise<Reply> => {
    const reply = await ask(`/_sandbox${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
    if (reply.status !== 200) throw new Error(`${method} ${path}: ${reply.status} ${reply.text}`)
    return reply
  }
  const control: TestWorld['control'] = async (method, path, body) => (await controlled(method, path, body)).body.data
  return {
    sandbox,
    ask,
    api,
    control,
    controlList: async (path) => (await controlled('GET', path)).list,
    confirm: (id, partnerOperationId) =>
      api(`/v3/business/api/invoice/${id}/confirm`, { method: 'POST', body: JSON.stringify({ partnerOperationId }) }),
    invoice: (wish = {}) => control('POST', '/invoices', { amount: '100.00', ...wish }),
    operationsOn: async (id) => (await control('GET', `/invoices/${id}`)).operations,
    balance: async () => (await control('GET', '/fund')).balance,
    form: (path, fields) =>
      ask(path, { method: 'POST', body: new URLSearchParams(fields), headers: { origin: sandbox.url, 'sec-fetch-site': 'same-origin' } }),
    close: () => sandbox.close(),
  }
}

/** Empty, unlimited, as each test wants to find it. */
export async function startClean(world: TestWorld): Promise<void> {
  await world.control('POST', '/reset', { seed: false })
  await world.control('PUT', '/settings', { rateLimit: 'off' })
}
