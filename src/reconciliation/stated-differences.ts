import { toDecimal } from '../shared/money'
import type { Money } from '../shared/money'
import { amountOf } from './differences'
import type { Facts, Found } from './differences'
import type { StatementLine } from './read-statement'
import type { RecordedDeposit, StatedPayment } from './statement-store'

const size = ({ minor, unit }: Money): Money => ({ minor: minor < 0n ? -minor : minor, unit })
/** The column takes 120: room for a number stays. */
const MOST_SUBJECT = 110
const ASK = 'Ask Invoicebox about it.'

const about = (payment: StatedPayment): Pick<Found, 'subject' | 'invoiceId' | 'paymentId'> => ({
  subject: payment.id,
  invoiceId: payment.invoiceId,
  paymentId: payment.id,
})

const factsOf = (payment: StatedPayment): Facts => ({
  number: payment.invoiceNumber,
  amount: amountOf(payment.amount),
  points: amountOf(payment.worth),
  state: payment.state,
})

/** What one line that names an operation tells against the payment of that operation, if there is one. */
export function lineAgainst(line: StatementLine, payment: StatedPayment | undefined): Found[] {
  const there = amountOf(size(line.amount))
  if (!payment) return [unknownHere(line, there)]
  const { number } = factsOf(payment)
  if (size(line.amount).minor !== payment.amount.minor) {
    const facts = { ...factsOf(payment), here: amountOf(payment.amount), there }
    const text = `The statement shows ${there} for payment ${payment.id} of invoice ${number ?? ''}, and our books ${facts.here}.`
    return [{ ...about(payment), kind: 'statement_amount_differs', facts, text }]
  }
  if (line.amount.minor < 0n && payment.state !== 'captured' && payment.state !== 'reversed') {
    const text = `The statement shows that ${there} were taken for payment ${payment.id}, which is ${payment.state} here. See "A payment is in review" in the runbook.`
    return [{ ...about(payment), kind: 'statement_payment_not_captured', facts: { ...factsOf(payment), there }, text }]
  }
  if (line.amount.minor > 0n && payment.state === 'captured') {
    const text = `The statement shows that ${there} came back for payment ${payment.id}, which is captured here. Give the points back.`
    return [{ ...about(payment), kind: 'statement_returned', facts: { ...factsOf(payment), there }, text }]
  }
  return []
}

function unknownHere(line: StatementLine, there: string): Found {
  const isReturn = line.amount.minor > 0n
  const subject = line.operation ?? `${line.at.toISOString()} ${toDecimal(line.amount.minor)} ${line.invoiceNumber ?? ''}`.trim()
  const which = `operation ${line.operation ?? 'without an id'} of invoice ${line.invoiceNumber ?? 'without a number'}`
  return {
    kind: isReturn ? 'statement_return_unknown_here' : 'statement_payment_unknown_here',
    subject: subject.slice(0, MOST_SUBJECT),
    invoiceId: null,
    paymentId: null,
    facts: { number: line.invoiceNumber ?? '', operation: line.operation ?? '', there, at: line.at.toISOString() },
    text: `The statement shows ${there} ${isReturn ? 'returned' : 'taken'} for ${which}, which is not known here. ${ASK}`,
  }
}

export function paidTwice(operation: string, payment: StatedPayment | undefined): Found {
  return {
    kind: 'statement_paid_twice',
    subject: operation,
    invoiceId: payment?.invoiceId ?? null,
    paymentId: payment?.id ?? null,
    facts: payment ? { ...factsOf(payment), operation } : { operation },
    text: `The statement shows money taken more than once for operation ${operation}. ${ASK}`,
  }
}

export const notStated = (payment: StatedPayment): Found => ({
  ...about(payment),
  kind: 'payment_not_in_statement',
  facts: factsOf(payment),
  text: `Payment ${payment.id} of invoice ${payment.invoiceNumber} over ${amountOf(payment.amount)} is captured here, and no statement shows it. ${ASK}`,
})

export const depositUnknownHere = (line: StatementLine): Found => ({
  kind: 'statement_deposit_unknown_here',
  subject: `${line.operation ?? ''} ${line.at.toISOString()} ${toDecimal(line.amount.minor)}`.trim().slice(0, MOST_SUBJECT),
  invoiceId: null,
  paymentId: null,
  facts: { there: amountOf(line.amount), at: line.at.toISOString(), ...(line.operation ? { operation: line.operation } : {}) },
  text: `The statement shows a deposit of ${amountOf(line.amount)}, which is not recorded here. Record it with \`gateway fund deposit\`.`,
})

export const depositNotStated = (deposit: RecordedDeposit): Found => {
  const here = `${toDecimal(deposit.amount)} RUB`
  return {
    kind: 'deposit_not_in_statement',
    subject: deposit.key.slice(0, 120),
    invoiceId: null,
    paymentId: null,
    facts: { here },
    text: `A deposit of ${here} is recorded here, and the statement does not show it. ${ASK}`,
  }
}

export function balanceDiffers(line: StatementLine, ours: bigint): Found[] {
  if (ours === line.amount.minor) return []
  const [here, there, at] = [`${toDecimal(ours)} RUB`, amountOf(line.amount), line.at.toISOString()]
  const text = `At ${at} the statement shows a balance of ${there}, and our mirror of the fund ${here}.`
  return [
    { kind: 'statement_balance_differs', subject: `balance ${at}`, invoiceId: null, paymentId: null, facts: { here, there, at }, text },
  ]
}
