import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import type { Config } from '../config'
import { PAYMENT_STATES, resolveReview, showPayment, showPayments } from '../payments'
import type { PaymentState, Resolution } from '../payments'
import { COMMAND_LINE } from '../shared/actor'
import { listOpenAlerts } from '../shared/alerts'
import { Refusal } from '../shared/refusals'
import { answer, withParts } from './run'

export function addPaymentCommands(program: Command, config: () => Config): void {
  const payments = program.command('payments').description('payments, and those that wait for a person')
  payments
    .command('list')
    .description('list payments, newest first')
    .option('--state <state>', `one of ${PAYMENT_STATES.join(', ')}`, paymentState)
    .option('--limit <number>', 'how many at most', positive, 100)
    .option('--json')
    .action((options: { state?: PaymentState; limit: number; json?: boolean }) =>
      withParts(config(), async ({ db }) => answer(await showPayments(db, { limit: options.limit, state: options.state }), options)),
    )
  payments
    .command('show <id>')
    .description('show one payment with its history and every call made for it')
    .option('--json')
    .action((id: string, options: { json?: boolean }) => withParts(config(), async ({ db }) => answer(await showPayment(db, id), options)))
  addResolve(payments, config)
  program
    .command('alerts')
    .description('list what waits for a person')
    .option('--json')
    .action((options: { json?: boolean }) => withParts(config(), async ({ db }) => answer(await listOpenAlerts(db), options)))
}

function addResolve(payments: Command, config: () => Config): void {
  payments
    .command('resolve <id>')
    .description('end a review; Invoicebox is asked first, and what it proves goes before what you say')
    .requiredOption('--reason <text>', 'why, for the audit log')
    .option('--ask-again', 'send the same operation id once more and believe the answer')
    .option('--capture <transaction>', "it was our payment: the transaction id that Invoicebox's support named")
    .option('--void', 'it was not our payment: give the points back')
    .option('--json')
    .action((id: string, options: ResolveOptions) =>
      withParts(config(), async (parts) => {
        await resolveReview(parts, { paymentId: id, resolution: resolutionOf(options), reason: options.reason, author: COMMAND_LINE })
        answer(await showPayment(parts.db, id), options)
      }),
    )
}

interface ResolveOptions {
  reason: string
  askAgain?: boolean
  capture?: string
  void?: boolean
  json?: boolean
}

function resolutionOf({ askAgain, capture, void: release }: ResolveOptions): Resolution {
  const chosen: Resolution[] = [
    ...(askAgain ? [{ kind: 'ask-again' } as const] : []),
    ...(capture === undefined ? [] : [{ kind: 'capture', transactionId: capture } as const]),
    ...(release ? [{ kind: 'void' } as const] : []),
  ]
  const [resolution] = chosen
  if (!resolution || chosen.length > 1) throw new Refusal('bad_input', 'give one of --ask-again, --capture and --void')
  return resolution
}

function paymentState(text: string): PaymentState {
  const state = PAYMENT_STATES.find((known) => known === text)
  if (!state) throw new InvalidArgumentError(`A state is one of ${PAYMENT_STATES.join(', ')}.`)
  return state
}

function positive(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError('A whole number from 1 to 9999.')
  return Number(text)
}
