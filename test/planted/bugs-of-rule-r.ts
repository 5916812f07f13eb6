import type { PlantedBug } from './bug'

const SETTLE = 'src/payments/settle-payment.ts'
const HOLD = 'src/payments/place-holds.ts'
const ASK = 'src/payments/ask.ts'
const OUTCOMES = 'src/invoicebox/outcomes.ts'

/** What random faults over whole payments show. */
export const BUGS_OF_RULE_R: readonly PlantedBug[] = [
  {
    name: 'void on unknown',
    about: 'An answer that proves nothing gives the points back.',
    edits: [
      {
        file: SETTLE,
        find: `    case 'unknown':\n      return keepHeld(deps, payment, outcome)`,
        replace: `    case 'unknown':\n      return voidPayment(deps, payment, { code: outcome.reason, note: '', read: { kind: 'not-found' } }, by)`,
      },
    ],
    schedules: 25,
    tests: ['test/payments/faults.test.ts'],
  },
  {
    name: 'capture on unknown',
    about: 'A payment counts as made as soon as it was sent.',
    edits: [
      {
        file: SETTLE,
        find: `    case 'unknown':\n      return keepHeld(deps, payment, outcome)`,
        replace: `    case 'unknown':\n      return capturePayment(deps, payment, payment.id, by)`,
      },
    ],
    schedules: 25,
    tests: ['test/payments/faults.test.ts'],
  },
  {
    name: 'new operation id on retry',
    about: 'A repeat goes out under another name, so Invoicebox may pay twice.',
    edits: [
      {
        file: ASK,
        find: `confirmInvoice(payment.invoiceId, payment.operationId`,
        replace: `confirmInvoice(payment.invoiceId, payment.attempts > 1 ? crypto.randomUUID() : payment.operationId`,
      },
    ],
    schedules: 25,
    tests: ['test/payments/faults.test.ts'],
  },
  {
    name: 'no read after a refusal',
    about: 'A refusal alone gives the points back, though it may be about a payment that went through.',
    edits: [{ file: SETTLE, find: `  const status = paidStatus(read)`, replace: `  const status: string = 'not-paid'` }],
    schedules: 60,
    tests: ['test/payments/rule-r.test.ts'],
  },
  {
    name: 'hold outside the transaction',
    about: 'The holds are committed first, the payment afterwards.',
    edits: [
      { file: HOLD, find: `companion(insertPayments, { ...payment, leaseOwner: instance }), `, replace: `` },
      {
        file: HOLD,
        find: `    return !replayed\n`,
        replace: `    if (!replayed)
      await inTransaction(db, (tx) => insertPayments(tx, [{ ...payment, leaseOwner: instance }]))
    return !replayed\n`,
      },
      {
        file: HOLD,
        find: `  { ledger, instance }: PaymentDeps,
`,
        replace: `  { db, ledger, instance }: PaymentDeps,
`,
      },
      { file: HOLD, find: `import { brokenUniqueRule }`, replace: `import { brokenUniqueRule, inTransaction }` },
    ],
    schedules: 40,
    tests: ['test/payments/concurrency.test.ts'],
  },
  {
    name: 'the price is rounded down',
    about: 'The programme pays the last hundredth of each payment.',
    edits: [
      {
        file: 'src/shared/money.ts',
        find: `(product + rate.denominator - 1n) / rate.denominator`,
        replace: `product / rate.denominator`,
      },
    ],
    schedules: 5,
    tests: ['test/shared/money.test.ts'],
  },
  {
    name: 'the fund is held by the price in points',
    about: 'Less is held in the fund than Invoicebox will take.',
    edits: [
      {
        file: HOLD,
        find: `account: ACCOUNTS.fund, to: ACCOUNTS.paid, amount, ...kept }`,
        replace: `account: ACCOUNTS.fund, to: ACCOUNTS.paid, amount: { ...amount, minor: points.minor }, ...kept }`,
      },
    ],
    schedules: 5,
    tests: ['test/payments/story.test.ts'],
  },
  {
    name: 'a yes without a transaction id',
    about: 'An acceptance that names no transaction counts as one.',
    edits: [
      {
        file: OUTCOMES,
        find: `  if (transactionId === null) return puzzling(`,
        replace: `  if (transactionId === null && found.length > 0) return { kind: 'accepted', transactionId: operationId }\n  if (transactionId === null) return puzzling(`,
      },
    ],
    schedules: 40,
    tests: ['test/invoicebox/outcomes.test.ts'],
  },
  {
    name: '"already paid" counts as ours',
    about: 'An invoice that somebody paid by card is captured here.',
    edits: [
      {
        file: SETTLE,
        find: `  if (status === 'paid') return toReview(`,
        replace: `  if (status === 'paid' && SAYS_PAID.test(rejected.code)) return capturePayment(deps, payment, payment.id, by)\n  if (status === 'paid') return toReview(`,
      },
    ],
    schedules: 40,
    tests: ['test/payments/rule-r.test.ts'],
  },
  {
    name: 'recovery sends without reading',
    about: 'A repeat pays whatever the invoice costs by now.',
    edits: [
      {
        file: 'src/payments/recover-payments.ts',
        find: `    const doubt = doubtOf(payment, await read(payment))`,
        replace: `    const doubt = doubtOf(payment, { kind: 'not-found' })`,
      },
    ],
    schedules: 40,
    tests: ['test/payments/amounts.test.ts'],
  },
]
