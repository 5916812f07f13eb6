import type { Engine } from '../shared/database'
import { gatherReads, isOneOf, listOf } from '../shared/gather-reads'
import { readTogether } from '../shared/statements'
import type { Statement } from '../shared/statements'
import { limitsIn, limitsStatement } from '../members'
import type { HoldingLimits } from '../members'
import { toCheckout } from './checkouts'
import type { Checkout, CheckoutRow } from './checkouts'
import type { Payment } from './payment'
import { FREEING_STATES } from './states'
import { toPayment } from './store'
import type { PaymentRow } from './store'

/** A consent that a member hands in on a checkout. */
interface Asked {
  readonly consentId: string
  readonly checkoutId: string
  readonly memberId: string
}

/** What stands in the database when a consent is handed in. */
export interface BeforeHold {
  /** The payment that this consent has led to already. */
  readonly earlier: Payment | undefined
  /** Undefined for a stranger as for an id that does not exist. */
  readonly checkout: Checkout | undefined
  /** Whether another payment binds the invoice. */
  readonly isBound: boolean
  /** The member's spending limits; undefined where there are none. */
  readonly limits: HoldingLimits | undefined
}

/** Reads it for all who confirm at the same moment in one round trip: a confirm that reads alone costs the server more for the asking than for the answer. */
export const readBeforeHold = gatherReads<Asked, BeforeHold>(async (db, engine, all) => {
  const members = all.map(({ memberId }) => memberId)
  const [earlier = [], found = [], limits = []] = await readTogether(db, [
    earlierPayments(engine, all),
    ownCheckouts(engine, all),
    limitsStatement(engine, members),
  ])
  const limitsFor = limitsIn(limits)
  const byConsent = new Map((earlier as PaymentRow[]).map((row) => [row.consent_id, row]))
  const byAsked = new Map((found as FoundRow[]).map((row) => [`${row.id} ${row.asked_by}`, row]))
  return all.map(({ consentId, checkoutId, memberId }) => {
    const [payment, checkout] = [byConsent.get(consentId), byAsked.get(`${checkoutId} ${memberId}`)]
    return {
      earlier: payment && toPayment(payment),
      checkout: checkout && toCheckout(checkout),
      isBound: Boolean(checkout?.is_bound),
      limits: limitsFor(memberId),
    }
  })
})

type FoundRow = CheckoutRow & { readonly asked_by: string; readonly is_bound: boolean | bigint }

function earlierPayments(engine: Engine, all: readonly Asked[]): Statement {
  const consents = all.map(({ consentId }) => consentId)
  if (engine === 'postgres') return { sql: 'select * from payments_by_consent(?)', values: [consents] }
  return { sql: `select * from payments where consent_id ${isOneOf(engine)}`, values: [listOf(engine, consents)] }
}

/** Somebody else's checkout is not found. On PostgreSQL a function (migrations/023_set_guards), since planning took longer than reading. */
function ownCheckouts(engine: Engine, all: readonly Asked[]): Statement {
  if (engine === 'postgres')
    return {
      sql: 'select (f.checkout).*, f.asked_by, f.is_bound from checkouts_asked_for(?, ?, ?) as f',
      values: [all.map(({ checkoutId }) => checkoutId), all.map(({ memberId }) => memberId), FREEING_STATES],
    }
  const [checkout, member] = ["w.value ->> '$.checkoutId'", "w.value ->> '$.memberId'"]
  return {
    sql: `select c.*, ${member} as asked_by, ${BOUND} from json_each(?) as w
      join checkouts c on c.id = ${checkout} and (c.member_id is null or c.member_id = ${member})`,
    values: [JSON.stringify(all)],
  }
}

const BOUND = `exists (select 1 from payments p where p.invoice_id = c.invoice_id and p.state not in ('${FREEING_STATES.join("', '")}')) as is_bound`
