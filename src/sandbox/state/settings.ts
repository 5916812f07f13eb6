export interface RateLimit {
  readonly limit: number
  readonly windowSeconds: number
}

/**
 * How requests are counted, since Invoicebox does not say: in windows that follow the clock, in a window that opens with the first request and is
 * opened anew by the first one after its end, or over the last so many seconds at any moment.
 */
export const RATE_LIMITERS = ['fixed', 'flexible', 'sliding-log'] as const
export type RateLimiter = (typeof RATE_LIMITERS)[number]

export interface QueryNames {
  readonly invoiceId: string
  readonly successUrl: string
  readonly failUrl: string
  readonly returnUrl: string
}

export const RETURN_LINKS = ['all', 'none', 'return-only'] as const

/** Every switch of the sandbox. Each stands for an answer that Invoicebox's documents leave open. */
export interface Settings {
  /** null: unlimited. */
  rateLimit: RateLimit | null
  rateLimiter: RateLimiter
  nonIdempotentConfirm: boolean
  singleAsArray: boolean
  statusMissing: boolean
  metaDataMissing: boolean
  unknownFields: boolean
  numericIds: boolean
  paidDelaySeconds: number
  strictHeaders: boolean
  signatureRequired: boolean
  signatureKey: string
  partnerAuthUrl: string
  returnLinks: (typeof RETURN_LINKS)[number]
  queryNames: QueryNames
  magicAmounts: boolean
}

/** One sentence per switch; the control interface and the console page print them. */
export const SETTINGS_ABOUT: Readonly<Record<keyof Settings, string>> = {
  rateLimit:
    'Requests per window and token: "100/30", {"limit": 100, "windowSeconds": 30}, or null / "off" for unlimited. Excess is answered 429 (Q-35).',
  rateLimiter:
    'How requests are counted: "fixed" (windows by the clock), "flexible" (a window opens with the first request), "sliding-log" (any span of one window) (Q-35).',
  nonIdempotentConfirm: 'A repeated confirm with the same partnerOperationId is answered invoice_already_paid instead of 200 (Q-10).',
  singleAsArray: 'An invoice read by id comes as an array of one (Q-05).',
  statusMissing: 'Invoices come without status (Q-15).',
  metaDataMissing: 'Lists come without metaData (Q-29).',
  unknownFields: 'Answers carry fields that nobody documented.',
  numericIds: 'Ids of new invoices and transactions are digits only (still text), so that nobody relies on their shape (Q-38).',
  paidDelaySeconds: 'After a confirm the invoice still reads as pending for so many seconds of the sandbox clock (Q-17).',
  strictHeaders: 'A request without Accept, Content-Type and User-Agent in the documented form is answered 422 validation (Q-39).',
  signatureRequired: 'A confirm must carry X-Signature: hex HMAC-SHA1 of the raw body with signatureKey, else 422 signature_error (Q-21).',
  signatureKey: 'The key of X-Signature.',
  partnerAuthUrl:
    "The partner's page that the buyer is sent to; the text {invoiceId} in it is replaced, otherwise the id goes into the query (Q-02).",
  returnLinks: 'Which return links are passed to the partner: all, none, return-only (Q-03).',
  queryNames: 'Names of the query parameters of the redirect: {invoiceId, successUrl, failUrl, returnUrl} (Q-01).',
  magicAmounts: 'Invoices with a magic amount get their fault when they are created.',
}

export const DEFAULT_PARTNER_URL = 'http://localhost:3000/pay'
export const DEFAULT_SIGNATURE_KEY = 'sandbox-signature-key-0001'

export const defaultSettings = (partnerAuthUrl: string): Settings => ({
  rateLimit: { limit: 100, windowSeconds: 30 },
  rateLimiter: 'flexible',
  nonIdempotentConfirm: false,
  singleAsArray: false,
  statusMissing: false,
  metaDataMissing: false,
  unknownFields: false,
  numericIds: false,
  paidDelaySeconds: 0,
  strictHeaders: false,
  signatureRequired: false,
  signatureKey: DEFAULT_SIGNATURE_KEY,
  partnerAuthUrl,
  returnLinks: 'all',
  queryNames: { invoiceId: 'invoiceId', successUrl: 'successUrl', failUrl: 'failUrl', returnUrl: 'returnUrl' },
  magicAmounts: true,
})
