import { createTexts } from '../../src/shared/texts'
import { toldEn, toldRu } from '../../src/shared/texts/told'
import { readTold, understandTold } from '../../src/shared/told'

const texts = createTexts()
const [ru, en] = [texts.translator('ru'), texts.translator('en')]

/** The sentence as it would be stored, with a value in each place. */
const sample = (text: string): string => text.replace(/\{\{(\w+)\}\}/g, (_, name: string) => `<${name} 1.50 (x)>`)

test.each(Object.entries(toldEn))('%s is stored in English and read in either language, with its values', (key, text) => {
  const stored = sample(text)
  expect(understandTold(stored)?.key).toBe(key)
  expect(readTold(stored, en)).toBe(stored)
  expect(readTold(stored, ru)).toBe(sample((toldRu as Readonly<Record<string, string>>)[key] ?? ''))
})

test('a person’s own words, an older sentence and an empty one stay as they are', () => {
  for (const text of ['Спросили магазин', 'The clock of x is wrong.', '', '{{problem}}']) expect(readTold(text, ru)).toBe(text)
})

test('a sentence within a sentence is read too, and values by the reader’s own way', () => {
  const stored = "Our payments could not be compared with Invoicebox: Invoicebox's list of invoices could not be read (server-error)."
  expect(readTold(stored, ru)).toBe(
    'Наши оплаты не удалось сравнить с Инвойсбоксом: Список счетов Инвойсбокса не удалось прочитать (server-error).',
  )
  const say = (value: string): string => (value === 'x' ? 'что-то' : value)
  expect(readTold('A request (x) waits for a second person until y.', ru, say)).toBe('Запрос (что-то) ждёт второго сотрудника до y.')
})
