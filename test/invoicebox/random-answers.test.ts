import fc from 'fast-check'
import { understand } from '../../src/invoicebox/answers'
import type { Reply } from '../../src/invoicebox/answers'
import { authOutcome, confirmOutcome, readOutcome, verdictOf } from '../../src/invoicebox/outcomes'
import { listOutcome } from '../../src/invoicebox/paging'
import { Redactor } from '../../src/invoicebox/redact'
import { INVOICE_ID, OPERATION_ID, TOKEN, TRANSACTION_ID, invoiceAnswer, transactionAnswer } from './support/world'

/** A thousand answers that nobody thought of: each becomes an outcome, none a throw, and none a yes or a no that it did not say. */

const NOW = new Date('2026-03-05T10:00:00Z')
const RULES = { currencies: ['RUB'], allowHttp: false } as const
const redactor = new Redactor([TOKEN])

const words = fc.constantFrom(
  'data',
  'error',
  'code',
  'message',
  'fields',
  'status',
  'id',
  'partnerOperationId',
  'amount',
  'customer',
  'metaData',
  'userId',
  '__proto__',
)
const values = fc.constantFrom<unknown>(
  null,
  true,
  0,
  1e300,
  -0.005,
  '',
  'error',
  'paid',
  'RUB',
  INVOICE_ID,
  OPERATION_ID,
  TRANSACTION_ID,
  'not_found',
  [],
  {},
)
const shape = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small' },
    values,
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(words, tie('node'), { maxKeys: 5 }),
  ),
})).node
const nearMiss = fc.tuple(
  fc.constantFrom<object>(transactionAnswer(), { data: invoiceAnswer() }, { error: { code: 'not_found' } }),
  fc.dictionary(words, shape, { maxKeys: 2 }),
)
const body = fc.oneof(
  shape.map((value) => JSON.stringify(value)),
  nearMiss.map(([base, change]) => JSON.stringify({ ...base, ...change })),
  fc.json(),
  fc.string(),
)
const bytes = fc.oneof(
  body.map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
)
const status = fc.oneof(
  fc.constantFrom(200, 201, 302, 400, 401, 403, 404, 408, 422, 425, 429, 500, 503),
  fc.integer({ min: 100, max: 999 }),
)
const headers = fc.record(
  {
    'content-type': fc.constantFrom('application/json', 'text/html', ''),
    'retry-after': fc.oneof(fc.string(), fc.constantFrom('1', '-1')),
  },
  { requiredKeys: [] },
)
const reply: fc.Arbitrary<Reply> = fc.record({ kind: fc.constant('answer' as const), status, headers, body: bytes })

test('a yes names a transaction of a 2xx, a no names the code of a 4xx, everything else is unknown', () => {
  fc.assert(
    fc.property(reply, (answer) => {
      const outcome = confirmOutcome(understand(answer, NOW), INVOICE_ID, OPERATION_ID)
      const text = answer.kind === 'answer' ? answer.body.toString() : ''
      if (outcome.kind === 'accepted') {
        expect(Math.floor((answer.status ?? 0) / 100)).toBe(2)
        expect(text).toContain(outcome.transactionId)
      } else if (outcome.kind === 'rejected') {
        expect(Math.floor(outcome.status / 100)).toBe(4)
        expect([408, 425, 429]).not.toContain(outcome.status)
        expect(outcome.code).toMatch(/^[a-z]/)
      } else expect(outcome).toMatchObject({ kind: 'unknown', sent: true })
    }),
    { numRuns: 2_000 },
  )
})

test('no answer makes any call throw, and what is stored of it is bounded', () => {
  fc.assert(
    fc.property(reply, (answer) => {
      const understood = understand(answer, NOW)
      const outcomes = [
        readOutcome(understood, INVOICE_ID, RULES),
        listOutcome(understood, { page: 1, pageSize: 10 }, RULES),
        authOutcome(understood),
      ]
      for (const outcome of outcomes) expect(['alive', 'outage', 'unauthorized']).toContain(verdictOf('business.get', understood, outcome))
      expect(Buffer.byteLength(redactor.response(answer))).toBeLessThanOrEqual(4_096)
    }),
    { numRuns: 2_000 },
  )
})
