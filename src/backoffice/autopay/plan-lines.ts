import { z } from 'zod'
import { DECISIONS, GATES, makePlan, notUnderstood, oddInvoices } from '../../autopay'
import type { Decision, Gate, KeptInvoice, Organisation, Plan } from '../../autopay'
import { looksLikeId } from '../../shared/ids'
import type { AutopayPagesDeps } from './deps'

const orEmpty = <T extends z.ZodType>(field: T) => z.union([z.literal(''), field]).optional()

/** The filters of the plan, as they stand in the address. */
export const PLAN_FILTERS = {
  organisation: orEmpty(z.string().refine(looksLikeId)),
  decision: orEmpty(z.enum(DECISIONS)),
  gate: orEmpty(z.enum(GATES)),
}
export type PlanQuery = z.output<z.ZodObject<typeof PLAN_FILTERS>>

/** One invoice of the plan, with its turn among all of them. */
export interface PlanLine {
  readonly id: string
  /** From 1 on, whatever the filters leave out. */
  readonly turn: number
  readonly invoice: Pick<KeptInvoice, 'id' | 'number' | 'organisationId' | 'amount' | 'dueAt'>
  readonly decision: Pick<Decision, 'decision' | 'why'>
}

export interface WholePlan {
  readonly plan: Plan
  /** In the order of payment; those that could not be understood stand behind all others. */
  readonly lines: readonly PlanLine[]
}

/** The plan of everything that the reader may know of. Filters narrow what is shown and never what is decided about: limits and the fund are shared. */
export async function readPlan(deps: AutopayPagesDeps, organisations: readonly Organisation[]): Promise<WholePlan> {
  const scope = { organisationIds: organisations.map(({ id }) => id) }
  const plan = await makePlan(deps, scope)
  const all = [...plan.items, ...(await oddInvoices(deps.db, scope)).map(oddItem)]
  return { plan, lines: all.map(({ invoice, decision }, index) => ({ id: invoice.id, turn: index + 1, invoice, decision })) }
}

const oddItem = (invoice: KeptInvoice): Pick<PlanLine, 'invoice' | 'decision'> => ({
  invoice,
  decision: { decision: 'hold', why: [notUnderstood(invoice.problem)] },
})

/** The gate that stayed shut; none where all are open. */
export const shutGate = ({ why }: PlanLine['decision']): Gate | undefined => why.find(({ passed }) => !passed)?.gate

/** Those that the filters ask for, in their order. An empty filter asks for nothing. */
export const filteredLines = (lines: readonly PlanLine[], { organisation, decision, gate }: PlanQuery): PlanLine[] =>
  lines.filter(
    (line) =>
      (!organisation || line.invoice.organisationId === organisation) &&
      (!decision || line.decision.decision === decision) &&
      (!gate || shutGate(line.decision) === gate),
  )
