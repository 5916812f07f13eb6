import { decide } from '../../src/autopay'
import type { Rule } from '../../src/autopay'
import { spentNames } from '../../src/autopay/limit-gates'
import { lookBack, replayRule, replaySeen } from '../../src/autopay/replay'
import type { Replay, ReplayContext } from '../../src/autopay/replay'
import type { PastInvoice } from '../../src/autopay/past-invoices'
import { DAY } from '../../src/shared/clock'
import { dayOf, monthOf } from '../../src/shared/days'
import { atOnce, context as decisionContext, invoice, NOW, organisation, rub, rule, ZONE } from './cases'

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

  test('many rules tried on one look at the past come to what each decides beside all the others', () => {
    // Of each rule a new version is tried that costs less; every invoice fits several of them, one of which is valid for a part of the month alone.
    const rules = Array.from({ length: 8 }, (_, index) =>
      rule(
        {
          name: `rule ${index}`,
          priority: 1 + (index % 3),
          do: index === 5 ? 'hold' : 'pay',
          when: { amountUpTo: rub(String(40 * (index + 1))), ...(index % 2 === 0 ? {} : { description: 'odd' }) },
          limits: { day: rub('500'), payee: rub('300') },
          ...(index === 0 ? { validUntil: '2026-11-10' } : {}),
        },
        { id: `r${index}`, isOn: index !== 3 },
      ),
    )
    const list = Array.from({ length: 200 }, (_, index) =>
      past(`i${index}`, 1 + (index % 28), {
        amount: String(10 + ((index * 37) % 300)),
        number: `${index % 4}-${index % 150}`,
        description: index % 3 === 0 ? 'odd' : `plain ${index}`,
      }),
    )
    const context = settings({ others: rules, organisation: organisation({ perDay: rub('900') }) })
    const seen = atOnce(lookBack(list, context))
    for (const present of rules) {
      const tried = { ...present, version: 2, body: { ...present.body, limits: { ...present.body.limits, day: rub('250') } } }
      const { lines, taken } = atOnce(replaySeen(tried, seen, context))
      expect({
        lines: lines.map(
          ({
            past: {
              invoice: { id },
            },
            decision,
          }) => `${id} ${decision.decision}`,
        ),
        taken,
      }).toEqual(plainReplay(tried, list, rules))
    }
  })

  /** The plain definition: every invoice before all rules, one after the other. */
  function plainReplay(tried: Rule, list: readonly PastInvoice[], rules: readonly Rule[]): { lines: string[]; taken: number } {
    const spent: { day: string; name: string; amount: bigint }[] = []
    const lines: string[] = []
    const { name, when, do: action, limits, priority } = tried.body
    const body = { name, when, do: action, limits, priority }
    const all = [...rules.filter(({ id }) => id !== tried.id), { ...tried, body, isOn: true }]
    let taken = 0
    const sorted = [...list].sort(
      (a, b) => a.invoice.firstSeenAt.getTime() - b.invoice.firstSeenAt.getTime() || (a.invoice.id < b.invoice.id ? -1 : 1),
    )
    sorted.forEach(({ invoice: one }, index) => {
      const day = dayOf(one.firstSeenAt, ZONE)
      const sum = (name: string, of: (of: string) => boolean): bigint =>
        spent.filter((row) => row.name === name && of(row.day)).reduce((total, { amount }) => total + amount, 0n)
      const names = [...new Set(spent.map(({ name }) => name))]
      const sums = names.map(
        (name) => [name, { day: sum(name, (of) => of === day), month: sum(name, (of) => monthOf(of) === monthOf(day)) }] as const,
      )
      const similar = sorted
        .slice(0, index)
        .map(({ invoice: other }) => ({ ...other, invoiceId: other.id, amount: other.amount.minor, isEarlier: true, isPaid: false }))
      const scene = {
        ...decisionContext({ organisation: { perDay: rub('900') }, rules: all.filter(({ isOn }) => isOn) }),
        now: one.firstSeenAt,
      }
      const { decision, rule: by } = decide(
        { ...one, status: 'pending' },
        { ...scene, fund: 10n ** 18n, spent: new Map(sums), similar: new Map([[one.id, similar]]) },
      )
      if (by?.id === tried.id) lines.push(`${one.id} ${decision}`)
      else if (by) taken++
      if (decision === 'pay' && by)
        for (const name of Object.values(spentNames(one, by))) spent.push({ day, name, amount: one.amount.minor })
    })
    return { lines, taken }
  }
})
