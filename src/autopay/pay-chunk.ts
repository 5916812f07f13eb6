import type { Invoice, OddInvoice, Permit } from '../invoicebox'
import { readFundFloor } from '../fund'
import type { PaymentDeps } from '../payments'
import { inTransaction } from '../shared/database'
import { money } from '../shared/money'
import { collectContext } from './collect-context'
import { considerAll, findHindrances } from './consider'
import type { DecisionContext } from './decision-context'
import { keepDecisions, latestDecisions } from './decision-store'
import type { KeptDecision } from './decision-store'
import type { DueInvoice } from './invoice'
import { toDue } from './invoice-row'
import { closeForeign } from './close-invoices'
import { HoldOrder } from './hold-in-order'
import { keepInvoices, keepOdd, keptId } from './keep-invoices'
import { readInvoices } from './open-invoices'
import { readOrganisations } from './organisation-store'
import { ownersOf } from './owner'
import { payOne } from './pay-one'
import type { OnFault } from './pay-one'
import { syncPayments } from './sync-payments'

/** What a chunk came to. */
export interface ChunkResult {
  /** Whether the invoices were read and decided about; otherwise they may be tried once more. */
  readonly wasRead: boolean
  /** Why Invoicebox could not be asked, so that the others had better wait. */
  readonly unavailable: string | null
  /** Whether the fund did not reach any more for what the plan had it reach for. */
  readonly isFundShort: boolean
  /** Whose turn to hold came when the reading had grown old: they may be read and tried once more. */
  readonly late: readonly string[]
}

/** In one look: as many as the slots in hand, since a reading must not grow old before its confirm. */
export const MOST_IN_A_CHUNK = 16

/**
 * Pays some of the invoices that are to be paid: reads them in one list page, decides anew about what was just read, writes the decisions down, then pays. Everything that
 * stopped being so since is found out before the money is held, or in the transaction that holds it (docs/adr/0019).
 * @param permit one slot for the list and one for each confirm
 */
export async function payChunk(
  deps: PaymentDeps,
  ids: readonly string[],
  of: { runId: string; permit: Permit; onFault?: OnFault | undefined },
): Promise<ChunkResult> {
  const { outcome, exchange } = await deps.invoicebox.listInvoices(
    { ids, page: 1, pageSize: ids.length },
    { as: 'background', permit: of.permit },
  )
  if (outcome.kind !== 'page') return { wasRead: false, unavailable: outcome.reason, isFundShort: false, late: [] }
  const read = new Map(outcome.invoices.map((invoice) => [keptId(invoice.id), { ...invoice, id: keptId(invoice.id) }]))
  const due = await keepReading(deps, ids, read, outcome.odd)
  const context = await collectContext(deps, due)
  const decisions = await decideAnew(deps, due, context, of.runId)
  const paying = decisions.filter(({ decision }) => decision === 'pay')
  const leaving = money(await readFundFloor(deps.db), 'RUB')
  const order = new HoldOrder()
  const priorityOf = ({ rule }: KeptDecision): number => context.rules.find(({ id }) => id === rule?.id)?.body.priority ?? 0
  const came = await Promise.all(
    paying.flatMap((decision) => {
      const invoice = read.get(decision.invoiceId)
      const kept = due.find(({ id }) => id === decision.invoiceId)
      if (!invoice || !kept) return []
      const one = { ...of, invoice, due: kept, decision, context, readAt: exchange.startedAt, leaving }
      const refusal = order.next(priorityOf(decision), (holdInTurn) => payOne(deps, { ...one, holdInTurn }))
      return [refusal.then((code) => ({ id: kept.id, code }))]
    }),
  )
  await syncPayments(deps.db, deps.clock.now())
  const stoppedBy = (stop: string): string[] => came.flatMap(({ id, code }) => (code === stop ? [id] : []))
  return {
    wasRead: true,
    unavailable: stoppedBy('payments_unavailable').length > 0 ? 'payments_unavailable' : null,
    isFundShort: stoppedBy('fund_floor_reached').length > 0 || decisions.some(waitsForTheFund),
    late: stoppedBy('invoice_not_fresh'),
  }
}

const waitsForTheFund = ({ decision, why }: KeptDecision): boolean => decision === 'wait' && why.at(-1)?.gate === 'fund'

/** What was read is kept. @returns those whose payer is still the one that was decided for; the others are decided about anew, or closed */
async function keepReading(
  { db, clock }: PaymentDeps,
  ids: readonly string[],
  read: ReadonlyMap<string, Invoice>,
  odd: readonly OddInvoice[],
): Promise<DueInvoice[]> {
  const at = clock.now()
  const known = new Map((await readInvoices(db, ids)).map((one) => [one.id, one]))
  const ownerOf = ownersOf(await readOrganisations(db))
  const ours = [...read.values()].filter(({ id }) => known.has(id))
  const found = ours.flatMap((invoice) => {
    const owner = ownerOf(invoice.customer)
    return owner ? [{ invoice, organisationId: owner.id, merchantOrder: null }] : []
  })
  const owned = new Set(found.map(({ invoice }) => invoice.id))
  const foreign = ours.map(({ id }) => id).filter((id) => !owned.has(id))
  await inTransaction(db, async (tx) => {
    await keepInvoices(tx, found, at)
    await closeForeign(tx, foreign, at)
    await keepOdd(
      tx,
      odd.map((one) => ({ odd: one, organisationId: null })),
      at,
    )
  })
  const same = found.filter(({ invoice, organisationId }) => known.get(invoice.id)?.organisationId === organisationId)
  return (
    await readInvoices(
      db,
      same.map(({ invoice }) => invoice.id),
    )
  ).flatMap((kept) => toDue(kept) ?? [])
}

/** In the order of payment. */
async function decideAnew(deps: PaymentDeps, due: readonly DueInvoice[], context: DecisionContext, runId: string): Promise<KeptDecision[]> {
  const ids = due.map(({ id }) => id)
  const { items } = await considerAll(due, context, await findHindrances(deps.db, ids))
  const before = await latestDecisions(deps.db, ids)
  return inTransaction(deps.db, (tx) =>
    keepDecisions(tx, items, {
      runId,
      at: context.now,
      organisations: context.organisations,
      before,
      signed: (id) => context.approvals.get(id)?.signedSteps ?? [],
    }),
  )
}
