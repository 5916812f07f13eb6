import { decide } from '../../src/autopay/decide'
import { GATES } from '../../src/autopay/decision'
import { neededSteps } from '../../src/autopay/limit-gates'
import { payeeOf } from '../../src/autopay/payee'
import { DAY } from '../../src/shared/clock'
import { createTexts } from '../../src/shared/texts'
import { whyText } from '../../src/autopay/why-text'
import { context, invoice, NOW, organisation, rub, rule, similar } from './cases'
import type { Scene } from './cases'

type Changes = Parameters<typeof invoice>[0]
const ago = (days: number): Date => new Date(NOW.getTime() - days * DAY)
const spent = (day: string, month = day) => ({ day: rub(day), month: rub(month) })
const ask = rule({ do: 'ask' })
const steps = [
  { from: rub('50.00'), approvers: ['olga'] },
  { from: rub('100.00'), approvers: ['ivan'] },
  { from: rub('500.00'), approvers: ['boss'] },
]

/** What is special, the decision, and the line of the gate that decided. */
const CASES: readonly [string, Changes, Scene, string, string][] = [
  ['nothing special', {}, {}, 'pay', 'switch_on'],
  ['status not told', { status: null }, {}, 'hold', 'status_unknown'],
  ['paid', { status: 'paid' }, {}, 'refuse', 'paid'],
  ['cancelled', { status: 'canceled' }, {}, 'refuse', 'cancelled'],
  ['partly paid', { status: 'partial' }, {}, 'refuse', 'partly_paid'],
  ['expired at this moment', { dueAt: NOW }, {}, 'refuse', 'expired'],
  ['refused by a person', {}, { said: { isRefused: true } }, 'refuse', 'refused_by_person'],
  ['same number and amount', { number: ' 417-0' }, { similar: [similar()] }, 'refuse', 'duplicate_number'],
  ['same number, other amount', { number: '417-0' }, { similar: [similar({ amount: 1n })] }, 'pay', 'switch_on'],
  ['same number, 91 days apart', { number: '417-0' }, { similar: [similar({ issuedAt: ago(92) })] }, 'pay', 'switch_on'],
  ['same words and amount', {}, { similar: [similar({ description: 'аренда  ОФИСА' })] }, 'refuse', 'duplicate_words'],
  ['same words, 15 days apart', {}, { similar: [similar({ description: 'Аренда офиса', issuedAt: ago(17) })] }, 'pay', 'switch_on'],
  ['two without words', { description: '' }, { similar: [similar({ description: '' })] }, 'pay', 'switch_on'],
  [
    'second of one order',
    { merchantOrder: 'A1' },
    { similar: [similar({ merchantOrder: 'A1', amount: 7n })] },
    'refuse',
    'duplicate_order',
  ],
  ['first of two that are due', { number: '417-0' }, { similar: [similar({ isEarlier: false })] }, 'pay', 'switch_on'],
  ['later one was paid', { number: '417-0' }, { similar: [similar({ isEarlier: false, isPaid: true })] }, 'refuse', 'duplicate_number'],
  ['a duplicate that was let go', { number: '417-0' }, { similar: [similar()], said: { releasedFrom: ['i0'] } }, 'pay', 'switch_on'],
  [
    'let go because of another one',
    { number: '417-0' },
    { similar: [similar()], said: { releasedFrom: ['i9'] } },
    'refuse',
    'duplicate_number',
  ],
  ['itself', { number: '417-0' }, { similar: [similar({ invoiceId: 'i1' })] }, 'pay', 'switch_on'],
  ['no rules', {}, { rules: [] }, 'hold', 'no_rule'],
  ['a rule that is off', {}, { rules: [rule({}, { isOn: false })] }, 'hold', 'no_rule'],
  ['a rule of another organisation', {}, { rules: [rule({}, { organisationId: 'x' })] }, 'hold', 'no_rule'],
  ['a rule that is over', {}, { rules: [rule({ validUntil: '2026-11-21' })] }, 'hold', 'no_rule'],
  ['a rule to come', {}, { rules: [rule({ validFrom: '2026-11-23' })] }, 'hold', 'no_rule'],
  ['a rule for today', {}, { rules: [rule({ validFrom: '2026-11-22', validUntil: '2026-11-22' })] }, 'pay', 'switch_on'],
  ['a rule that does not fit', {}, { rules: [rule({ when: { number: '1' } })] }, 'hold', 'no_rule_fits'],
  ['a rule that holds', {}, { rules: [rule({ do: 'hold' })] }, 'hold', 'rule_holds'],
  ['too much for one invoice', {}, { rules: [rule({ limits: { invoice: rub('99.99') } })] }, 'hold', 'over_invoice'],
  ['exactly the limit', {}, { rules: [rule({ limits: { invoice: rub('100') } })] }, 'pay', 'switch_on'],
  ['day is full', {}, { rules: [rule({ limits: { day: rub('150') } })], spent: { 'rule:r1': spent('50.01') } }, 'wait', 'over_day'],
  ['day has room', {}, { rules: [rule({ limits: { day: rub('150') } })], spent: { 'rule:r1': spent('50') } }, 'pay', 'switch_on'],
  ['no day has room', {}, { rules: [rule({ limits: { day: rub('99') } })] }, 'hold', 'over_day_alone'],
  ['month is full', {}, { rules: [rule({ limits: { month: rub('150') } })], spent: { 'rule:r1': spent('0', '51') } }, 'wait', 'over_month'],
  [
    'payee is full',
    {},
    { rules: [rule({ limits: { payee: rub('150') } })], spent: { 'payee:org:417': spent('51') } },
    'wait',
    'over_payee',
  ],
  ['another payee', {}, { rules: [rule({ limits: { payee: rub('150') } })], spent: { 'payee:org:418': spent('51') } }, 'pay', 'switch_on'],
  [
    'budget of the day',
    {},
    { organisation: { perDay: rub('150') }, spent: { 'organisation:org': spent('51') } },
    'wait',
    'over_budget_day',
  ],
  ['budget too small', {}, { organisation: { perMonth: rub('99') } }, 'hold', 'over_budget_month_alone'],
  ['fund too low', {}, { fund: '99.99' }, 'wait', 'fund_short'],
  ['fund below its floor', {}, { fund: '-5.00' }, 'wait', 'fund_short'],
  ['fund just reaches', {}, { fund: '100.00' }, 'pay', 'switch_on'],
  ['nobody has signed', {}, { rules: [ask] }, 'ask', 'approval_missing'],
  ['anybody signs', {}, { rules: [ask], said: { signedSteps: [0] } }, 'pay', 'switch_on'],
  ['one of two has signed', {}, { rules: [ask], organisation: { steps }, said: { signedSteps: [0] } }, 'ask', 'approval_missing'],
  ['both have signed', {}, { rules: [ask], organisation: { steps }, said: { signedSteps: [1, 0] } }, 'pay', 'switch_on'],
  ['a rule that pays needs nobody', {}, { organisation: { steps } }, 'pay', 'switch_on'],
  ['switched off', {}, { shut: 'off' }, 'wait', 'switch_off'],
  ['stopped', {}, { shut: 'stopped' }, 'wait', 'switch_stopped'],
  ['off, and nobody has signed', {}, { rules: [ask], shut: 'off' }, 'ask', 'approval_missing'],
]

describe('the gates', () => {
  test.each(CASES)('%s', (_name, changes, scene, decision, code) => {
    const made = decide(invoice(changes), context(scene))
    expect([made.decision, made.why.at(-1)?.code]).toEqual([decision, code])
    expect(made.why.map(({ gate }) => gate)).toEqual(GATES.slice(0, made.why.length))
    expect(made.why.slice(0, -1).every(({ passed }) => passed)).toBe(true)
    expect(made.why.at(-1)?.passed).toBe(decision === 'pay')
    for (const language of ['ru', 'en'] as const) {
      const lines = made.why.map((line) => whyText(line, { t: createTexts().translator(language), language }))
      expect(lines.join(' ')).not.toMatch(/undefined|\{\{|autopay\.why/)
      expect(lines.every((line) => line.includes(' '))).toBe(true)
    }
  })

  test.each([
    ['payerName', { payerName: 'ромашка' }, { payerName: 'АО «Василёк»' }],
    ['description', { description: '*офиса' }, { description: 'Аренда офиса и склада' }],
    ['number', { number: '417-1' }, { number: '417-12' }],
    ['currency', { currency: 'RUB' }, undefined],
    ['amountFrom', { amountFrom: rub('100') }, { amount: '99.99' }],
    ['amountUpTo', { amountUpTo: rub('100') }, { amount: '100.01' }],
    ['issuedWithinDays', { issuedWithinDays: 1 }, { issuedAt: ago(1.01) }],
    ['dueWithinDays', { dueWithinDays: 3 }, { dueAt: ago(-3.01) }],
  ])('a rule that asks for %s', (name, when, other) => {
    const scene = { rules: [rule({ when })] }
    expect(decide(invoice(), context(scene)).decision).toBe('pay')
    if (!other) return
    const { decision, why } = decide(invoice(other), context(scene))
    expect([decision, why.at(-1)?.values]).toEqual(['hold', { rule: 'Правило', condition: name }])
  })

  test('the first rule by priority applies, then by name; the nearest tells what was missing', () => {
    const rules = [
      rule({ name: 'B', priority: 2, do: 'hold' }, { id: 'b' }),
      rule({ name: 'C', priority: 1, do: 'ask' }, { id: 'c', version: 7 }),
      rule({ name: 'A', priority: 1, when: { number: 'x', description: 'x' } }, { id: 'a' }),
    ]
    expect(decide(invoice(), context({ rules })).rule).toEqual({ id: 'c', version: 7, name: 'C' })
    const near = [rules[2], rule({ name: 'Z', when: { amountUpTo: 1n } }, { id: 'z' })].filter((each) => each !== undefined)
    expect(decide(invoice(), context({ rules: near })).why.at(-1)?.values).toEqual({ rule: 'Z', condition: 'amountUpTo' })
  })

  test('of rules that miss as much, the one that meets more of its conditions is the nearest', () => {
    const other = rule({ name: 'Law', priority: 1, when: { description: 'law' } })
    const rent = rule({ name: 'Rent', priority: 2, when: { description: 'аренда', currency: 'RUB', amountUpTo: 1n } }, { id: 'rent' })
    for (const rules of [
      [other, rent],
      [rent, other],
    ])
      expect(decide(invoice(), context({ rules })).why.at(-1)?.values).toEqual({ rule: 'Rent', condition: 'amountUpTo' })
  })

  test('a currency that the fund does not have is refused', () => {
    const { decision, why } = decide({ ...invoice(), amount: { minor: 100n, unit: 'USD' } }, context())
    expect([decision, why.at(-1)?.code]).toEqual(['refuse', 'currency'])
  })

  test('who must sign, by amount: below the lowest step anybody, and each step that is reached', () => {
    const of = organisation({ steps })
    expect(neededSteps(of, rub('49.99'))).toEqual([{ index: 0, approvers: null }])
    expect(neededSteps(of, rub('50'))).toEqual([{ index: 0, approvers: ['olga'] }])
    expect(neededSteps(of, rub('600')).map(({ index }) => index)).toEqual([0, 1, 2])
    expect(neededSteps(organisation(), rub('600'))).toEqual([{ index: 0, approvers: null }])
  })

  test('the payee is the beginning of the number; without one all share a limit', () => {
    expect(['417-208815', '417-', '-5', '324', '', ' 9 - 1'].map((number) => payeeOf({ number }))).toEqual([
      '417',
      '417',
      '—',
      '—',
      '—',
      '9',
    ])
  })
})
