import * as fc from 'fast-check'
import { decide, planPayments } from '../../src/autopay/decide'
import type { DecisionContext } from '../../src/autopay/decision-context'
import type { DueInvoice } from '../../src/autopay/invoice'
import { payeeOf } from '../../src/autopay/payee'
import { DAY } from '../../src/shared/clock'
import { atOnce, context, invoice, NOW, organisation, rub, rule } from './cases'

const due = (days: number): Date => new Date(NOW.getTime() + days * DAY)
const planned = (invoices: readonly DueInvoice[], of: DecisionContext): string[] =>
  atOnce(planPayments(invoices, of)).items.map(
    ({ invoice: { id }, decision, ...rest }) =>
      `${id} ${decision.decision} ${decision.why.at(-1)?.code ?? ''}${Object.keys(rest).join('')}`,
  )

describe('a plan', () => {
  const two = [
    rule({ name: 'Важное', priority: 1, when: { description: 'важное' } }, { id: 'one' }),
    rule({ name: 'Прочее', priority: 2 }, { id: 'two' }),
  ]

  test('goes by priority, then the nearest deadline, then the smaller amount, whatever the order of the list', () => {
    const list = [
      invoice({ id: 'a', dueAt: due(1) }),
      invoice({ id: 'b', dueAt: due(9), description: 'Важное' }),
      invoice({ id: 'c', dueAt: due(1), amount: '50' }),
      invoice({ id: 'd', dueAt: due(2), description: 'Важное' }),
    ]
    const expected = ['d pay switch_on', 'b pay switch_on', 'c pay switch_on', 'a pay switch_on']
    expect(planned(list, context({ rules: two }))).toEqual(expected)
    expect(planned([...list].reverse(), context({ rules: two }))).toEqual(expected)
    expect(atOnce(planPayments(list, context({ rules: two, fund: '500.00' }))).fundAfter).toBe(rub('150'))
  })

  test('has for each organisation its own rules, however many it decides about together', () => {
    const rules = [rule({ name: 'Одна' }, { id: 'one' }), rule({ name: 'Другая', do: 'hold' }, { id: 'two', organisationId: 'other' })]
    const base = context({ rules })
    const all = { ...base, organisations: new Map([...base.organisations, ['other', organisation({ id: 'other' })]]) }
    const list = [invoice({ id: 'a' }), invoice({ id: 'b', organisationId: 'other' }), invoice({ id: 'c' })]
    expect(planned(list, all)).toEqual(['a pay switch_on', 'b hold rule_holds', 'c pay switch_on'])
  })

  test('where the fund does not reach, smaller ones of the same priority are paid and lower priorities wait', () => {
    const list = [
      invoice({ id: 'a', dueAt: due(1), amount: '80', description: 'Важное' }),
      invoice({ id: 'b', dueAt: due(2), amount: '50', description: 'Важное' }),
      invoice({ id: 'c', dueAt: due(3), amount: '20', description: 'Важное' }),
      invoice({ id: 'd', dueAt: due(1), amount: '1' }),
    ]
    expect(planned(list, context({ rules: two, fund: '101.00' }))).toEqual([
      'a pay switch_on',
      'b wait fund_short',
      'c pay switch_on',
      'd wait fund_kept',
    ])
  })

  test('what nobody has signed keeps nothing from others', () => {
    const rules = [rule({ do: 'ask', priority: 1, when: { description: 'важное' } }, { id: 'one' }), rule({ priority: 2 }, { id: 'two' })]
    const list = [invoice({ id: 'a', amount: '80', description: 'Важное' }), invoice({ id: 'b', amount: '60' })]
    expect(planned(list, context({ rules, fund: '70.00' }))).toEqual(['a wait fund_short', 'b pay switch_on'])
    expect(planned(list, context({ rules, fund: '90.00' }))).toEqual(['a ask approval_missing', 'b pay switch_on'])
  })

  test('each payment fills the limits for those after it', () => {
    const rules = [rule({ limits: { day: rub('250'), payee: rub('150') } })]
    const list = ['417-1', '417-2', '418-1', '419-1'].map((number, index) => invoice({ id: `i${index}`, number, dueAt: due(index + 1) }))
    expect(planned(list, context({ rules }))).toEqual(['i0 pay switch_on', 'i1 wait over_payee', 'i2 pay switch_on', 'i3 wait over_day'])
  })

  test('what waits for the switch takes nothing out of the fund', () => {
    expect(atOnce(planPayments([invoice()], context({ shut: 'off', fund: '500.00' }))).fundAfter).toBe(rub('500'))
  })
})

describe('whatever the invoices, rules and limits', () => {
  const cents = fc.integer({ min: 1, max: 30_000 }).map((minor) => (minor / 100).toFixed(2))
  const invoices = fc.uniqueArray(
    fc.record({
      serial: fc.integer({ min: 0, max: 999 }),
      shop: fc.integer({ min: 1, max: 3 }),
      amount: cents,
      days: fc.integer({ min: -1, max: 9 }),
      word: fc.constantFrom('связь', 'аренда', 'юристы'),
    }),
    { selector: ({ serial }) => serial, maxLength: 25 },
  )
  const limit = fc.option(fc.integer({ min: 1, max: 100_000 }).map(BigInt), { nil: undefined })
  const limits = fc.record({ invoice: limit, payee: limit, day: limit, month: limit })
  const scene = fc.record({
    invoices,
    pay: limits,
    ask: limits,
    perDay: limit,
    fund: fc.integer({ min: -1_000, max: 200_000 }),
    signed: fc.boolean(),
  })
  type Wish = typeof scene extends fc.Arbitrary<infer T> ? T : never
  const given = (of: object): object => Object.fromEntries(Object.entries(of).filter(([, value]) => value !== undefined))

  const build = (of: Wish): { list: DueInvoice[]; all: DecisionContext } => {
    const list = of.invoices.map(({ serial, shop, amount, days, word }) =>
      invoice({ id: `i${serial}`, number: `${shop}-${serial}`, amount, dueAt: due(days), description: word }),
    )
    const rules = [
      rule({ name: 'pay', priority: 2, when: { description: 'связь' }, limits: given(of.pay) }, { id: 'pay' }),
      rule({ name: 'ask', priority: 1, do: 'ask', when: { description: 'аренда' }, limits: given(of.ask) }, { id: 'ask' }),
    ]
    const base = context({ rules, organisation: { perDay: of.perDay ?? null } })
    const approvals = new Map(list.map(({ id }) => [id, { signedSteps: of.signed ? [0] : [], isRefused: false, releasedFrom: [] }]))
    return { list, all: { ...base, fund: BigInt(of.fund), approvals } }
  }

  test('no cap and no fund is ever overdrawn, each decision has its reasons, and the order of the list does not matter', () => {
    fc.assert(
      fc.property(scene, fc.integer(), (of, turn) => {
        const { list, all } = build(of)
        const plan = atOnce(planPayments(list, all))
        const paid = plan.items.filter(({ decision }) => decision.decision === 'pay')
        const sum = (fits: (one: (typeof paid)[number]) => boolean): bigint =>
          paid.filter(fits).reduce((total, { invoice: { amount } }) => total + amount.minor, 0n)
        expect(paid.length === 0 || plan.fundAfter >= 0n).toBe(true)
        expect(plan.fundAfter).toBe(all.fund - sum(() => true))
        if (of.perDay !== undefined) expect(sum(() => true) <= of.perDay).toBe(true)
        for (const name of ['pay', 'ask'] as const) {
          const ofRule = (one: (typeof paid)[number]): boolean => one.decision.rule?.id === name
          for (const cap of [of[name].day, of[name].month]) if (cap !== undefined) expect(sum(ofRule) <= cap).toBe(true)
          const { payee } = of[name]
          if (payee !== undefined)
            for (const shop of ['1', '2', '3']) expect(sum((one) => ofRule(one) && payeeOf(one.invoice) === shop) <= payee).toBe(true)
          expect(
            paid.filter(ofRule).every(({ invoice: { amount } }) => of[name].invoice === undefined || amount.minor <= of[name].invoice),
          ).toBe(true)
        }
        expect(plan.items.every(({ decision }) => decision.why.length > 0)).toBe(true)
        const turned = [...list.slice(turn % (list.length || 1)), ...list.slice(0, turn % (list.length || 1))].reverse()
        expect(atOnce(planPayments(turned, all))).toEqual(plan)
        // Alone, with all of the fund and the limits, an invoice is never treated worse than in company.
        for (const { invoice: one } of paid) expect(decide(one, all).decision).toBe('pay')
      }),
      { numRuns: 300 },
    )
  })
})
