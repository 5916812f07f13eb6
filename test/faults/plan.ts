import type { FaultPoint } from '../../src/payments'
import type { Engine } from '../../src/shared/database'

/** How buyers go about paying. Each story leads to one payment, unless something goes wrong. */
export const STORIES = {
  plain: 'opens the invoice and presses the button',
  'double-click': 'presses the button twice',
  'two-tabs': 'has the invoice open twice and presses both buttons',
  'replayed-form': 'sends the same form again after the answer',
  'comes-back': 'pays, then arrives with the same invoice once more',
  'two-members': 'two members press the button for one invoice',
  'money-for-one': 'has points for one of two invoices and presses both buttons',
} as const
export type Story = keyof typeof STORIES

/** One invoice (two for `money-for-one`) and those who pay it. */
export interface Scene {
  readonly name: string
  readonly story: Story
  readonly wave: number
  /** Numbers of members; a poor one has points for one invoice only. */
  readonly members: readonly number[]
  /** Kopecks, one for each invoice. */
  readonly amounts: readonly number[]
  /** At which process each of them is: 0 or 1. On SQLite there is only one. */
  readonly slots: readonly number[]
  readonly afterMs: number
  /** Whoever got no answer, or a page with another price, presses the button that is shown then. */
  readonly insists: boolean
}

/** A wish to the sandbox's control interface. */
export interface SandboxFault {
  readonly on: 'business.get' | 'business.list' | 'business.confirm' | '*'
  readonly kind: string
  readonly times: number
  readonly [field: string]: string | number | boolean
}

export type Whose = number | 'all' | 'invoicebox'

/** What is done to the system. */
export type Deed =
  | {
      readonly by: 'invoicebox'
      readonly scenes: readonly string[] | 'any'
      /** Strikes before the fault does, which could not strike without it. */
      readonly first?: SandboxFault
      readonly fault: SandboxFault
      readonly early?: true
    }
  | { readonly by: 'setting'; readonly settings: Readonly<Record<string, boolean | number>> }
  | { readonly by: 'signal'; readonly slot: number; readonly signal: 'SIGKILL' | 'SIGTERM' }
  | { readonly by: 'trap'; readonly slot: number; readonly step: FaultPoint; readonly skip: number }
  | { readonly by: 'freeze'; readonly slot: number; readonly step: FaultPoint | null; readonly forMs: number; readonly passesMs: number }
  | { readonly by: 'database'; readonly mode: 'fast' | 'immediate' }
  | { readonly by: 'clock'; readonly whose: Whose; readonly jumpMs: number; readonly waves: number }
  | {
      readonly by: 'merchant'
      readonly does: 'cancel' | 'deadline' | 'amount'
      readonly scene: string
      readonly when: 'before' | 'meanwhile' | 'after'
    }
  | { readonly by: 'fund' }

export interface PlannedFault {
  readonly name: string
  readonly wave: number
  /** Milliseconds after the buttons are pressed. */
  readonly afterMs: number
  readonly deed: Deed
}

/** How much time goes by before the buttons of a wave are pressed, and after everybody was answered. */
export interface Wave {
  readonly dwellMs: number
  readonly restMs: number
}

export interface Plan {
  readonly seed: string
  readonly number: number
  readonly engine: Engine
  /** Requests to Invoicebox and the seconds of their window, as the gateways are told; `off` where no limit was agreed. */
  readonly budget: string
  readonly waves: readonly Wave[]
  readonly scenes: readonly Scene[]
  readonly faults: readonly PlannedFault[]
}

/** The two kinds of fault that make "it reads not paid" older than the truth. Rule R cannot see through a refusal that lies as well, so these do not meet. */
export const SHOWS_PAID_LATE: readonly string[] = ['paid shows late', "Invoicebox's clock goes back"]
export const LYING_REFUSALS: readonly string[] = ['422 before processing', '422 after processing']

/** Kopecks: what a merchant changes an amount to. */
export const CHANGED_AMOUNT = 9_999n

/** A limit that a wave runs into. */
export const TIGHT_BUDGET = { requests: 12, seconds: 1 }

/** It closes the budget for as long as it asks, in the database's own time, which the harness does not move. */
export const CLOSES_THE_BUDGET = '429 with an odd Retry-After'
