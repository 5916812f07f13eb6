import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { ensureBundle } from '../../src/minapp-bundle'
import { isAllowed } from '../../src/storefront/browser/origins'
import { ROOT } from '../code/tree'

beforeAll(ensureBundle)

test('the script with the official SDK in it is at most 40 KB on its way', () => {
  const bytes = gzipSync(readFileSync(join(ROOT, 'public/minapp.js'))).length
  expect(bytes).toBeGreaterThan(1_000)
  expect(bytes).toBeLessThanOrEqual(40_000)
})

test.each([
  ['https://pay.invoicebox.ru', true],
  ['https://a.b.invoicebox.ru', true],
  ['https://invoicebox.ru', false],
  ['http://pay.invoicebox.ru', false],
  ['https://pay.invoicebox.ru:8443', false],
  ['https://pay.invoicebox.ru.evil.example', false],
  ['https://evilinvoicebox.ru', false],
  ['https://evil.example/.invoicebox.ru', false],
  ['https://evil.example?.invoicebox.ru', false],
  ['https://shop.example:8443', true],
  ['https://shop.example', false],
  ['null', false],
  ['', false],
])('the origin %p is a parent: %p', (origin, isParent) => {
  expect(isAllowed(origin, ['https://*.invoicebox.ru', 'https://shop.example:8443'])).toBe(isParent)
})
