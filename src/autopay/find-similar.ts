import { DAY, plus } from '../shared/clock'
import { bound, iso } from '../shared/database'
import type { Db } from '../shared/database'
import type { SimilarInvoice } from './decision-context'
import { likenessOf } from './gates'
import { inTurns, slicesOf } from './in-turns'
import type { DueInvoice } from './invoice'
import { toKept } from './invoice-row'
import type { InvoiceRow, KeptInvoice } from './invoice-row'
import { foldText } from './pattern'

/** The duplicate gate looks no further back. */
const WINDOW_MS = 90 * DAY
/** The gate needs one of each kind. A thousand that are all alike must not cost a million comparisons, so only the nearest in time are looked at. */
const MOST_EACH = 5
const IN_ONE_QUESTION = 200

/**
 * What is the same debt as one of these invoices by all we can read: of the same payer, with the same amount and the same number or words, or of the same order; paid, or seen
 * before it. The paid ones come first, the newest at their head, then the earlier ones; the first that was ever seen is always among them.
 */
export async function findSimilar(db: Db, invoices: readonly DueInvoice[], now: Date): Promise<Map<string, SimilarInvoice[]>> {
  return inTurns(compareAll(invoices, await candidates(db, invoices, now)))
}

function* compareAll(invoices: readonly DueInvoice[], kept: readonly KeptInvoice[]): Generator<void, Map<string, SimilarInvoice[]>> {
  const groups = yield* groupsOf(kept)
  const found = new Map<string, SimilarInvoice[]>()
  for (const invoice of invoices) {
    found.set(invoice.id, similarTo(invoice, groups))
    yield
  }
  return found
}

/** Invoices of one name, each list in the order in which they were issued. */
interface Group {
  readonly paid: KeptInvoice[]
  readonly unpaid: KeptInvoice[]
}

function similarTo(invoice: DueInvoice, groups: ReadonlyMap<string, Group>): SimilarInvoice[] {
  const others = new Map(
    namesOf(invoice)
      .flatMap((name) => near(invoice, groups.get(name)))
      .map((other) => [other.id, other]),
  )
  others.delete(invoice.id)
  const found = [...others.values()].map((other) => toSimilar(invoice, other)).filter((other) => likenessOf(invoice, other) !== undefined)
  const paid = found.filter(({ isPaid }) => isPaid).sort((a, b) => byIssue(b, a))
  const [first, ...later] = found.filter(({ isPaid }) => !isPaid).sort(byIssue)
  return [...paid, ...later.reverse()].slice(0, MOST_EACH).concat(first ?? [])
}

/** The paid ones on either side in time, and the unpaid ones before it: whatever lies in the window of a likeness, the nearest of it is among them. */
function near(invoice: DueInvoice, group: Group | undefined): KeptInvoice[] {
  if (!group) return []
  const { paid, unpaid } = group
  const [amongPaid, amongUnpaid] = [placeOf(invoice, paid), placeOf(invoice, unpaid)]
  return [
    ...paid.slice(Math.max(0, amongPaid - MOST_EACH), amongPaid + MOST_EACH),
    ...unpaid.slice(Math.max(0, amongUnpaid - MOST_EACH), amongUnpaid),
    ...unpaid.slice(0, Math.min(1, amongUnpaid)),
  ]
}

/** How many of a list come before an invoice, by halving. */
function placeOf(invoice: DueInvoice, list: readonly KeptInvoice[]): number {
  let [from, to] = [0, list.length]
  while (from < to) {
    const middle = (from + to) >> 1
    const one = list[middle]
    if (one && comesBefore(one, invoice)) from = middle + 1
    else to = middle
  }
  return from
}

const byIssue = (a: SimilarInvoice, b: SimilarInvoice): number =>
  a.issuedAt.getTime() - b.issuedAt.getTime() || (a.invoiceId < b.invoiceId ? -1 : 1)

const namesOf = ({ organisationId, amount, number, description, merchantOrder }: DueInvoice | KeptInvoice): string[] => {
  const whose = `${organisationId} ${amount?.unit ?? ''} ${String(amount?.minor ?? '')}`
  return [
    ...(foldText(number) === '' ? [] : [`number ${whose} ${foldText(number)}`]),
    ...(foldText(description) === '' ? [] : [`words ${whose} ${foldText(description)}`]),
    ...(merchantOrder === null ? [] : [`order ${organisationId} ${merchantOrder}`]),
  ]
}

function* groupsOf(kept: readonly KeptInvoice[]): Generator<void, Map<string, Group>> {
  const groups = new Map<string, Group>()
  for (const one of [...kept].sort((a, b) => (comesBefore(a, b) ? -1 : 1))) {
    for (const name of namesOf(one)) {
      const group = groups.get(name) ?? { paid: [], unpaid: [] }
      groups.set(name, group)
      ;(isPaid(one) ? group.paid : group.unpaid).push(one)
    }
    yield
  }
  return groups
}

/** Paid by us, or by whomever: the debt is settled all the same. */
const isPaid = ({ queue, status }: KeptInvoice): boolean => queue === 'paid' || queue === 'paying' || status === 'paid'

const comesBefore = (a: Pick<KeptInvoice, 'id' | 'issuedAt'>, b: Pick<KeptInvoice, 'id' | 'issuedAt'>): boolean => {
  const [first, second] = [a.issuedAt?.getTime() ?? 0, b.issuedAt?.getTime() ?? 0]
  return first === second ? a.id < b.id : first < second
}

const toSimilar = (invoice: DueInvoice, other: KeptInvoice): SimilarInvoice => ({
  invoiceId: other.id,
  number: other.number,
  description: other.description,
  amount: other.amount?.minor ?? 0n,
  issuedAt: other.issuedAt ?? other.firstSeenAt,
  merchantOrder: other.merchantOrder,
  isEarlier: comesBefore(other, invoice),
  isPaid: isPaid(other),
})

/** One that left the list because it was cancelled or expired is no debt; one that somebody else has paid is. */
async function candidates(db: Db, invoices: readonly DueInvoice[], now: Date): Promise<KeptInvoice[]> {
  const organisations = [...new Set(invoices.map(({ organisationId }) => organisationId))]
  const amounts = [...new Set(invoices.map(({ amount }) => amount.minor))]
  const orders = [...new Set(invoices.flatMap(({ merchantOrder }) => merchantOrder ?? []))]
  const alive = () =>
    db('autopay_invoices')
      .whereIn('organisation_id', organisations)
      .where((queue) => void queue.whereNot({ queue: 'closed' }).orWhere({ status: 'paid' }))
      .whereNull('problem')
      .where('issued_at', '>', iso(plus(now, -WINDOW_MS)))
  const found = new Map<string, KeptInvoice>()
  const add = (rows: unknown[]): void => {
    for (const row of rows as InvoiceRow[]) found.set(row.id, toKept(row))
  }
  for await (const some of slicesOf(amounts, IN_ONE_QUESTION)) add(await alive().whereIn('amount', some.map(bound)))
  for await (const some of slicesOf(orders, IN_ONE_QUESTION)) add(await alive().whereIn('merchant_order', [...some]))
  return [...found.values()]
}
