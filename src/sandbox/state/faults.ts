import type { Chance } from './chance'

/** Where a fault may strike. `*` is any of them. Later API groups add their own names here. */
export const FAULT_SCOPES = ['business.get', 'business.list', 'business.confirm', 'auth.check', '*'] as const
export type FaultScope = (typeof FAULT_SCOPES)[number]

export const FAULT_FIELDS = ['ms', 'status', 'code', 'retryAfter', 'body', 'after', 'before', 'location', 'amount'] as const
export type FaultField = (typeof FAULT_FIELDS)[number]

interface FaultKindRule {
  /** Is the request processed before the fault shows? `after` overrides it where it is among the fields. */
  readonly processed: boolean
  readonly fields: readonly FaultField[]
  readonly about: string
}

/** Every way to misbehave. The control interface, the console page and the README follow this table. */
export const FAULT_KINDS = {
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

export type FaultKind = keyof typeof FAULT_KINDS
export const FAULT_KIND_NAMES = Object.keys(FAULT_KINDS) as readonly FaultKind[]

export interface FaultWish {
  readonly on: FaultScope
  readonly kind: FaultKind
  /** null: until deleted. */
  readonly times?: number | null
  /** Only requests about this invoice. */
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
  readonly invoiceId: string | null
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
  (fault.on === '*' || fault.on === struck.on) &&
  (fault.invoiceId === null || fault.invoiceId === struck.invoiceId) &&
  (fault.kind !== 'second-transaction' || struck.isReplay)

/** The first fault that fits, its use counted. At most one strikes a request. */
export function takeFault(faults: readonly Fault[], struck: Struck): Fault | undefined {
  const fault = faults.find((candidate) => strikes(candidate, struck))
  if (fault) fault.used += 1
  return fault
}
