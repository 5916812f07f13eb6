import type { PlantedBug } from './bug'

const SETTLE = 'src/payments/settle-payment.ts'
const ASK = 'src/payments/ask.ts'
const OUTCOMES = 'src/invoicebox/outcomes.ts'

/** What hurts only where a process sleeps at one certain moment, or in parts that a payment does not pass through: tests aim at these. */
export const BUGS_FOR_TESTS: readonly PlantedBug[] = [
  {
    name: 'no re-read before the hold',
    about: 'A page that was open for half an hour pays at the price of then.',
    edits: [{ file: 'src/payments/freshness.ts', find: `FRESH_FOR_MS = 5 * SECOND`, replace: `FRESH_FOR_MS = 1_800 * SECOND` }],
    schedules: 8,
    tests: ['test/payments/amounts.test.ts'],
  },
  {
    name: 'lost fencing',
    about: 'Whoever lost the lease may still record an answer.',
    edits: [
      {
        file: 'src/payments/move-payments.ts',
        find: ` and payments.lease_token = v.token'`,
        replace: `'`,
      },
      { file: 'migrations/024_rows_and_indexes.ts', find: ` and payments.lease_token = v.token;`, replace: `;` },
    ],
    schedules: 4,
    tests: ['test/payments/frozen.test.ts'],
  },
  {
    name: 'no look at the lease before a send',
    about: 'A process that slept sends what another one has settled meanwhile.',
    edits: [
      {
        file: ASK,
        find: `payment.state === 'confirming' && !(await isStillOurs(deps, payment))`,
        replace: `payment.attempts < 0 && !(await isStillOurs(deps, payment))`,
      },
    ],
    schedules: 4,
    tests: ['test/payments/frozen.test.ts'],
  },
  {
    name: 'the refusal of a repeat is believed at once',
    about: 'After a send without an answer the first refusal gives the points back.',
    edits: [{ file: SETTLE, find: `payment.attempts === 1 || wasRefusedBefore(`, replace: `payment.attempts > 0 || wasRefusedBefore(` }],
    schedules: 4,
    tests: ['test/payments/rule-r.test.ts'],
  },
  {
    name: "another operation's answer is taken for ours",
    about: 'An acceptance that names another operation id counts.',
    edits: [
      {
        file: OUTCOMES,
        find: `  if (foreign && ours.length === 0) return puzzling('wrong-operation', tell('told.confirm_other_operation'))\n`,
        replace: ``,
      },
      {
        file: OUTCOMES,
        find: `const candidates = foreign ? ours : found`,
        replace: `const candidates = foreign && ours.length > 0 ? ours : found`,
      },
    ],
    schedules: 2,
    tests: ['test/invoicebox/outcomes.test.ts'],
  },
  {
    name: 'a 5xx is a refusal',
    about: 'A server error in the shape of the API decides a payment.',
    edits: [
      {
        file: 'src/invoicebox/answers.ts',
        find: `  if (status >= 500 && status < 600) return 'server-error'\n`,
        replace: ``,
      },
    ],
    schedules: 4,
    tests: ['test/invoicebox/outcomes.test.ts'],
  },
  {
    name: 'an answer is given to another request',
    about: 'The same key with another body gets the first answer.',
    edits: [
      {
        file: 'src/ledger/decide.ts',
        find: `earlier.fingerprint === print ? earlier`,
        replace: `earlier.fingerprint.length === print.length ? earlier`,
      },
    ],
    schedules: 2,
    tests: ['test/ledger/decide.test.ts'],
  },
]
