import { createInvoiceboxClient } from '../../src/invoicebox'
import type { InvoiceboxSettings } from '../../src/invoicebox'
import { checkSettings } from '../../src/invoicebox/settings'
import { createLog } from '../../src/shared/log'
import { MovedClock, TOKEN, settings } from './support/world'

const BASE = 'https://api.invoicebox.ru'
const create = (more: Partial<InvoiceboxSettings>) => () =>
  createInvoiceboxClient(settings(BASE, { allowHttp: false, ...more }), {
    clock: new MovedClock(),
    log: createLog('silent'),
    newId: () => 'id',
  })

test.each<[string, Partial<InvoiceboxSettings>]>([
  ['the base URL is http', { baseUrl: 'http://api.invoicebox.ru' }],
  ['the base URL is none', { baseUrl: 'api.invoicebox.ru' }],
  ['the base URL carries user info', { baseUrl: 'https://a:b@api.invoicebox.ru' }],
  ['the base URL carries a query', { baseUrl: 'https://api.invoicebox.ru/?a=b' }],
  ['the base URL is a file', { baseUrl: 'file:///etc', allowHttp: true }],
  ['the token is empty', { token: '' }],
  ['the token could end a header', { token: 'a\r\nX-Other: b' }],
  ['the name could end a header', { appName: 'Gateway (x)\n' }],
  ['points are no currency', { currencies: ['RUB', 'PTS'] }],
  ['there is no currency', { currencies: [] }],
  ['a read has no attempt', { readAttempts: 0 }],
  ['a read has too many attempts', { readAttempts: 4 }],
  ['a timeout is none', { timeouts: { writeMs: 0 } }],
  ['the signature key is empty', { signatureKey: '' }],
])('a client is not made when %s', (_what, more) => {
  expect(create(more)).toThrow(/^Invoicebox settings: /)
})

test('all faults are named together and the token is not', () => {
  const faults = { baseUrl: 'http://x', token: `${TOKEN} `, currencies: [] }
  expect(create(faults)).toThrow(/https.*token.*currencies/)
  expect(create(faults)).not.toThrow(TOKEN)
})

test('the prefix is a setting, below whatever path the base URL has', () => {
  expect(checkSettings(settings(BASE)).prefix).toBe('/v3')
  expect(checkSettings(settings(`${BASE}/proxy/`, { version: 'l3' }))).toMatchObject({ origin: BASE, prefix: '/proxy/l3' })
})
