import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import {
  checkOrder,
  listNotifications,
  listOrders,
  looksLikeNumber,
  ORDER_STATES,
  planRefund,
  readHistory,
  replayNotification,
  shownOrder,
} from '../orders'
import type { LoggedNotification, OrderHistory, OrderRefund, OrderState, RefundPlan } from '../orders'
import { iso } from '../shared/database'
import { newId } from '../shared/ids'
import { parsePositiveMoney, toDecimal } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { Parts } from '../wiring'
import { tellIfWaiting } from './approvals'
import { authorOf } from './author'
import type { AuthorOptions } from './author'
import { LIMIT } from './limit'
import { answer, withParts } from './run'
import type { ConfigFor } from './run'

interface Json {
  json?: boolean
}

interface ActOptions extends AuthorOptions, Json {
  key?: string
}

export function addOrderCommands(program: Command, config: ConfigFor): void {
  const orders = program.command('orders').description('top-ups: points that members buy through an order at Invoicebox')
  orders
    .command('list')
    .description('list orders, newest first')
    .option('--state <state>', `one of ${ORDER_STATES.join(', ')}`, orderState)
    .option(...LIMIT, 100)
    .option('--json')
    .action((options: Json & { state?: OrderState; limit: number }) =>
      withParts(config(), async ({ db }) =>
        answer((await listOrders(db, { state: options.state }, { limit: options.limit })).map(shownOrder), options),
      ),
    )
  orders
    .command('show <number>')
    .description('show one order with its history, refunds and notifications')
    .option('--json')
    .action((number: string, options: Json) =>
      withParts(config(), async ({ db }) => answer(shownHistory(await readHistory(db, known(number))), options)),
    )
  named(orders.command('check <number>').description('ask Invoicebox about an order now')).action((number: string, options: ActOptions) =>
    withParts(config('serve'), async (parts) => {
      const order = await checkOrder(parts, { number: known(number), author: await authorOf(parts, options) })
      answer(shownOrder(order), options)
    }),
  )
  addRefund(orders, config)
  addNotifications(program, config)
}

interface RefundOptions extends ActOptions {
  amount?: string
  unused?: boolean
  preview?: boolean
  reason: string
}

function addRefund(orders: Command, config: ConfigFor): void {
  named(orders.command('refund <number>').description('give money of a paid order back, and take its points'))
    .option('--amount <amount>', 'roubles; without it all that is left, less what was spent of it')
    .option('--unused', 'a code that its buyer has seen was not used: you have looked, and say so')
    .option('--preview', 'only tell what would happen')
    .option('--reason <text>', 'why, for the audit log', 'asked for at the command line')
    .action((number: string, options: RefundOptions) =>
      withParts(config('serve'), async (parts) => {
        if (options.preview) answer(await preview(parts, known(number), options.amount), options)
        else await refund(parts, known(number), options)
      }),
    )
}

async function preview(parts: Parts, number: string, amount: string | undefined): Promise<object> {
  return shownPlan(await planRefund(parts, number, amount === undefined ? undefined : parsePositiveMoney(amount, 'RUB')))
}

async function refund(parts: Parts, number: string, options: RefundOptions): Promise<void> {
  const order = {
    payload: { number, amount: options.amount ?? null, unused: options.unused ?? false },
    reason: options.reason,
    key: options.key ?? newId(),
    author: await authorOf(parts, options),
  }
  const submitted = await parts.approvals.submit(parts.deeds.orders.refund, order)
  if (tellIfWaiting(submitted, options)) return
  if (submitted.state === 'done') answer(shownRefund(submitted.result), options)
}

function addNotifications(program: Command, config: ConfigFor): void {
  const notifications = program.command('notifications').description('what Invoicebox has told about orders')
  notifications
    .command('list', { isDefault: true })
    .description('list signed notifications with what was answered, newest first')
    .option('--refused', 'only those that were answered with an error')
    .option(...LIMIT, 100)
    .option('--json')
    .action((options: Json & { refused?: boolean; limit: number }) =>
      withParts(config(), async ({ db }) =>
        answer((await listNotifications(db, { refused: options.refused }, { limit: options.limit })).map(shownNotification), options),
      ),
    )
  named(notifications.command('replay <id>').description('receive a notification once more; safe to repeat')).action(
    (id: string, options: ActOptions) =>
      withParts(config('serve'), async (parts) =>
        answer(await replayNotification(parts, { id, author: await authorOf(parts, options) }), options),
      ),
  )
}

/** Numbers are read in whatever case they were typed. @throws Refusal not_found */
function known(number: string): string {
  const name = number.trim().toUpperCase()
  if (!looksLikeNumber(name)) throw new Refusal('not_found', 'order')
  return name
}

function orderState(text: string): OrderState {
  const state = ORDER_STATES.find((one) => one === text)
  if (!state) throw new InvalidArgumentError(`A state is one of ${ORDER_STATES.join(', ')}.`)
  return state
}

const shownPlan = (plan: RefundPlan): object => ({
  number: plan.order.number,
  amount: toDecimal(plan.amount.minor),
  fee: toDecimal(plan.fee.minor),
  payout: toDecimal(plan.amount.minor - plan.fee.minor),
  points: toDecimal(plan.points.minor),
  left: toDecimal(plan.left.minor),
  canGoBack: toDecimal(plan.canGoBack.minor),
  spent: toDecimal(plan.spent.minor),
  code: plan.code,
})

const shownRefund = (refund: OrderRefund): object => ({
  number: refund.number,
  invoiceboxId: refund.invoiceboxId,
  state: refund.state,
  amount: toDecimal(refund.amount.minor),
  fee: toDecimal(refund.fee.minor),
  payout: toDecimal(refund.amount.minor - refund.fee.minor),
  points: toDecimal(refund.points.minor),
  rejection: refund.rejection,
})

const shownNotification = (logged: LoggedNotification): object => ({
  id: logged.id,
  at: iso(logged.at),
  channel: logged.channel,
  number: logged.number,
  invoiceboxId: logged.invoiceboxId,
  status: logged.status,
  amount: logged.amount && toDecimal(logged.amount.minor),
  answer: logged.answer,
  replayOf: logged.replayOf,
})

const shownHistory = ({ order, refunds, steps, notifications }: OrderHistory): object => ({
  ...shownOrder(order),
  refunds: refunds.map(shownRefund),
  events: steps.map(({ at, refund, from, to, actor, note }) => ({ at: iso(at), refund, from, to, actor, note })),
  notifications: notifications.map(shownNotification),
})

const named = (command: Command): Command =>
  command
    .option('--key <key>', 'names the intent: the same key is one deed')
    .option('--as <login>', 'act as this member of staff; the password is read from GATEWAY_PASSWORD or standard input')
    .option('--code <code>', 'the code of the second factor')
    .option('--json')
