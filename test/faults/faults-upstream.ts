import type { Chance } from '../support/chance'
import type { Deed, SandboxFault } from './plan'

export interface Setting {
  readonly chance: Chance
  /** The scenes of the wave. */
  readonly scenes: readonly string[]
  readonly slots: number
}

export type Maker = (at: Setting) => Deed

/** The child gives up a confirm after 0.3 seconds; these lie on both sides of it. */
const IN_TIME_MS = 90
const TOO_LATE_MS = 480

const RETRY_AFTER: readonly (string | undefined)[] = ['1', '30', '999999999', '-5', 'Wed, 21 Oct 2099 07:28:00 GMT', 'soon', '', undefined]

/** On one to four invoices of the wave, one to three times each. */
function strikes(fault: Omit<SandboxFault, 'times'> | ((chance: Chance) => Omit<SandboxFault, 'times'>)): Maker {
  return ({ chance, scenes }) => ({
    by: 'invoicebox',
    scenes: chance.shuffled(scenes).slice(0, chance.between(1, 4)),
    fault: { ...(typeof fault === 'function' ? fault(chance) : fault), times: chance.oneOf([1, 1, 1, 2, 3]) } as SandboxFault,
  })
}

const confirm = (kind: string, more: Readonly<Record<string, string | number | boolean>> = {}): Maker =>
  strikes({ on: 'business.confirm', kind, ...more })

const anyServerError = (chance: Chance, after: boolean): Omit<SandboxFault, 'times'> => ({
  on: 'business.confirm',
  kind: 'status',
  status: chance.oneOf([500, 502, 503, 504]),
  after,
})

function tooMany(chance: Chance): Omit<SandboxFault, 'times'> {
  const retryAfter = chance.oneOf(RETRY_AFTER)
  return {
    on: chance.oneOf(['business.confirm', 'business.get'] as const),
    kind: 'status',
    status: 429,
    after: chance.happens(40),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  }
}

const REFUSALS = ['wrong_order_status', 'not_enough_money', 'invoice_already_paid', 'validation', 'notEnoughMoney']

const refused = (after: boolean): Maker =>
  strikes((chance) => ({ on: 'business.confirm', kind: 'status', status: 422, after, code: chance.oneOf(REFUSALS) }))

const READING = ['lose-request', 'lose-answer', 'garbage', 'truncate', 'reset', 'endless', 'redirect', 'echo-html-error'] as const

/** Reads fail on any invoice, as often as it takes. */
const reading =
  (on: 'business.get' | 'business.list'): Maker =>
  ({ chance }) => ({ by: 'invoicebox', scenes: 'any', fault: { on, kind: chance.oneOf(READING), times: chance.between(1, 6) } })

const setting =
  (settings: Readonly<Record<string, boolean | number>>): Maker =>
  () => ({ by: 'setting', settings })

/** Only a repeat is answered with another id, and only a confirm without an answer is repeated. */
const ANSWER_LOST: SandboxFault = { on: 'business.confirm', kind: 'lose-answer', times: 1 }

/** Everything that Invoicebox, or the line to it, may do to a gateway. */
export const UPSTREAM_FAULTS = {
  'request lost': confirm('lose-request'),
  'answer lost': confirm('lose-answer'),
  'answered late, in time': confirm('delay', { ms: IN_TIME_MS }),
  'answered too late': confirm('delay', { ms: TOO_LATE_MS }),
  'processed too late': confirm('delay', { ms: TOO_LATE_MS, before: true }),
  '5xx before processing': strikes((chance) => anyServerError(chance, false)),
  '5xx after processing': strikes((chance) => anyServerError(chance, true)),
  '429 with an odd Retry-After': strikes(tooMany),
  '401 or 403': ({ chance, scenes }) => ({
    by: 'invoicebox',
    scenes: chance.happens(50) ? 'any' : scenes,
    fault: {
      on: chance.oneOf(['*', 'business.confirm'] as const),
      kind: 'status',
      status: chance.oneOf([401, 403]),
      times: chance.between(1, 4),
    },
  }),
  '422 before processing': refused(false),
  '422 after processing': refused(true),
  'garbage with 200': strikes((chance) => ({ on: 'business.confirm', kind: 'garbage', after: chance.happens(60) })),
  'truncated answer': confirm('truncate'),
  'connection reset': strikes((chance) => ({ on: 'business.confirm', kind: 'reset', after: chance.happens(50) })),
  "another operation's id": confirm('wrong-operation'),
  'no transaction id': confirm('no-id'),
  'a second transaction id': ({ chance, scenes }) => {
    const some = chance.shuffled(scenes).slice(0, 3)
    return { by: 'invoicebox', scenes: some, first: ANSWER_LOST, fault: { on: 'business.confirm', kind: 'second-transaction', times: 2 } }
  },
  'endless answer': confirm('endless', { ms: 20 }),
  redirect: strikes((chance) => ({
    on: 'business.confirm',
    kind: 'redirect',
    status: chance.oneOf([301, 302, 307, 308]),
    after: chance.happens(40),
  })),
  'HTML error page': strikes((chance) => ({ on: 'business.confirm', kind: 'echo-html-error', after: chance.happens(50) })),
  'amount changes before the confirm': confirm('change-amount', { after: false, amount: '77.77' }),
  // Right after the buyer's first look: an invoice that is paid keeps its amount.
  'amount changes after a read': ({ chance, scenes }) => ({
    by: 'invoicebox',
    scenes: chance.shuffled(scenes).slice(0, 3),
    fault: { on: 'business.get', kind: 'change-amount', amount: '88.88', times: 1 },
    early: true,
  }),
  'cancelled right before the confirm': confirm('cancel-invoice'),
  'paid by card right before the confirm': confirm('pay-otherwise'),
  'reads fail': reading('business.get'),
  'list reads fail': reading('business.list'),
  'repeats are refused': setting({ nonIdempotentConfirm: true }),
  'paid shows late': setting({ paidDelaySeconds: 45 }),
  'status missing': setting({ statusMissing: true }),
  'one invoice as a list': setting({ singleAsArray: true, unknownFields: true }),
} satisfies Record<string, Maker>
