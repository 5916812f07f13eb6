import { replayRule } from '../../src/autopay/replay'
import type { Replay, ReplayContext } from '../../src/autopay/replay'
import type { PastInvoice } from '../../src/autopay/past-invoices'
import { DAY } from '../../src/shared/clock'
import { atOnce, invoice, NOW, organisation, rub, rule, ZONE } from './cases'

const ago = (days: number): Date => new Date(NOW.getTime() - days * DAY)

/** An invoice that was first seen so many days ago. */
const past = (id: string, days: number, of: Parameters<typeof invoice>[0] = {}, outcome: PastInvoice['outcome'] = 'paid'): PastInvoice => ({
  invoice: invoice({
    id,
    number: `417-${id}`,
    description: id,
    firstSeenAt: ago(days),
    issuedAt: ago(days),
    dueAt: ago(days - 3),
    status: 'paid',
    ...of,
  }),
  outcome,
})

const settings = (of: Partial<ReplayContext> = {}): ReplayContext => ({
  organisation: organisation(),
  others: [],
  zone: ZONE,
  now: NOW,
  ...of,
})
const told = (replayed: Replay): string[] => replayed.lines.map(({ past: { invoice: one }, decision }) => `${one.id} ${decision.decision}`)

const replay = (...of: Parameters<typeof replayRule>): Replay => atOnce(replayRule(...of))

describe('a rule tried on the past', () => {
  test('sees each invoice as it was when it was first seen, although it is paid or over by now', () => {
    const replayed = replay(
      rule({ when: { amountUpTo: rub('100') } }),
      [past('b', 5), past('a', 9), past('c', 2, { amount: '200' })],
      settings(),
    )
    expect(told(replayed)).toEqual(['a pay', 'b pay'])
    expect([replayed.tried, replayed.taken, replayed.sums.pay]).toEqual([3, 0, { count: 2, amount: rub('200') }])
  })

  test('fills the limits of days and months as they would have been filled', () => {
    const list = [past('a', 3), past('b', 3 - 1 / 24), past('c', 2), past('d', 25), past('e', 24)]
    expect(told(replay(rule({ limits: { day: rub('150') } }), list, settings()))).toEqual(['d pay', 'e pay', 'a pay', 'b wait', 'c pay'])
    // The 28th and 29th of October are another month.
    expect(told(replay(rule({ limits: { month: rub('200') } }), list, settings()))).toEqual(['d pay', 'e pay', 'a pay', 'b pay', 'c wait'])
  })

  test('leaves to rules of higher priority what they would have taken, and says how many', () => {
    const others = [
      rule({ name: 'Первое', priority: 1, when: { number: '417-a' } }, { id: 'other' }),
      rule({ priority: 2 }, { id: 'off', isOn: false }),
    ]
    const replayed = replay(rule(), [past('a', 5), past('b', 4)], settings({ others }))
    expect([told(replayed), replayed.taken]).toEqual([['b pay'], 1])
  })

  test('what another rule has paid fills the limit of the payee, and not the one of the rule', () => {
    const others = [rule({ name: 'Первое', priority: 1, when: { number: '417-a' } }, { id: 'other' })]
    const list = [past('a', 5), past('b', 5 - 1 / 48)]
    const tried = (limits: Parameters<typeof rule>[0]) => told(replay(rule(limits), list, settings({ others })))
    expect(tried({ limits: { day: rub('150') } })).toEqual(['b pay'])
    expect(tried({ limits: { payee: rub('150') } })).toEqual(['b wait'])
  })

  test('finds duplicates among what came before', () => {
    const replayed = replay(
      rule(),
      [past('a', 5, { number: '1' }), past('b', 4, { number: '1' }), past('c', 3, { number: '1', amount: '7' })],
      settings(),
    )
    expect(told(replayed)).toEqual(['a pay', 'c pay'])
    expect(replayed.tried).toBe(3)
  })

  test('is tried as if its own dates let it act and it were on, and never wants money of the fund', () => {
    const sleeping = rule({ validFrom: '2099-01-01', do: 'ask' }, { isOn: false, triedAt: null })
    expect(told(replay(sleeping, [past('a', 5, { amount: '99999999' })], settings()))).toEqual(['a ask'])
  })

  test('says how much of what it would have paid was really paid', () => {
    const list = [past('a', 5), past('b', 4, {}, 'closed'), past('c', 3, { amount: '50' }, 'paid'), past('d', 2, {}, 'exception')]
    expect(replay(rule(), list, settings()).reallyPaid).toEqual({ count: 2, amount: rub('150') })
  })

  test('keeps the limits of thousands of payees apart', () => {
    // Two invoices of each payee, seen at one moment, so that the limit of the day lets one of them pass.
    const many = Array.from({ length: 5_000 }, (_, index) => {
      const payee = Math.floor(index / 2)
      return past(`i${index}`, 29 - payee / 100, { number: `${payee}-${index}` })
    })
    const { lines, sums } = replay(rule({ limits: { payee: rub('150') } }), many, settings())
    expect(lines).toHaveLength(5_000)
    expect([sums.pay.count, sums.wait.count]).toEqual([2_500, 2_500])
  })
})
