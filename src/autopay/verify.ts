import { findBroken } from '../shared/book-rules'
import type { BookRule } from '../shared/book-rules'
import type { Db } from '../shared/database'

/** A difference between payments of organisations and the decisions that they were made on. */
export interface AutopayFinding {
  readonly invariant: number
  readonly rule: string
  readonly text: string
}

/** Each names what must not be there (docs/ledger.md). Columns of PostgreSQL and SQLite compare alike here. */
const RULES: readonly BookRule[] = [
  {
    invariant: 15,
    name: 'organisation-payment-without-decision',
    sql: `select p.id from payments p where p.organisation_id is not null and not exists (select 1 from autopay_decisions d
            where d.id = p.consent_id and d.kind = 'pay' and d.invoice_id = p.invoice_id and d.amount = p.amount and d.currency = p.currency and d.rule_id is not null)`,
    text: (id) => `Payment ${id} of an organisation was made on no decision to pay this amount.`,
  },
  {
    invariant: 24,
    name: 'organisation-payment-not-counted',
    sql: `select p.id from payments p where p.organisation_id is not null and not exists (select 1 from autopay_spending s
            where s.decision_id = p.consent_id and s.amount = p.amount and s.organisation_id = p.organisation_id)`,
    text: (id) => `Payment ${id} of an organisation does not count against its limits.`,
  },
  {
    invariant: 24,
    name: 'spending-without-payment',
    sql: `select s.decision_id as id from autopay_spending s where not exists (select 1 from payments p where p.consent_id = s.decision_id)`,
    text: (id) => `Decision ${id} counts against limits without a payment.`,
  },
]

/** Proves that each payment of an organisation was made on a stored decision, and counts against its limits. @returns every difference, at most fifty of a kind */
export const verifyAutopay = (db: Db): Promise<AutopayFinding[]> => findBroken(db, RULES)
