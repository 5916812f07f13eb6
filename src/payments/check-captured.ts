import type { Knex } from 'knex'
import { HOUR, MINUTE, plus, SECOND } from '../shared/clock'
import { engineOf, inTransaction, iso } from '../shared/database'
import type { Db, Tx } from '../shared/database'
import { openAlerts } from '../shared/alerts'
import type { NewAlert } from '../shared/alerts'
import { money, toDecimal } from '../shared/money'
import { Refusal } from '../shared/refusals'
import { ACCOUNTS, companion, transfer } from '../ledger'
import { withOwn } from '../invoicebox'
import type { Exchange, Invoice, Permit } from '../invoicebox'
import type { Payment, PaymentDeps } from './payment'
import { MOST_IN_A_PAGE } from './read-due'
import { insertExchanges, toPayment } from './store'
import type { PaymentRow } from './store'
import { tell } from '../shared/told'

/** The worker comes back in a moment; a process that stops must not wait for a slot. */
const WAIT_MS = 10 * SECOND
const PAUSES_MS = [30 * SECOND, 5 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR]
/** A look that is due later than any pause was scheduled by a clock that was wrong, and counts as due. */
const LONGEST_PAUSE_MS = 25 * HOUR

/**
 * One run of the second look: reads the invoices of fresh captures in list pages, one request for up to fifty, and compares what was taken from the fund with what the member agreed to.
 * The member pays what they agreed to; a difference goes to suspense with an alert. Returns how many were looked at.
 * The slot is taken first: a look that waits for its turn is no look that failed.
 */
export async function checkCaptured(deps: PaymentDeps): Promise<number> {
  if (!(await unchecked(deps.db, deps.clock.now()).first('id'))) return 0
  const permit = await deps.invoicebox.reserve({ as: 'background', atLeast: 1, waitMs: WAIT_MS })
  if (!permit) return 0
  return lookAtDue(deps, permit).finally(() => permit.giveBack())
}

async function lookAtDue(deps: PaymentDeps, permit: Permit): Promise<number> {
  const due = await inTransaction(deps.db, (tx) => claimUnchecked(tx, deps.clock.now()))
  if (due.length === 0) return 0
  const ids = due.map((payment) => payment.invoiceId)
  const { outcome, exchange } = await deps.invoicebox.listInvoices({ ids, page: 1, pageSize: MOST_IN_A_PAGE }, { as: 'background', permit })
  if (outcome.kind !== 'page') {
    await tellFailing(deps, due, exchange.outcome)
    return due.length
  }
  const byId = new Map(withOwn(outcome).invoices.map((invoice) => [invoice.id.toLowerCase(), invoice]))
  for (const payment of due) await compare(deps, payment, byId.get(payment.invoiceId), exchange)
  return due.length
}

const unchecked = (db: Db, now: Date): Knex.QueryBuilder =>
  db('payments')
    .where({ state: 'captured' })
    .whereNull('checked_at')
    .andWhere((time) => void time.where('next_check_at', '<=', iso(now)).orWhere('next_check_at', '>', iso(plus(now, LONGEST_PAUSE_MS))))

/** Takes up captures that were not compared yet, and puts their next turn off, so that no other process takes them meanwhile. */
async function claimUnchecked(tx: Tx, now: Date): Promise<Payment[]> {
  const query = unchecked(tx, now).orderBy('next_check_at').limit(MOST_IN_A_PAGE)
  const rows = (await (engineOf(tx) === 'postgres' ? query.forUpdate().skipLocked() : query)) as PaymentRow[]
  for (const row of rows) {
    const attempts = Number(row.check_attempts)
    await tx('payments')
      .where({ id: row.id })
      .update({ check_attempts: attempts + 1, next_check_at: iso(plus(now, PAUSES_MS[attempts] ?? 24 * HOUR)) })
  }
  return rows.map(toPayment)
}

/** Looks that fail again and again must not go unnoticed: a difference would never be found. */
async function tellFailing(deps: PaymentDeps, due: readonly Payment[], outcome: string): Promise<void> {
  deps.log.warn({ outcome, payments: due.length }, 'captured payments could not be compared with their invoices')
  for (const payment of due.filter(({ checkAttempts }) => checkAttempts >= PAUSES_MS.length - 1))
    await alert(deps, payment, 'second_look_fails', tell('told.second_look_fails', { outcome }))
}

async function compare(deps: PaymentDeps, payment: Payment, invoice: Invoice | undefined, exchange: Exchange): Promise<void> {
  if (invoice?.status === 'paid' && invoice.amount.unit === payment.amount.unit) return finish(deps, payment, invoice, exchange)
  if (invoice?.status === 'canceled') return endCancelled(deps, payment)
  // "Paid" may be visible late, so the first looks may find it pending; a payment that stays unseen is told.
  if (payment.checkAttempts >= PAUSES_MS.length - 1) await alert(deps, payment, 'not_shown_as_paid', tell('told.not_shown_as_paid'))
}

/** Told once; giving the points back is reconciliation's business. */
const endCancelled = ({ db, clock }: PaymentDeps, payment: Payment): Promise<void> =>
  inTransaction(db, async (tx) => {
    const at = clock.now()
    await markChecked(tx, [{ id: payment.id, at }])
    const detail = tell('told.cancelled_after_paid')
    await openAlerts(tx, [{ kind: 'paid_then_cancelled', subject: payment.id, detail, at }])
  }).catch(ignoreCompared)

async function finish(deps: PaymentDeps, payment: Payment, invoice: Invoice, exchange: Exchange): Promise<void> {
  const difference = invoice.amount.minor - payment.amount.minor
  if (difference === 0n)
    return inTransaction(deps.db, (tx) => markChecked(tx, [{ id: payment.id, at: deps.clock.now() }])).catch(ignoreCompared)
  const [from, to] = difference > 0n ? [ACCOUNTS.fund, ACCOUNTS.suspense] : [ACCOUNTS.suspense, ACCOUNTS.fund]
  const amount = money(difference > 0n ? difference : -difference, invoice.amount.unit)
  const at = deps.clock.now()
  const amounts = {
    consented: `${toDecimal(payment.amount.minor)} ${payment.amount.unit}`,
    taken: toDecimal(invoice.amount.minor),
  }
  const detail = tell('told.amount_in_suspense', amounts)
  const told: NewAlert = { kind: 'amount_differs', subject: payment.id, detail, at }
  await deps.ledger
    .submit({
      // Refused once (the fund was too low), it is asked under another name at the next look; that it is booked once is what markChecked sees to.
      key: `payment:${payment.id}:difference:${payment.checkAttempts}`,
      reference: payment.id,
      lines: [transfer({ kind: 'suspense', from, to, amount })],
      companions: [
        companion(markChecked, { id: payment.id, at }),
        companion(openAlerts, told),
        companion(insertExchanges, { paymentId: payment.id, exchange, transactionId: null }),
      ],
    })
    .catch((error: unknown) => {
      if (!(error instanceof Refusal) || error.code === 'payment_in_wrong_state') {
        ignoreCompared(error)
        return
      }
      return alert(deps, payment, 'amount_differs', tell('told.amount_not_booked', { ...amounts, code: error.code }))
    })
}

const alert = ({ db, clock }: PaymentDeps, payment: Payment, kind: NewAlert['kind'], detail: string): Promise<void> =>
  inTransaction(db, (tx) => openAlerts(tx, [{ kind, subject: payment.id, detail, at: clock.now() }]))

/** Another process has compared it meanwhile. */
function ignoreCompared(error: unknown): void {
  if (!(error instanceof Refusal && error.code === 'payment_in_wrong_state')) throw error
}

/** @throws Refusal payment_in_wrong_state when it was compared already, or is captured no more */
async function markChecked(tx: Tx, checks: readonly { id: string; at: Date }[]): Promise<void> {
  for (const { id, at } of checks) {
    const changed = await tx('payments')
      .where({ id, state: 'captured' })
      .whereNull('checked_at')
      .update({ checked_at: iso(at) })
    if (changed !== 1) throw new Refusal('payment_in_wrong_state')
  }
}
