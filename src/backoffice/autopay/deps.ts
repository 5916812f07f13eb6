import type { Approvals } from '../../approvals'
import type { InvoiceDeeds, OrganisationDeeds, RuleDeeds } from '../../autopay'
import type { PaymentDeps } from '../../payments'
import type { Clock } from '../../shared/clock'
import type { Db } from '../../shared/database'
import type { Log } from '../../shared/log'

/** What the pages of organisations, rules and the switch need. */
export interface AutopayRulePagesDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly approvals: Approvals
  readonly deeds: { readonly organisations: OrganisationDeeds; readonly rules: RuleDeeds }
  readonly settings: { readonly timeZone: string }
  /** The operator's time zone. */
  readonly zone: string
}

/** What the pages of queues, invoices, plan, runs and report need. */
export interface AutopayPagesDeps extends PaymentDeps {
  readonly approvals: Approvals
  readonly deeds: { readonly invoices: InvoiceDeeds }
  readonly config: { readonly autopay: { readonly schedule: string | null } }
  readonly zone: string
}
