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

/** How a notification may be signed. */
export const NOTIFICATION_ALGORITHMS = ['sha1', 'sha256'] as const
export type NotificationAlgorithm = (typeof NOTIFICATION_ALGORITHMS)[number]

export const RETURN_LINKS = ['all', 'none', 'return-only'] as const

/** Where the buyer of a mini-app comes back to after payment: into the frame of the page that opened it, or in its place. */
export const MINAPP_RETURNS = ['frame', 'top'] as const

/** A mini-app that the marketplace and the payment page offer. */
export interface MiniApp {
  readonly title: string
  readonly url: string
}

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
  notificationKey: string
  notificationAlgorithm: NotificationAlgorithm
  notificationUrl: string
  notificationDelay: number
  notificationTimeoutMs: number
  notifyCanceled: boolean
  merchantOrderIdUnique: boolean
  refundAfterMs: number | null
  shippingControl: boolean
  cancelNeedsShippingUnavailable: boolean
  refundableExtrasMissing: boolean
  strictMerchant: boolean
  /** null: the partner's own, `/minapp` beside the partner's page. */
  minapps: readonly MiniApp[] | null
  minappReturn: (typeof MINAPP_RETURNS)[number]
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
  notificationKey: "The shop's key: notifications carry X-Signature, the hex HMAC of the raw body with it (Q-61).",
  notificationAlgorithm: 'What X-Signature of notifications is made with: sha1 or sha256 (Q-56).',
  notificationUrl: "Where the shop's notifications go unless the order names an address of its own; empty: nowhere.",
  notificationDelay: 'Milliseconds of the sandbox clock between an event and its notification.',
  notificationTimeoutMs: 'Real milliseconds that a shop may take to answer a notification; 20 seconds are documented.',
  notifyCanceled: 'The shop is told about canceled orders too, not only about paid ones (Q-54).',
  merchantOrderIdUnique:
    'A second order with the same merchantOrderId is answered 422 merchant_order_id_duplicate (Q-42); refunds always are.',
  refundAfterMs: 'Milliseconds of the sandbox clock until a refund is completed; null or "off": only by hand (Q-50).',
  shippingControl: 'The payment page waits until the shop has answered the notification (reference 1.7).',
  cancelNeedsShippingUnavailable: 'A paid order can be canceled only after the shop answered shipping_unavailable (Q-51).',
  refundableExtrasMissing: 'Refundable lines come without availableAmount and availableVatAmount (Q-48).',
  strictMerchant: 'A merchantId other than the configured one is answered 403 forbidden.',
  minapps:
    'Mini-apps that the marketplace and the payment page offer: [{"title": "…", "url": "…"}]; null or "default": /minapp beside the partner\'s page.',
  minappReturn:
    'Where the buyer of a mini-app comes back to after payment: "frame" (the mini-app in its frame) or "top" (the shop\'s page in its place) (Q-66).',
}

export const DEFAULT_PARTNER_URL = 'http://localhost:3000/pay'
export const DEFAULT_SIGNATURE_KEY = 'sandbox-signature-key-0001'

/** The key of the reference's own test vector. */
export const DEFAULT_NOTIFICATION_KEY = 'sandbox-sign-key'

/** What a sandbox is started with; the rest of its switches has defaults of its own. */
export interface StartSettings {
  readonly partnerAuthUrl: string
  readonly notificationKey: string
  readonly notificationUrl: string
}

export const defaultSettings = ({ partnerAuthUrl, notificationKey, notificationUrl }: StartSettings): Settings => ({
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
  notificationKey,
  notificationAlgorithm: 'sha1',
  notificationUrl,
  notificationDelay: 0,
  notificationTimeoutMs: 20_000,
  notifyCanceled: false,
  merchantOrderIdUnique: false,
  refundAfterMs: 3_000,
  shippingControl: false,
  cancelNeedsShippingUnavailable: false,
  refundableExtrasMissing: false,
  strictMerchant: false,
  minapps: null,
  minappReturn: 'frame',
})
