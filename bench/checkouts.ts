import { issueConsent } from '../src/payments/consent'
import type { PaymentDeps } from '../src/payments'
import { HOUR, plus } from '../src/shared/clock'
import { inTransaction, iso } from '../src/shared/database'
import type { Db } from '../src/shared/database'
import { newId } from '../src/shared/ids'
import { money, pointsPrice } from '../src/shared/money'
import { insertRows } from '../src/shared/statements'

/** An invoice that waits on its page, with the consent that its form carries. */
export interface Waiting {
  readonly checkoutId: string
  readonly invoiceId: string
  readonly memberId: string
  readonly consent: string
}

export const AMOUNT = money(100n, 'RUB')

const AT_ONCE = 1_000

/**
 * Makes checkouts as arrivals do, one for each of these members, read at the given moment; what was read lately is not read again before a hold.
 * The consents are issued here, so that issuing them costs no measured time: the page did that before the buyer pressed anything.
 */
export async function makeCheckouts(
  deps: { db: Db } & Pick<PaymentDeps, 'settings'>,
  owners: readonly string[],
  readAt: Date,
): Promise<Waiting[]> {
  const points = pointsPrice(AMOUNT, deps.settings.rate)
  const made: Waiting[] = []
  for (let from = 0; from < owners.length; from += AT_ONCE) {
    const some = owners.slice(from, from + AT_ONCE).map((memberId) => ({ checkoutId: newId(), invoiceId: newId(), memberId }))
    await inTransaction(deps.db, (tx) =>
      insertRows(
        tx,
        'checkouts',
        some.map((one) => toRow(one, readAt)),
      ),
    )
    for (const one of some) made.push({ ...one, consent: issueConsent(deps.settings.secret, { ...one, amount: AMOUNT, points }, readAt) })
  }
  return made
}

const toRow = ({ checkoutId, invoiceId, memberId }: Omit<Waiting, 'consent'>, readAt: Date): Parameters<typeof insertRows>[2][number] => ({
  id: checkoutId,
  invoice_id: invoiceId,
  member_id: memberId,
  number: 'BENCH-1',
  description: 'An order of the bench',
  amount: AMOUNT.minor,
  currency: AMOUNT.unit,
  status: 'pending',
  expires_at: iso(plus(readAt, HOUR)),
  payment_url: 'http://127.0.0.1:9/order',
  read_at: iso(readAt),
  created_at: iso(readAt),
})
