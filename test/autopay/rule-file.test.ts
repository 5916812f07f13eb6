import { parseRuleFile } from '../../src/autopay'
import type { FileFault } from '../../src/autopay'

describe('a file of rules', () => {
  const faults = (text: string): string[] => {
    const parsed = parseRuleFile(text)
    return parsed.ok
      ? []
      : (parsed.faults as FileFault[]).map(({ line, place, code: fault, detail }) =>
          [line, place.join('.'), fault, detail].filter((part) => part !== undefined && part !== '').join(' '),
        )
  }
  const rules = (...lines: string[]): string => ['rules:', ...lines].join('\n')

  test('gives usual values to what is left out, and takes amounts as text or number', () => {
    const parsed = parseRuleFile(
      rules('  - { name: A, organisation: 7710044140, do: pay, limits: { day: 20000, month: "1 000,50" }, when: }'),
    )
    expect(parsed).toEqual({
      ok: true,
      value: [
        {
          organisation: '7710044140',
          enabled: true,
          body: { name: 'A', do: 'pay', when: {}, limits: { day: 2_000_000n, month: 100_050n }, priority: 100 },
        },
      ],
    })
    expect(parseRuleFile('{"rules": []}')).toEqual({ ok: true, value: [] })
  })

  test('tells all that is wrong at once, each with its place', () => {
    const text = rules(
      '  - name: A',
      '    organisation: 7710044140',
      '    do: pay',
      '    limits: { day: 5.001, weekly: 3 }',
      '    when:',
      '      amountFrom: 10',
      '      amountUpTo: 5',
      '      payer: x',
      '      description: ""',
      '      dueWithinDays: 1.5',
      '  - name: A',
      '    organisation: "12"',
      '    do: burn',
      '    priority: 0',
      '    validFrom: 2026-13-01',
      '    enabled: maybe',
      '  - 5',
    )
    expect(faults(text).sort()).toEqual([
      '10 rules.0.when.description pattern',
      '11 rules.0.when.dueWithinDays days',
      '13 rules.1.organisation vat',
      '14 rules.1.do action',
      '15 rules.1.priority priority',
      '16 rules.1.validFrom day',
      '17 rules.1.enabled enabled',
      '18 rules.2 map',
      '5 rules.0.limits unknown weekly',
      '5 rules.0.limits.day amount',
      '9 rules.0.when unknown payer',
    ])
  })

  test('asks for what belongs together', () => {
    const rule = '  - { name: A, organisation: "7710044140", do: ask'
    expect(faults(rules(`${rule}, when: { amountFrom: 10, amountUpTo: 9.99 } }`))).toEqual(['2 rules.0.when.amountUpTo up_to_below_from'])
    expect(faults(rules(`${rule}, validFrom: 2026-11-02, validUntil: 2026-11-01 }`))).toEqual(['2 rules.0.validUntil until_before_from'])
    expect(faults(rules(`${rule} }`, `${rule} }`))).toEqual(['3 rules.1.name name_twice'])
    expect(faults('rules: 5\nothers: 6')).toEqual(['2 unknown others', '1 rules rules'])
    expect(faults('- a')).toEqual(['rules rules'])
  })

  test.each([
    ['an amount of zero', 'limits: { day: 0 }', 'amount'],
    ['an amount below zero', 'limits: { day: -5 }', 'amount'],
    ['an amount that no number holds', 'limits: { day: 99999999999999999999 }', 'amount'],
    ['a word for an amount', 'limits: { day: much }', 'amount'],
    ['points', 'when: { currency: PTS }', 'currency'],
    ['two lines in a pattern', 'when: { description: "a\\nb" }', 'pattern'],
    ['a long pattern', `when: { description: ${'x'.repeat(201)} }`, 'pattern'],
    ['a list for conditions', 'when: [1]', 'map'],
  ])('refuses %s', (_name, part, fault) => {
    expect(faults(rules(`  - { name: A, organisation: "7710044140", do: ask, ${part} }`)).map((text) => text.split(' ').at(-1))).toEqual([
      fault,
    ])
  })

  test('stays small whatever the file would unfold into', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'.split('').map(
        (name, index) =>
          `${name}: &${name} [${Array(9)
            .fill(`*${'abcdefgh'[index] ?? 'a'}`)
            .join(',')}]`,
      ),
    ].join('\n')
    expect(faults(bomb)[0]).toContain('unreadable')
    expect(faults('x'.repeat(256 * 1024 + 1))).toEqual(['too_large'])
    for (const deep of [
      `rules:\n  - ? {${'a: '.repeat(20_000)}}`,
      `rules:\n  - ${'{a: '.repeat(20_000)}1${'}'.repeat(20_000)}`,
      `{"rules": ${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
      `rules:\n${Array.from({ length: 600 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')}`,
    ])
      expect(parseRuleFile(deep).ok).toBe(false)
    expect(faults('rules: [')[0]).toContain('unreadable')
    expect(faults('rules: []\nrules: []')[0]).toContain('unreadable')
    expect(faults('rules: !!js/function "x"')[0]).toContain('unreadable')
    expect(faults(rules('  - { name: A, organisation: "7710044140", do: ask, __proto__: { priority: 1 } }'))[0]).toContain(
      'unknown __proto__',
    )
  })
})
