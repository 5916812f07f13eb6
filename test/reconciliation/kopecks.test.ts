import { randomUUID } from 'node:crypto'
import { ACCOUNTS, companion, memberAccount } from '../../src/ledger'
import type { Payment } from '../../src/payments'
import { openCheckout } from '../../src/payments/arrive'
import { movePayments } from '../../src/payments/move-payments'
import { insertPayments } from '../../src/payments/store'
import { reconcile } from '../../src/reconciliation'
import { COMMAND_LINE } from '../../src/shared/actor'
import { newSortedId } from '../../src/shared/ids'
import { parseMoney } from '../../src/shared/money'
import { World } from '../support/world'

const PLANTED = 1000
const RIGHT = 200
const AT_ONCE = 200

/** A captured payment of ten roubles in the books, without the pages and the requests that usually lead to one. */
async function capture({ parts }: World, of: { memberId: string; checkoutId: string; invoiceId: string; number: string }): Promise<void> {
  const [now, pointsHoldId] = [new Date(), newSortedId()]
  const payment: Payment = {
    id: newSortedId(),
    checkoutId: of.checkoutId,
    consentId: randomUUID(),
    consentedAt: now,
    invoiceId: of.invoiceId,
    invoiceNumber: of.number,
    payer: { kind: 'member', memberId: of.memberId, pointsHoldId },
    operationId: randomUUID(),
    state: 'confirming',
    points: parseMoney('10.00', 'PTS'),
    amount: parseMoney('10.00', 'RUB'),
    fundHoldId: newSortedId(),
    attempts: 1,
    leaseToken: 1n,
    leaseUntil: now,
    nextAttemptAt: now,
    transactionId: null,
    rejectionCode: null,
    reason: null,
    resolvedBy: null,
    createdAt: now,
    settledAt: null,
    checkedAt: null,
    checkAttempts: 0,
  }
  const points = { holdId: pointsHoldId, account: memberAccount(of.memberId), to: ACCOUNTS.redeemed, amount: payment.points }
  const roubles = { holdId: payment.fundHoldId, account: ACCOUNTS.fund, to: ACCOUNTS.paid, amount: payment.amount }
  await parts.ledger.submit({
    key: `planted:${payment.id}`,
    reference: payment.id,
    lines: [
      { do: 'hold', ...points },
      { do: 'hold', ...roubles },
      { do: 'post', kind: 'redemption', ...points },
      { do: 'post', kind: 'fund_payment', ...roubles },
    ],
    companions: [
      companion(insertPayments, { ...payment, leaseOwner: 'test' }),
      companion(movePayments, { payment, to: 'captured', at: now, actor: 'test', transactionId: randomUUID() }),
    ],
  })
}

test('a thousand invoices that differ by one kopeck: all of them are found, and none of those that agree', async () => {
  const world = await World.make({ timeouts: { readMs: 30_000, headersMs: 30_000, bodyMs: 30_000 } })
  const compare = () => reconcile(world.parts, { author: COMMAND_LINE, resolves: true })
  const before = new Set((await compare()).differences.map(({ invoiceId }) => invoiceId))
  const { id: memberId } = await world.member({ points: '100000.00' })
  const checkoutId = await openCheckout(world.parts, { invoiceId: randomUUID(), memberId })
  const planted = new Set<string>()
  for (let made = 0; made < PLANTED + RIGHT; made += AT_ONCE)
    await Promise.all(
      Array.from({ length: AT_ONCE }, async (_, n) => {
        const amount = (made + n) % 6 === 0 ? '10.00' : n % 2 === 0 ? '10.01' : '9.99' // Every sixth agrees.
        const { id: invoiceId, number } = await world.sandbox.invoice({ amount, status: 'paid' })
        if (amount !== '10.00') planted.add(invoiceId)
        await capture(world, { memberId, checkoutId, invoiceId, number })
      }),
    )
  expect(planted.size).toBe(PLANTED)
  const { differences, unread } = await compare()
  expect(unread).toBeUndefined()
  const found = differences.filter(({ invoiceId }) => !before.has(invoiceId))
  expect(found.every(({ kind, resolved }) => kind === 'amount_differs' && !resolved)).toBe(true)
  expect(new Set(found.map(({ invoiceId }) => invoiceId))).toEqual(planted)
  expect(found).toHaveLength(PLANTED)
  expect(found[0]?.text).toMatch(/took 10\.00 RUB here, but its invoice .+ reads (10\.01|9\.99) RUB/)
  await world.close()
}, 120_000)
