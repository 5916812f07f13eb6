import { bound, iso, moment, optionalMoment } from '../shared/database'
import type { Db, Engine, Tx } from '../shared/database'
import { gatherReads, readRows } from '../shared/gather-reads'
import { insertRows } from '../shared/statements'
import { money } from '../shared/money'
import type { Money, Unit } from '../shared/money'
import { Refusal } from '../shared/refusals'
import type { Invoice, InvoiceStatus, OddInvoice, ReadOutcome } from '../invoicebox'
import type { Payment } from './payment'
import type { ReturnLinks } from './return-links'
import { FREEING_STATES } from './states'
import { PAYMENT_COLUMNS, toPayment } from './store'
import type { PaymentRow } from './store'

/** Why there is no invoice to show, or none that we can serve. */
const PROBLEMS = ['not-found', 'unsupported', 'own-top-up', 'own-voucher', 'unavailable'] as const
export type Problem = (typeof PROBLEMS)[number]

/** What we sell ourselves; points do not pay for it. */
export type OwnGoods = NonNullable<OddInvoice['own']>['goods']
const OWN_PROBLEMS = { points: 'own-top-up', voucher: 'own-voucher' } as const satisfies Record<OwnGoods, Problem>

/** The invoice as it was last read. */
export interface Snapshot {
  readonly number: string
  readonly description: string
  readonly amount: Money
  readonly status: InvoiceStatus | null
  readonly expiresAt: Date
}

/** One arrival of a browser with an invoice. */
export interface Checkout {
  readonly id: string
  readonly invoiceId: string
  /** The member who signed in on it first; nobody else gets to see it from then on. */
  readonly memberId: string | null
  readonly problem: Problem | null
  readonly snapshot: Snapshot | null
  readonly readAt: Date | null
  /** The amount that the member saw before it changed. */
  readonly shownAmount: Money | null
  /** The invoice's own page, also where the invoice itself cannot be served. */
  readonly paymentUrl: string | null
  readonly links: ReturnLinks
  /** When the browser was first sent on from a page that told how the payment ended. */
  readonly leftAt: Date | null
}

export interface CheckoutRow {
  id: string
  invoice_id: string
  member_id: string | null
  problem: Problem | null
  number: string | null
  description: string | null
  amount: bigint | null
  currency: Unit | null
  shown_amount: bigint | null
  status: InvoiceStatus | null
  expires_at: Date | string | null
  payment_url: string | null
  read_at: Date | string | null
  success_url: string | null
  fail_url: string | null
  return_url: string | null
  left_at: Date | string | null
}

export function toCheckout(row: CheckoutRow): Checkout {
  const { currency } = row
  const hasInvoice = row.amount !== null && currency !== null && row.expires_at !== null
  return {
    id: row.id,
    invoiceId: row.invoice_id,
    memberId: row.member_id,
    problem: row.problem && (PROBLEMS.find((known) => known === row.problem) ?? 'unavailable'), // A later version may know more of them.
    snapshot: hasInvoice
      ? {
          number: row.number ?? '',
          description: row.description ?? '',
          amount: money(row.amount ?? 0n, currency),
          status: row.status,
          expiresAt: moment(row.expires_at ?? ''),
        }
      : null,
    readAt: optionalMoment(row.read_at),
    shownAmount: row.shown_amount === null || currency === null ? null : money(row.shown_amount, currency),
    paymentUrl: row.payment_url,
    links: { successUrl: row.success_url, failUrl: row.fail_url, returnUrl: row.return_url },
    leftAt: optionalMoment(row.left_at),
  }
}

/** What a read makes of a checkout, as columns. A read that failed changes nothing but the problem. */
export function snapshotColumns(outcome: ReadOutcome, now: Date): Record<string, string | number | null> {
  if (outcome.kind === 'found') return { ...invoiceColumns(outcome.invoice), problem: null, read_at: iso(now) }
  if (outcome.kind === 'unavailable') return { problem: 'unavailable', read_at: iso(now) }
  const payment_url = outcome.kind === 'odd' ? (outcome.paymentUrl ?? null) : null
  return { problem: problemOf(outcome), payment_url, amount: null, read_at: iso(now) }
}

function problemOf(outcome: Exclude<ReadOutcome, { kind: 'found' }>): Problem {
  if (outcome.kind !== 'odd') return 'not-found'
  return outcome.own ? OWN_PROBLEMS[outcome.own.goods] : 'unsupported'
}

const invoiceColumns = (invoice: Invoice): Record<string, string | number | null> => ({
  number: invoice.number.slice(0, 50),
  description: invoice.description.slice(0, 1000),
  amount: bound(invoice.amount.minor),
  currency: invoice.amount.unit,
  status: invoice.status,
  expires_at: iso(invoice.expirationDate),
  payment_url: invoice.paymentUrl,
})

export interface NewCheckout {
  readonly id: string
  readonly invoiceId: string
  readonly memberId: string | null
  readonly outcome: ReadOutcome
  /** When the reading began. */
  readonly readAt: Date
  readonly links: ReturnLinks
  readonly now: Date
}

export const insertCheckout = (tx: Tx, { id, invoiceId, memberId, outcome, readAt, links, now }: NewCheckout): Promise<void> =>
  insertRows(tx, 'checkouts', [
    {
      id,
      invoice_id: invoiceId,
      member_id: memberId,
      success_url: links.successUrl,
      fail_url: links.failUrl,
      return_url: links.returnUrl,
      created_at: iso(now),
      ...snapshotColumns(outcome, readAt),
    },
  ])

/**
 * Reads a checkout for whoever asks: once a member has signed in on it, no other member gets it. Somebody who is not signed in may be that member,
 * whose session is over: they see what the bare link shows anybody, and sign in.
 * @throws Refusal not_found, for a stranger as for an id that does not exist
 */
export async function readCheckout(
  db: Db,
  id: string,
  memberId: string | null,
): Promise<{ checkout: Checkout; payment: Payment | undefined }> {
  const row = await readRow(db, { id, memberId })
  if (!row) throw new Refusal('not_found')
  return { checkout: toCheckout(row), payment: row.p_id === null ? undefined : toPayment(paymentIn(row)) }
}

type FoundRow = CheckoutRow & Record<`p_${string}`, unknown> & { readonly asked: number | bigint }

interface Asked {
  readonly id: string
  readonly memberId: string | null
}

/** The payment that decides what an invoice's page says: the one that binds the invoice, else the newest. */
const DECISIVE_PAYMENT = `select d.id from payments d where d.invoice_id = c.invoice_id
  order by case when d.state in ('${FREEING_STATES.join("', '")}') then 1 else 0 end, d.id desc limit 1`

const OWN_OR_FREE = (member: string): string => `(${member} is null or c.member_id is null or c.member_id = ${member})`

const FOUND_COLUMNS = ['c.*', ...PAYMENT_COLUMNS.map((name) => `p.${name} as p_${name}`)].join(', ')

/** Both texts take the questions in and number the answers, since one checkout may be asked for twice at once, by its owner and by a stranger. */
const READ_TEXT: Readonly<Record<Engine, string>> = {
  postgres: `select a.number - 1 as asked, ${FOUND_COLUMNS}
    from unnest(?::text[], ?::text[]) with ordinality as a(id, member, number)
    join checkouts c on c.id = a.id and ${OWN_OR_FREE('a.member')} left join payments p on p.id = (${DECISIVE_PAYMENT})`,
  sqlite: `select a.key as asked, ${FOUND_COLUMNS}
    from json_each(?) a cross join checkouts c on c.id = a.value ->> 0 and ${OWN_OR_FREE('(a.value ->> 1)')}
    left join payments p on p.id = (${DECISIVE_PAYMENT})`,
}

/** Buyers who look at their pages at the same moment are read together: pages are what is asked for most. */
const readRow = gatherReads<Asked, FoundRow | undefined>(async (db, engine, asked) => {
  const [ids, members] = [asked.map(({ id }) => id), asked.map(({ memberId }) => memberId)]
  const values = engine === 'postgres' ? [ids, members] : [JSON.stringify(asked.map(({ id, memberId }) => [id, memberId]))]
  const rows = await readRows<FoundRow>(db, { sql: READ_TEXT[engine], values })
  const found = new Map(rows.map((row) => [Number(row.asked), row]))
  return asked.map((_, index) => found.get(index))
})

const paymentIn = (row: FoundRow): PaymentRow =>
  Object.fromEntries(PAYMENT_COLUMNS.map((name) => [name, row[`p_${name}`]])) as unknown as PaymentRow

/**
 * Binds a checkout to the first member who is signed in on it: one statement, which needs no transaction around it.
 * @throws Refusal not_found when another member was first
 */
export async function claimCheckout(db: Db, id: string, memberId: string): Promise<void> {
  const changed = await db('checkouts')
    .where({ id })
    .andWhere((owner) => void owner.whereNull('member_id').orWhere('member_id', memberId))
    .update({ member_id: memberId })
  if (changed !== 1) throw new Refusal('not_found')
}

/**
 * Stores what a new read says. When the amount differs from the one that was shown, the first shown amount is kept beside it, so that the page can say «было … стало …».
 * A read that failed leaves the last good snapshot in place and says that it failed, so that the page does and the next look reads again.
 */
export async function refreshCheckout(tx: Tx, checkout: Checkout, outcome: ReadOutcome, readAt: Date): Promise<Checkout> {
  const before = checkout.snapshot?.amount
  const changed =
    outcome.kind === 'found' && before && (before.minor !== outcome.invoice.amount.minor || before.unit !== outcome.invoice.amount.unit)
  const shown = changed && before.unit === outcome.invoice.amount.unit ? { shown_amount: bound(before.minor) } : {}
  const [row] = (await tx('checkouts')
    .where({ id: checkout.id })
    .update({ ...snapshotColumns(outcome, readAt), ...shown })
    .returning('*')) as CheckoutRow[]
  if (!row) throw new Refusal('not_found')
  return toCheckout(row)
}

/** Whose invoice turned out to be for what we sell, after it was read. */
export async function noteOwn(tx: Tx, found: readonly { readonly checkoutId: string; readonly goods: OwnGoods }[]): Promise<void> {
  for (const { checkoutId, goods } of found) await tx('checkouts').where({ id: checkoutId }).update({ problem: OWN_PROBLEMS[goods] })
}

/** An invoice as it was read for a payment of this checkout. */
export interface Reading {
  readonly checkoutId: string
  readonly outcome: ReadOutcome
  readonly at: Date
}

/** Keeps what was read when a payment ended, so that its page says why: cancelled, expired. */
export async function noteReadings(tx: Tx, readings: readonly Reading[]): Promise<void> {
  for (const { checkoutId, outcome, at } of readings) await tx('checkouts').where({ id: checkoutId }).update(snapshotColumns(outcome, at))
}
