import { SECOND } from '../shared/clock'
import type { Unit } from '../shared/money'

/** Milliseconds. */
export interface Timeouts {
  /** Until a connection stands. A TLS handshake can take more than 10 s from some networks (2.8). */
  readonly connectMs: number
  /** Until the headers of an answer have arrived. */
  readonly headersMs: number
  /** Between two parts of a body. */
  readonly bodyMs: number
  /** A whole write, from the call to the last byte (2.8). */
  readonly writeMs: number
  /** A whole read, its repeats included (2.8). */
  readonly readMs: number
  /** Before the second try of a read; each further pause is twice as long. */
  readonly pauseMs: number
}

export interface InvoiceboxSettings {
  /** `https://api.invoicebox.ru`, without the version. */
  readonly baseUrl: string
  /** `l3` for accounts of the older billing (2.1, Q-22). */
  readonly version: 'v3' | 'l3'
  readonly token: string
  readonly appName: string
  readonly appVersion: string
  /** Whether the base URL and an invoice's payment link may be plain http. Only for the sandbox. */
  readonly allowHttp: boolean
  /** The currencies that we serve. Points are not one. */
  readonly currencies: readonly Unit[]
  readonly timeouts?: Partial<Timeouts>
  /** Tries of one read, 1 to 3; 2 unless set, since each takes from the request budget. */
  readonly readAttempts?: number
  /** Signs the body of a confirm with HMAC-SHA1 in `X-Signature` where that was agreed. */
  readonly signatureKey?: string | undefined
}

export interface CheckedSettings extends InvoiceboxSettings {
  readonly origin: string
  /** What stands before `security/…` and `business/…`: `/v3`. */
  readonly prefix: string
  readonly timeouts: Timeouts
  readonly readAttempts: number
}

export const DEFAULT_TIMEOUTS: Timeouts = {
  connectMs: 15 * SECOND,
  headersMs: 30 * SECOND,
  bodyMs: 10 * SECOND,
  writeMs: 30 * SECOND,
  readMs: 12 * SECOND,
  pauseMs: 250,
}
const DEFAULT_READ_ATTEMPTS = 2

/** What may stand in a header without changing its meaning. */
const TOKEN = /^[\x21-\x7e]{1,512}$/
const PRODUCT = /^[\w.+-]{1,64}$/

/** @throws Error that names every fault at once; a token is never part of it. */
export function checkSettings(settings: InvoiceboxSettings): CheckedSettings {
  const base = URL.canParse(settings.baseUrl) ? new URL(settings.baseUrl) : null
  const timeouts = { ...DEFAULT_TIMEOUTS, ...settings.timeouts }
  const readAttempts = settings.readAttempts ?? DEFAULT_READ_ATTEMPTS
  const faults = [
    ...baseFaults(base, settings.allowHttp),
    ...(TOKEN.test(settings.token) ? [] : ['The token must be 1 to 512 visible ASCII characters.']),
    ...(PRODUCT.test(settings.appName) && PRODUCT.test(settings.appVersion)
      ? []
      : ['The application name and version must be plain words.']),
    ...(settings.currencies.length === 0 || settings.currencies.includes('PTS')
      ? ['The currencies must be a list of money, not points.']
      : []),
    ...(settings.signatureKey === '' ? ['The signature key is empty.'] : []),
    ...(Number.isInteger(readAttempts) && readAttempts >= 1 && readAttempts <= 3 ? [] : ['A read takes 1 to 3 attempts.']),
    ...(Object.values(timeouts).every((value) => Number.isFinite(value) && value > 0) ? [] : ['A timeout must be greater than zero.']),
  ]
  if (!base || faults.length > 0) throw new Error(`Invoicebox settings: ${faults.join(' ')}`)
  return { ...settings, timeouts, readAttempts, origin: base.origin, prefix: `${base.pathname.replace(/\/+$/, '')}/${settings.version}` }
}

function baseFaults(base: URL | null, allowHttp: boolean): string[] {
  if (!base) return ['The base URL is not a URL.']
  const faults = []
  if (base.protocol !== 'https:' && !(allowHttp && base.protocol === 'http:')) faults.push('The base URL must be https.')
  if (base.username || base.password) faults.push('The base URL must not carry user info.')
  if (base.search || base.hash) faults.push('The base URL must not carry a query.')
  return faults
}
