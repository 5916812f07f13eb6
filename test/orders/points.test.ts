import fc from 'fast-check'
import { amountBack, amountFor, pointsBack, pointsFor } from '../../src/orders/points'
import type { Bought } from '../../src/orders/points'
import { money, parseRate } from '../../src/shared/money'

const rates = fc.oneof(
  fc.constantFrom('1', '0.5', '3', '0.333333', '1.7', '100'),
  fc.integer({ min: 1, max: 5_000_000 }).map((n) => (n / 1_000_000).toFixed(6)),
)
const sums = fc.bigInt({ min: 1n, max: 100_000_000n })

test('what is bought for the missing points reaches them, with less than a kopeck too much', () => {
  fc.assert(
    fc.property(rates, sums, (text, minor) => {
      const rate = parseRate(text)
      const price = amountFor(money(minor, 'PTS'), rate)
      expect(pointsFor(price, rate).minor).toBeGreaterThanOrEqual(minor)
      expect(pointsFor(money(price.minor - 1n, 'RUB'), rate).minor).toBeLessThan(minor)
    }),
  )
})

test('refunds in any parts take back all points in the end, never more, and never more than are there', () => {
  fc.assert(
    fc.property(sums, sums, fc.array(sums, { maxLength: 8 }), (amount, points, parts) => {
      let bought: Bought = { amount, points, refunded: 0n, taken: 0n, kept: 0n }
      const take = (part: bigint): void => {
        const back = pointsBack(bought, part)
        expect(amountBack(bought, back)).toBeGreaterThanOrEqual(part)
        bought = { ...bought, refunded: bought.refunded + part, taken: bought.taken + back }
        expect(bought.taken).toBeLessThanOrEqual(points)
      }
      for (const part of parts) if (bought.refunded + part < amount) take(part)
      take(amount - bought.refunded)
      expect(bought.taken).toBe(points)
    }),
  )
})

test('what can go back needs no more points than there are', () => {
  fc.assert(
    fc.property(sums, sums, sums, (amount, points, available) => {
      const bought: Bought = { amount, points, refunded: 0n, taken: 0n, kept: 0n }
      const most = amountBack(bought, available)
      expect(pointsBack(bought, most)).toBeLessThanOrEqual(available)
      if (most < amount) expect(pointsBack(bought, most + 1n)).toBeGreaterThan(available)
    }),
  )
})
