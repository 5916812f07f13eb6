import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import type { Submitted } from '../approvals'
import { checkPayment, nothingOfOthers, PAYMENT_STATES, resolveReview, searchPayments, showPayment, showPayments } from '../payments'
import type { PaymentState, Resolution } from '../payments'
import { closeAlert, countOpenAlerts, listOpenAlerts } from '../shared/alerts'
import { inTransaction } from '../shared/database'
import type { Db } from '../shared/database'
import { newId } from '../shared/ids'
import { Refusal } from '../shared/refusals'
import type { Parts } from '../wiring'
import { tellIfWaiting } from './approvals'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { AS, CODE } from './member-deed'
import { LIMIT } from './limit'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

export function addPaymentCommands(program: Command, config: ConfigFor): void {
  const payments = program.command('payments').description('payments, and those that wait for a person')
  payments
    .command('list')
    .description('list payments, newest first')
    .option('--state <state>', `one of ${PAYMENT_STATES.join(', ')}`, paymentState)
    .option(...LIMIT, 100)
    .option('--json')
    .action((options: { state?: PaymentState; limit: number; json?: boolean }) =>
      withParts(config(), async ({ db }) => answer(await showPayments(db, { limit: options.limit, state: options.state }), options)),
    )
  payments
    .command('show <id>')
    .description('show one payment with its history and every call made for it')
    .option('--json')
    .action((id: string, options: { json?: boolean }) => withParts(config(), async ({ db }) => answer(await showPayment(db, id), options)))
  payments
    .command('search <name>')
    .description('find payments by payment, operation, transaction or invoice id, invoice number, or X-Request-Id of a call')
    .option('--json')
    .action((name: string, options: { json?: boolean }) =>
      withParts(config(), async ({ db }) => {
        const found = await searchPayments(db, name, MOST_FOUND)
        answer(await Promise.all(found.map(({ id }) => showPayment(db, id).then(withoutHistory))), options)
      }),
    )
  addResolve(payments, config)
  addReverse(payments, config)
  addAlerts(program, config)
}

const MOST_FOUND = 20

const withoutHistory = (shown: object): object => ({ ...shown, events: undefined, exchanges: undefined })

function addAlerts(program: Command, config: ConfigFor): void {
  const alerts = program.command('alerts').description('what waits for a person')
  alerts
    .command('list', { isDefault: true })
    .description('list the open alerts, the oldest first')
    .option(...LIMIT, 100)
    .option('--json')
    .action((options: { limit: number; json?: boolean }) => withParts(config(), ({ db }) => listAlerts(db, options)))
  alerts
    .command('close <id>')
    .description('close an alert that was dealt with; a review ends with `payments resolve` instead')
    .requiredOption('--reason <text>', 'what was done, for the audit log')
    .option(...AS)
    .option(...CODE)
    .action((id: string, options: AuthorOptions & { reason: string }) =>
      withParts(config(), async (parts) => {
        const author = await authorOf(parts, options)
        const known = await nothingOfOthers(parts, author, 'alerts.subject')
        const by = { author, reason: options.reason, at: parts.clock.now(), known }
        await inTransaction(parts.db, (tx) => closeAlert(tx, id, by))
        process.stdout.write('Closed.\n')
      }),
    )
}

/** What the limit hides is told on standard error, where it does not spoil the JSON. */
async function listAlerts(db: Db, options: { limit: number; json?: boolean }): Promise<void> {
  const shown = await listOpenAlerts(db, options.limit)
  answer(shown, options)
  const more = (await countOpenAlerts(db)) - shown.length
  if (more > 0) process.stderr.write(`… and ${more} more: see --limit.\n`)
}

function addResolve(payments: Command, config: ConfigFor): void {
  named(
    payments.command('resolve <id>').description('end a review; Invoicebox is asked first, and what it proves goes before what you say'),
  )
    .requiredOption('--reason <text>', 'why, for the audit log')
    .option('--ask-again', 'send the same operation id once more and believe the answer')
    .option('--capture <transaction>', "it was our payment: the transaction id that Invoicebox's support named")
    .option('--void', 'it was not our payment: give the points back')
    .action((id: string, options: ResolveOptions) =>
      withParts(config('serve'), async (parts) => {
        const resolution = resolutionOf(options)
        const order = { reason: options.reason, key: options.key ?? newId(), author: await authorOf(parts, options) }
        if (tellIfWaiting(await resolve(parts, id, resolution, order), options)) return
        answer(await showPayment(parts.db, id), options)
      }),
    )
}

interface Order {
  readonly reason: string
  readonly key: string
  readonly author: Awaited<ReturnType<typeof authorOf>>
}

/** Asking again decides nothing by itself, so it needs nobody else. */
async function resolve(parts: Parts, paymentId: string, resolution: Resolution, order: Order): Promise<Submitted<unknown>> {
  const { payments } = parts.deeds
  switch (resolution.kind) {
    case 'ask-again':
      return { state: 'done', result: await resolveReview(parts, { paymentId, resolution, ...order }) }
    case 'capture':
      return parts.approvals.submit(payments.capture, { payload: { paymentId, transactionId: resolution.transactionId }, ...order })
    case 'void':
      return parts.approvals.submit(payments.void, { payload: { paymentId }, ...order })
  }
}

function addReverse(payments: Command, config: ConfigFor): void {
  named(payments.command('reverse <id>').description('give the points of a captured payment back; Invoicebox is asked first'))
    .requiredOption('--reason <text>', 'why, for the audit log')
    .action((id: string, options: ActOptions & { reason: string }) =>
      withParts(config('serve'), async (parts) => {
        const order = {
          payload: { paymentId: id },
          reason: options.reason,
          key: options.key ?? newId(),
          author: await authorOf(parts, options),
        }
        if (tellIfWaiting(await parts.approvals.submit(parts.deeds.payments.reverse, order), options)) return
        answer(await showPayment(parts.db, id), options)
      }),
    )
  named(payments.command('check <id>').description('ask Invoicebox about a payment now, and believe the answer as ever')).action(
    (id: string, options: ActOptions) =>
      withParts(config('serve'), async (parts) => {
        const found = await checkPayment(parts, { paymentId: id, author: await authorOf(parts, options) })
        answer({ found, ...withoutHistory(await showPayment(parts.db, id)) }, options)
      }),
  )
}

interface ActOptions extends AuthorOptions {
  key?: string
  json?: boolean
}

const named = (command: Command): Command =>
  command
    .option('--key <key>', 'names the intent: the same key is one deed')
    .option('--as <login>', 'who acts: a person, whose password is read from GATEWAY_PASSWORD or standard input')
    .option('--code <code>', 'the code of the second factor, where that person has one')
    .option('--json')

interface ResolveOptions extends ActOptions {
  reason: string
  askAgain?: boolean
  capture?: string
  void?: boolean
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
