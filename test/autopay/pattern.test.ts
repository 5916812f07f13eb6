import * as fc from 'fast-check'
import { fitsPattern, foldText } from '../../src/autopay/pattern'

describe('a pattern', () => {
  test.each([
    // pattern, text, as plain words, as a whole
    ['аренда', 'Аренда офиса за ноябрь', true, false],
    ['АРЕНДА ОФИСА', 'аренда   офиса', true, true],
    ['берёзка', 'ООО «Березка»', true, false],
    ['324', '417-324', true, false],
    ['417-*', '417-324', true, true],
    ['*-324', '417-324', true, true],
    ['417*324', '417-324', true, true],
    ['4*1*7*4', '417-324', true, true],
    ['*', '', true, true],
    ['**', 'anything', true, true],
    ['17*', '417-324', false, false],
    ['*17', '417-324', false, false],
    ['аб*ба', 'аба', false, false],
    ['a.c', 'abc', false, false],
    ['(a+)+$', 'aaaaaaaa', false, false],
    ['[a-z]*', 'abc', false, false],
    ['$&', 'price $& more', true, false],
    ['abc', '', false, false],
  ])('%s on «%s»', (pattern, text, contains, equals) => {
    expect(fitsPattern(pattern, text, 'contains')).toBe(contains)
    expect(fitsPattern(pattern, text, 'equals')).toBe(equals)
  })

  test('agrees with the plain definition on short texts', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 6 })
    const texts = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 })
    /** By definition: a star takes nothing, or one sign and stays. */
    const fits = (pattern: string, text: string): boolean => {
      if (pattern === '') return text === ''
      if (pattern.startsWith('*')) return fits(pattern.slice(1), text) || (text !== '' && fits(pattern, text.slice(1)))
      return text !== '' && pattern[0] === text[0] && fits(pattern.slice(1), text.slice(1))
    }
    fc.assert(
      fc.property(letters, texts, (pattern, text) => fitsPattern(pattern, text, 'equals') === fits(pattern, text)),
      { numRuns: 2_000 },
    )
  })

  test('takes no time on what makes a regular expression hang', () => {
    const started = performance.now()
    for (let count = 0; count < 50; count++) fitsPattern(`${'a*'.repeat(99)}b`, 'a'.repeat(1_000), 'equals')
    expect(performance.now() - started).toBeLessThan(20_000)
  })

  test('two spellings of one text are one', () => {
    expect(foldText('  Ё\u00a0 Й ')).toBe('е й')
    expect(foldText('\u0438\u0306')).toBe(foldText('й'))
  })
})
