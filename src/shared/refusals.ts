/**
 * A refusal is an expected "no": it has a code, an HTTP status and a text in each language (`texts/`). Anything else that is thrown is a bug.
 */
export const REFUSALS = {
  // Requests
  bad_input: 400,
  bad_json: 400,
  body_too_large: 413,
  forged_request: 403,
  forbidden: 403,
  sign_in_required: 401,
  not_found: 404,
  too_many_requests: 429,
  overloaded: 503,
  // Members
  wrong_login_or_password: 401,
  too_many_attempts: 429,
  login_taken: 409,
  member_locked: 403,
  member_erased: 409,
  member_has_points: 409,
  spending_limit: 409,
  // Ledger
  not_enough_available: 409,
  account_unknown: 404,
  account_locked: 409,
  hold_unknown: 404,
  hold_already_resolved: 409,
  key_reused: 409,
  // Payments
  not_enough_points: 409,
  invoice_unsupported: 422,
  invoice_not_payable: 409,
  invoice_being_paid: 409,
  invoice_not_fresh: 409,
  fund_floor_reached: 409,
  amount_changed: 409,
  consent_missing: 409,
  consent_expired: 409,
  payments_unavailable: 503,
  payment_in_wrong_state: 409,
  resolution_not_allowed: 409,
  reconciliation_running: 409,
  // Top-ups
  top_ups_unavailable: 503,
  top_up_out_of_range: 422,
  order_in_wrong_state: 409,
  refund_not_possible: 409,
  // The catalogue
  bad_picture: 422,
  sold_out: 409,
  offer_not_on_sale: 409,
  offer_changed: 409,
  shop_changed: 409,
  price_changed: 409,
  code_not_sendable: 409,
  codes_unreadable: 409,
  offer_limit_reached: 409,
  code_not_valid: 422,
  code_wrong: 422,
  marketplace_unavailable: 503,
  // Automatic payments
  autopay_off: 409,
  autopay_running: 409,
  autopay_over_limit: 409,
  autopay_not_signed: 409,
  already_signed: 409,
  rule_off: 409,
  rule_untried: 409,
  rule_changed: 409,
  organisation_changed: 409,
  // Staff
  wrong_code: 401,
  last_admin: 409,
  own_request: 403,
  let_in_by_maker: 403,
  request_not_open: 409,
} as const satisfies Record<string, number>

export type RefusalCode = keyof typeof REFUSALS

export class Refusal extends Error {
  override name = 'Refusal'
  /** @param detail what a person or a log needs beyond the code: a field's name, a limit. Never a secret and never personal data. */
  constructor(
    readonly code: RefusalCode,
    readonly detail?: string,
  ) {
    super(detail ? `${code}: ${detail}` : code)
  }

  get status(): number {
    return REFUSALS[this.code]
  }
}

export const isRefusalCode = (text: string): text is RefusalCode => Object.hasOwn(REFUSALS, text)
