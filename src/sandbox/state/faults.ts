import type { Chance } from './chance'

/** Where a fault may strike. `*` is any request; `notification` is what the sandbox sends by itself. Later API groups add their own names here. */
export const FAULT_SCOPES = [
  'business.get',
  'business.list',
  'business.confirm',
  'auth.check',
  'order.create',
  'order.get',
  'order.list',
  'order.update',
  'order.cancel',
  'order.status',
  'order.move',
  'refund.lines',
  'refund.create',
  'refund.list',
  'correction.create',
  'shipment.create',
  'shipment.list',
  'guarantee.validate',
  'guarantee.send-code',
  'guarantee.pay',
  'counterparty.list',
  'marketplace.shop',
  'marketplace.offer',
  'notification',
  '*',
] as const
export type FaultScope = (typeof FAULT_SCOPES)[number]

export const FAULT_FIELDS = ['ms', 'status', 'code', 'retryAfter', 'body', 'after', 'before', 'location', 'amount', 'copies'] as const
export type FaultField = (typeof FAULT_FIELDS)[number]

export interface FaultKindRule {
  /** Is the request processed before the fault shows? `after` overrides it where it is among the fields. */
  readonly processed: boolean
  readonly fields: readonly FaultField[]
  readonly about: string
}

/** Every way to answer wrongly. The control interface, the console page and the README follow this table. */
const REQUEST_FAULTS = {
  'lose-request': { processed: false, fields: [], about: 'the connection is cut before the request is processed' },
  'lose-answer': { processed: true, fields: [], about: 'the request is processed, then the connection is cut' },
  delay: { processed: true, fields: ['ms', 'before'], about: 'processed at once, answered `ms` later; with `before` processed late too' },
  status: {
    processed: false,
    fields: ['status', 'code', 'retryAfter', 'body', 'after'],
    about:
      'that HTTP status in the error shape of the API; `code`, `retryAfter` and `body` are sent verbatim; with `after` processed first',
  },
  garbage: { processed: true, fields: ['body', 'after'], about: 'HTML with status 200; processed unless `after` is false' },
  truncate: { processed: true, fields: [], about: 'processed, answered with the first half of the JSON' },
  reset: { processed: false, fields: ['after'], about: 'TCP reset; with `after` processed first' },
  'wrong-operation': { processed: true, fields: [], about: 'processed, but the answer names another partnerOperationId' },
  endless: { processed: true, fields: ['ms', 'after'], about: 'headers, then a body that never ends, a piece each `ms`' },
  'no-id': { processed: true, fields: [], about: 'processed, but the answer has no id' },
  'second-transaction': {
    processed: true,
    fields: [],
    about: 'a repeated confirm is answered with another transaction id (a first one passes untouched)',
  },
  redirect: {
    processed: false,
    fields: ['status', 'location', 'after'],
    about: 'redirect (302 unless `status` says otherwise) to `location`',
  },
  'echo-html-error': {
    processed: false,
    fields: ['after'],
    about: 'status 500 with an HTML page that repeats the request; with `after` processed first',
  },
  'change-amount': {
    processed: true,
    fields: ['amount', 'after'],
    about: 'the invoice gets another amount right after the answer; with `after: false` right before',
  },
  'cancel-invoice': {
    processed: false,
    fields: ['after'],
    about: 'the merchant cancels the invoice right before the request is processed',
  },
  'pay-otherwise': {
    processed: false,
    fields: ['after'],
    about: 'the invoice is paid by another instrument right before the request is processed',
  },
} as const satisfies Record<string, FaultKindRule>

/** Every way to notify wrongly. A message that the shop refuses for good is not repeated: so it is documented, and so the right one never comes. */
const NOTIFICATION_FAULTS = {
  delay: { processed: true, fields: ['ms'], about: 'sent `ms` of the sandbox clock later' },
  lose: { processed: true, fields: [], about: 'never sent and never repeated' },
  'lose-answer': { processed: true, fields: [], about: "sent, but the shop's answer is lost: repeated as if it had failed" },
  duplicate: { processed: true, fields: ['copies'], about: 'sent in `copies` (2) at once' },
  reorder: { processed: true, fields: ['ms'], about: 'held back until the next notification has gone out, or for `ms` (5000)' },
  'wrong-signature': { processed: true, fields: [], about: 'signed with another key' },
  'no-signature': { processed: true, fields: [], about: 'sent without X-Signature' },
  'wrong-amount': { processed: true, fields: ['amount'], about: 'names another `amount` (a rouble more), rightly signed' },
  'wrong-currency': { processed: true, fields: [], about: 'names dollars, rightly signed' },
  'wrong-merchant': { processed: true, fields: [], about: 'names another merchantId, rightly signed' },
  'wrong-status': { processed: true, fields: [], about: 'says status "success" in place of the documented one, rightly signed' },
  'unknown-order': { processed: true, fields: [], about: 'names an id and a merchantOrderId that nobody knows, rightly signed' },
  'other-payment': { processed: true, fields: [], about: 'names another id for the same merchantOrderId, rightly signed' },
  reserialize: { processed: true, fields: [], about: 'signed rightly, then its slashes lose their backslashes on the way' },
} as const satisfies Record<string, FaultKindRule>

/** Both together, requests first: a kind that is in both is described as it strikes requests. */
export const FAULT_KINDS = { ...REQUEST_FAULTS, ...NOTIFICATION_FAULTS, ...REQUEST_FAULTS }

export type RequestFaultKind = keyof typeof REQUEST_FAULTS
export type NotificationFaultKind = keyof typeof NOTIFICATION_FAULTS
export type FaultKind = RequestFaultKind | NotificationFaultKind

/** The rule of a kind in its place; undefined when the kind has no meaning there. */
export function faultRule(on: FaultScope, kind: FaultKind): FaultKindRule | undefined {
  const rules: Readonly<Partial<Record<FaultKind, FaultKindRule>>> = on === 'notification' ? NOTIFICATION_FAULTS : REQUEST_FAULTS
  return rules[kind]
}
export const FAULT_KIND_NAMES = Object.keys(FAULT_KINDS) as readonly FaultKind[]

export interface FaultWish {
  readonly on: FaultScope
  readonly kind: FaultKind
  /** null: until deleted. */
  readonly times?: number | null
  /** Only requests about this invoice or order, and notifications of this order. */
  readonly invoiceId?: string | null
  readonly ms?: number
  readonly status?: number
  readonly code?: string
  readonly retryAfter?: string
  readonly body?: string
  readonly after?: boolean
  readonly before?: boolean
  readonly location?: string
  readonly amount?: bigint
  readonly copies?: number
}

export interface Fault extends FaultWish {
  readonly id: string
  readonly times: number | null
  readonly invoiceId: string | null
  /** Why it exists: asked for, or a magic amount. */
  readonly origin: 'control' | 'magic'
  used: number
}

/** What of a request decides whether a fault strikes it. */
export interface Struck {
  readonly on: FaultScope
  /** The ids that the request is about: of an invoice, an order, an order's invoice. */
  readonly ids: readonly string[]
  /** A confirm whose operation id this invoice has already accepted. */
  readonly isReplay: boolean
}

export const isSpent = (fault: Fault): boolean => fault.times !== null && fault.used >= fault.times

/** Is the request processed before the fault shows? */
export const isProcessed = (fault: Fault): boolean => fault.after ?? FAULT_KINDS[fault.kind].processed

const MOST_FAULTS = 500

/** Faults strike in the order in which they were added; spent ones stay listed until room is needed. */
export function addFault(faults: Fault[], chance: Chance, wish: FaultWish, origin: Fault['origin']): Fault {
  const fault: Fault = { ...wish, id: chance.hex(12), times: wish.times ?? null, invoiceId: wish.invoiceId ?? null, origin, used: 0 }
  if (faults.length >= MOST_FAULTS) faults.splice(0, faults.length, ...faults.filter((other) => !isSpent(other)))
  faults.push(fault)
  return fault
}

const strikes = (fault: Fault, struck: Struck): boolean =>
  !isSpent(fault) &&
  (fault.on === struck.on || (fault.on === '*' && struck.on !== 'notification')) &&
  (fault.invoiceId === null || struck.ids.includes(fault.invoiceId)) &&
  (fault.kind !== 'second-transaction' || struck.isReplay)

/** The first fault that fits, its use counted. At most one strikes a request. */
export function takeFault(faults: readonly Fault[], struck: Struck): Fault | undefined {
  const fault = faults.find((candidate) => strikes(candidate, struck))
  if (fault) fault.used += 1
  return fault
}
