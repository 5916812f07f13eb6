import { verifyLedger } from '../../src/ledger'
import type { Finding } from '../../src/ledger'
import { verifyPayments } from '../../src/payments'
import type { Db } from '../../src/shared/database'
import type { Arena } from './arena'
import type { Consented, Diary, Told } from './buyers'
import type { Call, FundEntry, UpstreamInvoice, UpstreamOperation } from './invoicebox'
import type { Plan } from './plan'

/** A payment as it stands in the gateway's books. Amounts in hundredths. */
export interface BookedPayment {
  readonly id: string
  readonly invoiceId: string
  readonly login: string
  readonly memberId: string
  readonly checkoutId: string
  readonly consentId: string
  readonly operationId: string
  readonly transactionId: string | null
  readonly state: string
  readonly points: bigint
  readonly amount: bigint
  /** What of a difference to the invoice was booked into suspense. */
  readonly suspense: bigint
}

export interface BookedAccount {
  readonly id: string
  readonly balance: bigint
  readonly held: bigint
}

export interface OpenAlert {
  readonly kind: string
  readonly subject: string
}

/** What both sides say when everything is at rest. The rules look at nothing else. */
export interface Evidence {
  readonly plan: Plan
  readonly payments: readonly BookedPayment[]
  readonly before: ReadonlyMap<string, BookedAccount>
  readonly after: ReadonlyMap<string, BookedAccount>
  readonly alerts: readonly OpenAlert[]
  readonly invoices: ReadonlyMap<string, UpstreamInvoice>
  readonly fundEntries: readonly FundEntry[]
  readonly calls: readonly Call[]
  readonly told: readonly Told[]
  readonly consents: readonly Consented[]
  readonly findings: readonly Finding[]
  /** Payments that wait for ever, or were never compared with their invoice. */
  readonly restless: readonly string[]
}

export const readBefore = (arena: Arena): Promise<Map<string, BookedAccount>> => arena.look(readAccounts)

export async function gather(
  arena: Arena,
  diary: Diary,
  plan: Plan,
  before: ReadonlyMap<string, BookedAccount>,
  restless: readonly string[],
): Promise<Evidence> {
  const ids = [...diary.invoices.values()].flat().map(({ id }) => id)
  const upstream = await Promise.all(ids.map((id) => arena.invoicebox.read(id)))
  const [fundEntries, calls] = await Promise.all([arena.invoicebox.fundEntries(), arena.invoicebox.calls(2_000)])
  const books = await arena.look(async (db) => ({
    payments: await readPayments(db, ids),
    after: await readAccounts(db),
    alerts: await db('alerts').whereNull('closed_at').select<OpenAlert[]>('kind', 'subject'),
    findings: [...(await verifyLedger(db)), ...(await verifyPayments(db))],
  }))
  const { told, consents } = diary
  return {
    plan,
    before,
    restless,
    told,
    consents,
    fundEntries,
    calls,
    invoices: new Map(upstream.map((invoice) => [invoice.id, invoice])),
    ...books,
  }
}

async function readAccounts(db: Db): Promise<Map<string, BookedAccount>> {
  const rows = await db('ledger_accounts').select<BookedAccount[]>('id', 'balance', 'held')
  return new Map(rows.map((row) => [row.id, row]))
}

async function readPayments(db: Db, invoiceIds: readonly string[]): Promise<BookedPayment[]> {
  const rows = await db('payments as p')
    .join('members as m', 'm.id', 'p.member_id')
    .whereIn('p.invoice_id', [...invoiceIds])
    .orderBy('p.id')
    .select({
      id: 'p.id',
      invoiceId: 'p.invoice_id',
      login: 'm.login',
      memberId: 'p.member_id',
      checkoutId: 'p.checkout_id',
      consentId: 'p.consent_id',
      operationId: 'p.operation_id',
      transactionId: 'p.transaction_id',
      state: 'p.state',
      points: 'p.points',
      amount: 'p.amount',
    })
  const suspense = await readSuspense(
    db,
    (rows as BookedPayment[]).map(({ id }) => id),
  )
  return (rows as Omit<BookedPayment, 'suspense'>[]).map((row) => ({ ...row, suspense: suspense.get(row.id) ?? 0n }))
}

/** What lies in suspense for each payment. */
async function readSuspense(db: Db, ids: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await db('ledger_transfers as t')
    .join('ledger_entries as e', 'e.transfer_id', 't.id')
    .whereIn('t.reference', [...ids])
    .where('e.account_id', 'suspense')
    .select<{ reference: string; amount: bigint }[]>('t.reference', 'e.amount')
  const sums = new Map<string, bigint>()
  for (const { reference, amount } of rows) sums.set(reference, (sums.get(reference) ?? 0n) + amount)
  return sums
}

/** Text such as `12.30` in hundredths. */
export const hundredths = (text: string): bigint => {
  const [whole = '0', decimals = ''] = text.replace('-', '').split('.')
  const value = BigInt(whole) * 100n + BigInt(decimals.padEnd(2, '0').slice(0, 2))
  return text.startsWith('-') ? -value : value
}

/** Invoicebox's operation for a payment: found by our operation id alone. */
export const operationFor = ({ invoices }: Evidence, payment: BookedPayment): UpstreamOperation | undefined =>
  invoices.get(payment.invoiceId)?.operations.find((operation) => operation.partnerOperationId === payment.operationId)

export const hasAlert = ({ alerts }: Evidence, kind: string, subject: string): boolean =>
  alerts.some((alert) => alert.kind === kind && alert.subject === subject)

export const inState = ({ payments }: Evidence, ...states: string[]): BookedPayment[] =>
  payments.filter(({ state }) => states.includes(state))
