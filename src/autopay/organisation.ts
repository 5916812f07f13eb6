/** Off until somebody switches it on; stopped is the emergency brake, which more people may pull and which only switching on releases. */
export const SWITCH_STATES = ['off', 'on', 'stopped'] as const
export type SwitchState = (typeof SWITCH_STATES)[number]

/** How automatic payment of an organisation stands, since when and by whom (as the audit log names people); null when nobody has touched it. */
export interface AutopaySwitch {
  readonly state: SwitchState
  readonly at: Date | null
  readonly by: string | null
}

/** A company whose invoices are paid from the guarantee fund. */
export interface Organisation {
  readonly id: string
  /** Tax number (INN): 10 or 12 digits, unique. */
  readonly vatNumber: string
  readonly name: string
  /** Automatic payment is off until somebody switches it on: `autopay.state` is `on`. */
  readonly isOn: boolean
  readonly autopay: AutopaySwitch
  /** Budgets in kopecks; null is no limit. */
  readonly perDay: bigint | null
  readonly perMonth: bigint | null
  /** Where the digest and requests for approval go, beside the staff concerned. */
  readonly contacts: readonly string[]
  /** Who must approve, by amount, in order. Empty: any one member of staff of this organisation who may approve. */
  readonly steps: readonly ApprovalStep[]
  readonly createdAt: Date
}

/** One signature that an invoice from this amount on needs; different steps need different persons. */
export interface ApprovalStep {
  /** In kopecks. */
  readonly from: bigint
  /** Staff ids; any one of them. */
  readonly approvers: readonly string[]
}
