import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { REFUSALS } from '../../src/shared/refusals'
import type { RefusalCode } from '../../src/shared/refusals'
import { createTexts, LANGUAGES } from '../../src/shared/texts'
import type { TextKey } from '../../src/shared/texts'
import { en } from '../../src/shared/texts/en'
import { ru } from '../../src/shared/texts/ru'

const texts = createTexts()
const placeholders = (text: string): string[] => [...text.matchAll(/{{(\w+)}}/g)].map(([, name = '']) => name).sort()

test.each(Object.keys(REFUSALS) as RefusalCode[])('the refusal %s has a text and a heading in both languages', (code) => {
  for (const language of LANGUAGES) {
    const t = texts.translator(language)
    expect(t(`refusal.${code}`)).toMatch(/^\p{Lu}.*\.$/u)
    expect(t(`error.heading.${REFUSALS[code]}`)).not.toContain('error.heading')
  }
})

test('no text speaks of a refusal that does not exist', () => {
  const codes = Object.keys(ru).filter((key) => key.startsWith('refusal.'))
  expect(codes.sort()).toEqual(
    Object.keys(REFUSALS)
      .map((code) => `refusal.${code}`)
      .sort(),
  )
})

test.each(Object.keys(en) as (keyof typeof en)[])('%s asks for the same values in both languages', (key) => {
  expect(placeholders(en[key])).toEqual(placeholders(ru[key]))
})

test('no text is empty, and no text is left untranslated', () => {
  for (const [key, text] of [...Object.entries(ru), ...Object.entries(en)]) expect([key, text.trim()]).not.toEqual([key, ''])
  const toOtherLanguage = 'layout.other_language'
  const cyrillic = Object.entries(en).filter(([key, text]) => key !== toOtherLanguage && /\p{Script=Cyrillic}/u.test(text))
  expect(cyrillic).toEqual([])
})

test('each key stands in one file: a second one would take its place without a word', () => {
  const folder = join(__dirname, '../../src/shared/texts')
  const places = new Map<string, Set<string>>()
  for (const file of (readdirSync(folder, { recursive: true }) as string[]).filter((name) => name.endsWith('.ts')))
    for (const [, key = ''] of readFileSync(join(folder, file), 'utf8').matchAll(/^ {2}'?([\w.-]+)'?:/gm))
      places.set(key, (places.get(key) ?? new Set()).add(file.replace(/^(ru|en)\.ts$/, 'ru.ts and en.ts')))
  expect(places.size).toBeGreaterThanOrEqual(Object.keys(ru).length)
  expect([...places].filter(([, files]) => files.size > 1).map(([key, files]) => [key, ...files])).toEqual([])
})

test('values are put in as they are, whatever they look like', () => {
  const number = '$t(pay.return) {{number}} <b>&'
  expect(texts.translator('ru')('pay.invoice', { number })).toBe(`Счёт №\u00a0${number}`)
})

test('an unknown key or a missing value does not compile', () => {
  const t = texts.translator('en')
  // @ts-expect-error There is no such text.
  const unknown: TextKey = 'pay.no_such_text'
  // @ts-expect-error The text needs a number.
  const withoutValue = t('pay.invoice')
  // @ts-expect-error This value has another name.
  const misnamed = t('pay.invoice', { id: '324' })
  expect([unknown, withoutValue, misnamed]).toHaveLength(3)
})
