import { understand } from '../../src/invoicebox/answers'
import type { Reply } from '../../src/invoicebox/answers'
import { authOutcome, confirmOutcome, readOutcome, verdictOf } from '../../src/invoicebox/outcomes'
import { understandTold } from '../../src/shared/told'
import { INVOICE_ID, OPERATION_ID, TRANSACTION_ID, invoiceAnswer, transactionAnswer } from './support/world'

/** The table of Q-08 and Rule R, row by row. */

const NOW = new Date('2026-03-05T10:00:00Z')
const RULES = { currencies: ['RUB'], allowHttp: false } as const
const HTML = '<html><title>502 Bad Gateway</title></html>'

function answered(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return { kind: 'answer', status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, body: Buffer.from(text) }
}
const html = (status: number): Reply => answered(status, HTML, { 'content-type': 'text/html' })
const nested = (code: string) => ({ error: { message: 'Error', code, fields: [] } })
const confirmed = (reply: Reply) => confirmOutcome(understand(reply, NOW), INVOICE_ID, OPERATION_ID)
const read = (reply: Reply) => readOutcome(understand(reply, NOW), INVOICE_ID, RULES)
const checked = (reply: Reply) => authOutcome(understand(reply, NOW))

const accepted = { kind: 'accepted', transactionId: TRANSACTION_ID }
const unknown = (reason: string) => ({ kind: 'unknown', reason, sent: true })
const alarm = (reason: string) => ({ ...unknown(reason), alarm: expect.any(String) as string })

describe('a confirm is accepted only by our operation id and a transaction id', () => {
  test.each<[string, unknown, unknown]>([
    ['the documented answer', transactionAnswer(), accepted],
    ['fields that we do not know', { ...transactionAnswer({ status: 'paid', newBalance: 1 }), trace: {} }, accepted],
    ['a list of one', { data: [{ partnerOperationId: OPERATION_ID, id: TRANSACTION_ID }] }, accepted],
    ['no envelope', { partnerOperationId: OPERATION_ID, id: TRANSACTION_ID }, accepted],
    ['our operation id in capitals', transactionAnswer({ partnerOperationId: OPERATION_ID.toUpperCase() }), accepted],
    ['no operation id (Q-12)', { data: { id: TRANSACTION_ID } }, accepted],
    [
      'a transaction id that is a number',
      `{"data":{"partnerOperationId":"${OPERATION_ID}","id":12345678901234567890}}`,
      { kind: 'accepted', transactionId: '12345678901234567890' },
    ],
    ['an empty error as PHP writes it', { ...transactionAnswer(), error: [] }, accepted],
    ['a byte order mark', `\ufeff${JSON.stringify(transactionAnswer())}`, accepted],
    ['another operation id', transactionAnswer({ partnerOperationId: INVOICE_ID }), alarm('wrong-operation')],
    ['an operation id of another type', transactionAnswer({ partnerOperationId: 7 }), alarm('wrong-operation')],
    ['no transaction id', { data: { partnerOperationId: OPERATION_ID } }, alarm('no-transaction-id')],
    ['an empty transaction id', transactionAnswer({ id: '' }), alarm('no-transaction-id')],
    ['a transaction id that is an object', transactionAnswer({ id: {} }), alarm('no-transaction-id')],
    [
      'two transactions for our operation',
      { data: [transactionAnswer().data, transactionAnswer({ id: INVOICE_ID }).data] },
      alarm('no-transaction-id'),
    ],
    ['the invoice instead of a transaction', { data: invoiceAnswer() }, alarm('no-transaction-id')],
    ['no data', { data: null }, alarm('no-transaction-id')],
    ['an empty list', { data: [], extendedData: [] }, alarm('no-transaction-id')],
    ['an empty object', {}, alarm('no-transaction-id')],
    ['only the word success', { status: 'success' }, alarm('no-transaction-id')],
    ['JSON that is no object', '"ok"', alarm('no-transaction-id')],
    ['an error beside the data', { ...transactionAnswer(), error: { code: 'signature_error', message: '' } }, alarm('not-understood')],
    ['an error alone', nested('invoice_already_paid'), alarm('not-understood')],
    ['an error of no form', { error: 'boom' }, alarm('not-understood')],
    ['the flat word error', { status: 'error', code: 'signature_error' }, alarm('not-understood')],
    ['a repeated key', `{"data":{"partnerOperationId":"${OPERATION_ID}","id":"a","id":"b"}}`, unknown('not-json')],
    ['half an answer', JSON.stringify(transactionAnswer()).slice(0, 60), unknown('not-json')],
    ['an empty body', '', unknown('not-json')],
    ['a million brackets', '['.repeat(1_000_000), unknown('not-json')],
  ])('200 with %s', (_what, body, outcome) => {
    expect(confirmed(answered(200, body))).toEqual(outcome)
  })

  test('every alarm is a sentence that staff read in their own language', () => {
    const odd = [
      transactionAnswer({ partnerOperationId: INVOICE_ID }),
      transactionAnswer({ id: '' }),
      nested('invoice_already_paid'),
      { error: 'boom' },
    ]
    const replies = [...odd.map((body) => answered(200, body)), answered(302, '', { location: 'https://elsewhere.test/' })]
    for (const reply of replies) {
      const { alarm: sentence = '' } = confirmed(reply) as { alarm?: string }
      expect([sentence, understandTold(sentence)]).toEqual([sentence, expect.any(Object)])
    }
  })

  test('any 2xx is a success (Q-12)', () => {
    for (const status of [200, 201, 202, 299]) expect(confirmed(answered(status, transactionAnswer()))).toEqual(accepted)
  })

  test('the type is believed before the body: what calls itself HTML is not read', () => {
    const wrongTypes = ['text/html', 'text/plain', 'application/jsonp', 'application/xml', 'multipart/form-data']
    for (const type of wrongTypes)
      expect(confirmed(answered(200, transactionAnswer(), { 'content-type': type }))).toEqual(unknown('not-json'))
    const rightTypes = ['application/json', 'APPLICATION/JSON;charset=UTF-8', 'application/problem+json']
    for (const type of rightTypes) expect(confirmed(answered(200, transactionAnswer(), { 'content-type': type }))).toEqual(accepted)
  })

  test('a missing type is forgiven when the body proves itself', () => {
    expect(confirmed({ kind: 'answer', status: 200, headers: {}, body: Buffer.from(JSON.stringify(transactionAnswer())) })).toEqual(
      accepted,
    )
  })

  test('packed bytes and bytes that are not UTF-8 are not read', () => {
    expect(confirmed(answered(200, transactionAnswer(), { 'content-encoding': 'gzip' }))).toEqual(unknown('not-json'))
    const broken = Buffer.concat([Buffer.from('{"data":{"id":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}}')])
    expect(confirmed({ kind: 'answer', status: 200, headers: {}, body: broken })).toEqual(unknown('not-json'))
  })
})

describe('a confirm is rejected only by a 4xx with an error in the API’s own format', () => {
  const rejected = (code: string, status: number) => ({ kind: 'rejected', code, status, message: expect.any(String) as string })

  test.each<[number, string]>([
    [422, 'invoice_already_paid'],
    [422, 'wrong_order_status'],
    [422, 'not_enough_money'],
    [422, 'validation'],
    [422, 'signature_error'],
    [422, 'a_code_of_tomorrow'],
    [404, 'invoice_not_found'],
    [404, 'not_found'],
    [401, 'unauthorized'],
    [403, 'forbidden'],
    [400, 'bad_request'],
    [409, 'conflict'],
    [499, 'something'],
  ])('%d %s', (status, code) => {
    expect(confirmed(answered(status, nested(code)))).toEqual(rejected(code, status))
  })

  test.each<[string, unknown]>([
    ['nested, without fields', { error: { message: 'Error', code: 'not_enough_money' } }],
    ['nested, in camel case', { error: { code: 'notEnoughMoney' } }],
    ['nested, with empty data', { data: null, error: { code: 'not_enough_money' } }],
    ['flat', { code: 'not_enough_money', message: 'No' }],
    ['as a notification is answered', { status: 'error', code: 'not_enough_money', message: 'No' }],
  ])('the form is %s', (_form, body) => {
    expect(confirmed(answered(422, body))).toEqual(rejected('not_enough_money', 422))
  })

  test.each<[string, unknown]>([
    ['a message without a code', { error: { message: 'Unauthorized' } }],
    ['a code that is a number', { error: { code: 422 } }],
    ['a flat code that is a number', { code: 404, message: 'no Route matched' }],
    ['a proxy’s message', { message: 'Forbidden' }],
    ['the OAuth form', { error: 'invalid_token', error_description: 'expired' }],
    ['an error beside data', { ...transactionAnswer(), error: { code: 'invoice_already_paid' } }],
    ['an object with an id and a code', { id: TRANSACTION_ID, code: 'ok' }],
    ['a list', [nested('not_found')]],
    ['nothing', {}],
    ['a success', transactionAnswer()],
  ])('%s is not an explicit no', (_what, body) => {
    expect(confirmed(answered(422, body))).toEqual(unknown('not-understood'))
  })

  test('HTML and emptiness are not an explicit no', () => {
    for (const status of [400, 401, 403, 404, 422]) expect(confirmed(html(status))).toEqual(unknown('not-json'))
    expect(confirmed(answered(422, ''))).toEqual(unknown('not-json'))
  })
})

describe('a confirm is unknown whenever nothing is proven', () => {
  test.each([500, 501, 502, 503, 504, 520, 599])('%d, even with an explicit error', (status) => {
    expect(confirmed(answered(status, nested('invoice_already_paid')))).toEqual(unknown('server-error'))
    expect(confirmed(answered(status, transactionAnswer()))).toEqual(unknown('server-error'))
    expect(confirmed(html(status))).toEqual(unknown('server-error'))
  })

  test.each([300, 301, 302, 303, 304, 307, 308])('%d is not followed', (status) => {
    expect(confirmed(answered(status, transactionAnswer(), { location: 'https://elsewhere.test/' }))).toEqual(alarm('redirected'))
  })

  test.each([408, 425])('%d asks to come again', (status) => {
    expect(confirmed(answered(status, nested('request_timeout')))).toEqual(unknown('try-later'))
    expect(confirmed(answered(status, nested('request_timeout'), { 'retry-after': '7' }))).toEqual({
      ...unknown('try-later'),
      retryAfterMs: 7_000,
    })
  })

  test('429 always comes with a wait, whatever its body', () => {
    expect(confirmed(answered(429, nested('too_many_requests')))).toEqual({ ...unknown('rate-limited'), retryAfterMs: 30_000 })
    expect(confirmed(answered(429, '', { 'retry-after': '2' }))).toEqual({ ...unknown('rate-limited'), retryAfterMs: 2_000 })
  })

  test('503 keeps its wait', () => {
    expect(confirmed(answered(503, nested('out_of_service'), { 'retry-after': '120' }))).toEqual({
      ...unknown('server-error'),
      retryAfterMs: 120_000,
    })
  })

  test('out_of_service asks to come again, with whatever status it comes', () => {
    for (const status of [400, 422]) expect(confirmed(answered(status, nested('out_of_service')))).toEqual(unknown('try-later'))
    expect(confirmed(answered(422, { status: 'error' }))).toEqual(unknown('try-later'))
  })

  test.each([199, 600, 999])('a status of %d means nothing', (status) => {
    expect(confirmed(answered(status, transactionAnswer()))).toEqual(unknown('not-understood'))
  })

  test('a fault keeps whether anything was sent', () => {
    for (const sent of [true, false]) {
      expect(confirmed({ kind: 'fault', reason: 'timeout', sent, status: null, headers: {} })).toEqual({
        kind: 'unknown',
        reason: 'timeout',
        sent,
      })
    }
  })
})

describe('reading one invoice', () => {
  const unavailable = (reason: string, more = {}) => ({ kind: 'unavailable', reason, ...more })

  test.each<[string, Reply, unknown]>([
    ['an object', answered(200, { data: invoiceAnswer() }), { kind: 'found' }],
    ['a list (Q-05)', answered(200, { data: [invoiceAnswer()] }), { kind: 'found' }],
    ['a list with others', answered(200, { data: [invoiceAnswer({ id: OPERATION_ID }), invoiceAnswer()] }), { kind: 'found' }],
    ['an id in capitals', answered(200, { data: invoiceAnswer({ id: INVOICE_ID.toUpperCase() }) }), { kind: 'found' }],
    ['no envelope', answered(200, invoiceAnswer()), { kind: 'found' }],
    ['an empty list', answered(200, { data: [] }), { kind: 'not-found' }],
    ['null', answered(200, { data: null }), { kind: 'not-found' }],
    ['404 invoice_not_found', answered(404, nested('invoice_not_found')), { kind: 'not-found' }],
    ['404 with any other code', answered(404, nested('not_found_http_exception')), { kind: 'not-found' }],
    ['403 of the API', answered(403, nested('forbidden')), { kind: 'forbidden' }],
    ['another invoice', answered(200, { data: invoiceAnswer({ id: OPERATION_ID }) }), { kind: 'odd', invoiceId: INVOICE_ID }],
    ['the invoice twice', answered(200, { data: [invoiceAnswer(), invoiceAnswer({ amount: 1 })] }), { kind: 'odd', invoiceId: INVOICE_ID }],
    ['404 of a proxy', html(404), unavailable('not-json')],
    ['403 of a proxy', html(403), unavailable('not-json')],
    ['404 without a code', answered(404, { message: 'no Route matched' }), unavailable('not-understood')],
    ['401', answered(401, nested('unauthorized')), unavailable('unauthorized')],
    ['422', answered(422, nested('wrong_filter_format')), unavailable('rejected', { code: 'wrong_filter_format' })],
    ['HTML with 200', html(200), unavailable('not-json')],
    ['an error with 200', answered(200, { data: invoiceAnswer(), error: { code: 'x' } }), unavailable('not-understood')],
    ['text with 200', answered(200, '"ok"'), unavailable('not-understood')],
    ['a list of texts', answered(200, { data: ['a'] }), unavailable('not-understood')],
    ['500', html(500), unavailable('server-error')],
    ['302', answered(302, ''), unavailable('redirected')],
    ['429', answered(429, '', { 'retry-after': '3' }), unavailable('rate-limited', { retryAfterMs: 3_000 })],
  ])('%s', (_what, reply, outcome) => {
    expect(read(reply)).toMatchObject(outcome as object)
  })
})

describe('the auth check looks at userId, not at the status', () => {
  const user = (data: unknown) => answered(200, { data, extendedData: [] })
  test.each<[string, Reply, unknown]>([
    ['a known token', user({ userId: INVOICE_ID, profile: null }), { kind: 'authorized', userId: INVOICE_ID }],
    ['a user id that is a number', user({ userId: 417 }), { kind: 'authorized', userId: '417' }],
    ['no envelope', answered(200, { userId: INVOICE_ID }), { kind: 'authorized', userId: INVOICE_ID }],
    ['an anonymous answer', user({ userId: null, profile: null, accessToken: null }), { kind: 'unauthorized' }],
    ['401', answered(401, nested('unauthorized')), { kind: 'unauthorized' }],
    ['403', answered(403, nested('forbidden')), { kind: 'unauthorized' }],
    ['401 in HTML', html(401), { kind: 'unauthorized' }],
    ['no user id', user({ profile: null }), { kind: 'unavailable', reason: 'not-understood' }],
    ['HTML with 200', html(200), { kind: 'unavailable', reason: 'not-json' }],
    ['500', html(500), { kind: 'unavailable', reason: 'server-error' }],
  ])('%s', (_what, reply, outcome) => {
    expect(checked(reply)).toEqual(outcome)
  })
})

describe('what an answer means for the circuit', () => {
  const verdict = (operation: Parameters<typeof verdictOf>[0], reply: Reply, kind = 'any') =>
    verdictOf(operation, understand(reply, NOW), { kind })

  test('401 is about our token on every call, 403 on every call but the read of one invoice', () => {
    for (const operation of ['business.get', 'business.list', 'business.confirm', 'auth.check'] as const) {
      expect(verdict(operation, answered(401, nested('unauthorized')))).toBe('unauthorized')
      expect(verdict(operation, html(401))).toBe('unauthorized')
      expect(verdict(operation, answered(403, nested('forbidden')))).toBe(operation === 'business.get' ? 'alive' : 'unauthorized')
    }
    expect(verdict('auth.check', answered(200, { data: { userId: null } }), 'unauthorized')).toBe('unauthorized')
  })

  test('silence, 5xx, HTML, redirects and floods are outages', () => {
    for (const reason of ['timeout', 'refused-connection', 'broken-connection', 'tls-failure', 'too-large'] as const) {
      expect(verdict('business.confirm', { kind: 'fault', reason, sent: true, status: null, headers: {} })).toBe('outage')
    }
    for (const reply of [html(200), html(502), answered(503, nested('out_of_service')), answered(302, '')])
      expect(verdict('business.get', reply)).toBe('outage')
  })

  test('business errors, limits and odd answers show that it works', () => {
    for (const reply of [
      answered(422, nested('wrong_order_status')),
      answered(404, nested('not_found')),
      answered(429, ''),
      answered(408, ''),
      answered(200, {}),
    ]) {
      expect(verdict('business.confirm', reply)).toBe('alive')
    }
  })
})
