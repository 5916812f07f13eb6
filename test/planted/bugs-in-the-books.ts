import type { PlantedBug } from './bug'

const SETTLE = 'src/payments/settle-payment.ts'
const AUTHORIZE = 'src/payments/authorize-payment.ts'
const HOLD = 'src/payments/place-holds.ts'
const ASK = 'src/payments/ask.ts'
const STATE = 'src/payments/checkout-state.ts'

/** The first schedule with a tight budget. */
const TIGHT_FROM = 24

/** What random faults over whole payments show: books, rights and what members are told. */
export const BUGS_IN_THE_BOOKS: readonly PlantedBug[] = [
  {
    name: 'consent usable twice',
    about: 'A form that is sent again after a refusal pays again.',
    edits: [
      { file: AUTHORIZE, find: `  if (earlier) return { payment: earlier, isNew: false }\n`, replace: `` },
      { file: HOLD, find: 'key: `consent:${payment.consentId}`', replace: 'key: `consent:${payment.id}`' },
      { file: 'migrations/003_payments.ts', find: `consent_id \${id} not null unique`, replace: `consent_id \${id} not null` },
    ],
    schedules: 60,
    tests: ['test/payments/consent-after-void.test.ts'],
  },
  {
    name: 'one invoice, several payments',
    about: 'The database no longer says that an invoice is paid once.',
    edits: [
      {
        file: 'migrations/024_rows_and_indexes.ts',
        find: `create unique index payments_one_per_invoice on payments (invoice_id, (`,
        replace: `create index payments_one_per_invoice on payments (invoice_id, (`,
      },
    ],
    schedules: 40,
    tests: ['test/payments/concurrency.test.ts'],
  },
  {
    name: 'no event on capture',
    about: 'Whoever waits for the promised event waits for ever.',
    edits: [
      {
        file: 'src/payments/move-payments.ts',
        find: `const promised = moves.map(toOutboxRow)`,
        replace: `const promised = moves.filter(({ to }) => to !== 'captured').map(toOutboxRow)`,
      },
    ],
    schedules: 5,
    tests: ['test/payments/story.test.ts'],
  },
  {
    name: 'the clock ends an unknown payment',
    about: 'What was not answered within a minute is given back.',
    edits: [
      {
        file: SETTLE,
        find: `  const at = clock.now()\n  await inTransaction(db, async (tx) => {\n    await postpone(`,
        replace: `  const at = clock.now()
  if (at.getTime() - payment.createdAt.getTime() > 60_000)
    return voidPayment(deps, payment, { code: 'too_late', note: '', read: { kind: 'not-found' } }, GATEWAY)
  await inTransaction(db, async (tx) => {\n    await postpone(`,
      },
    ],
    schedules: 60,
    tests: ['test/payments/clock.test.ts'],
  },
  {
    name: 'the answer is not kept',
    about: 'What Invoicebox said is acted upon but not stored, so nothing proves it later.',
    edits: [
      {
        file: ASK,
        find: `    await insertExchanges(tx, calls)\n`,
        replace: `    await insertExchanges(\n      tx,\n      calls.filter(({ transactionId }) => transactionId === null),\n    )\n`,
      },
    ],
    schedules: 5,
    tests: ['test/payments/killed.test.ts'],
  },
  {
    name: 'told "paid" too early',
    about: 'The page says that it is paid while nobody knows.',
    edits: [{ file: STATE, find: `return mine ? 'checking' : 'unavailable'`, replace: `return mine ? 'paid' : 'unavailable'` }],
    schedules: 25,
    tests: ['test/payments/faults.test.ts'],
  },
  {
    name: 'told "cancelled" while unknown',
    about: 'The page says that it failed while the points are held.',
    edits: [{ file: STATE, find: `return mine ? 'checking' : 'unavailable'`, replace: `return mine ? 'cancelled' : 'unavailable'` }],
    schedules: 25,
    tests: ['test/payments/faults.test.ts'],
  },
  {
    name: 'a difference is not booked',
    about: 'What Invoicebox took more or less than agreed is forgotten.',
    edits: [
      {
        file: 'src/payments/check-captured.ts',
        find: `  if (difference === 0n)`,
        replace: `  if (difference <= 0n || difference > 0n)`,
      },
    ],
    schedules: 40,
    tests: ['test/payments/amounts.test.ts'],
  },
  {
    name: 'a review without an alert',
    about: 'A contradiction waits for a person whom nobody calls.',
    edits: [
      {
        file: SETTLE,
        find: `    await openAlerts(tx, [{ kind: 'payment_in_review', subject: payment.id, detail: why, at }])\n`,
        replace: ``,
      },
    ],
    schedules: 40,
    tests: ['test/payments/rule-r.test.ts'],
  },
  {
    name: 'a refusal releases the points alone',
    about: 'After a void the fund stays held for ever.',
    edits: [
      {
        file: SETTLE,
        find: `: { do: 'release', ...points }, ofFund]`,
        replace: `: { do: 'release', ...points }, ...(how === 'post' ? [ofFund] : [])]`,
      },
    ],
    schedules: 40,
    tests: ['test/payments/rule-r.test.ts'],
  },
  {
    name: 'a capture takes the points twice',
    about: 'The transfer of a posted hold moves double the amount.',
    edits: [
      {
        file: 'src/ledger/decide.ts',
        find: `      { account: hold.account, amount: -hold.amount },\n      { account: hold.to, amount: hold.amount },`,
        replace: `      { account: hold.account, amount: -2n * hold.amount },\n      { account: hold.to, amount: 2n * hold.amount },`,
      },
    ],
    schedules: 5,
    tests: ['test/ledger/decide.test.ts'],
  },
  {
    name: 'one slot for several requests',
    about: 'A request takes no slot of its own, so more is asked of Invoicebox than was agreed.',
    edits: [{ file: 'src/invoicebox/budget/permit.ts', find: `const id = unspent.shift()`, replace: `const [id] = unspent` }],
    from: TIGHT_FROM,
    schedules: 8,
    tests: [],
  },
]
