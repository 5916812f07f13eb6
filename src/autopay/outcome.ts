import type { DecisionKind } from './decision'
import type { Queue } from './invoice-row'

/** What people are told of an invoice, by the run as by the month: on pages, in files, in letters, by the command. */
export const OUTCOMES = ['paid', 'waiting', 'refused'] as const
export type Outcome = (typeof OUTCOMES)[number]

/** As much as is known of where an invoice stands. */
export interface Standing {
  /** Absent of one that a run has just decided about. */
  readonly queue?: Queue
  readonly decision: DecisionKind | null
  /** Somebody has refused it, whatever was decided before. */
  readonly isRefused?: boolean
}

/**
 * The one definition of paid, waiting and refused. What is held for a person to look at waits: it may still be paid. Refused is what will not be paid unless somebody says
 * otherwise: a duplicate, one that a person has refused, and whatever was cancelled, has expired or was paid by somebody else.
 */
export const outcomeOf = ({ queue, decision, isRefused = false }: Standing): Outcome => {
  if (queue === 'paid') return 'paid'
  return queue === 'closed' || isRefused || decision === 'refuse' ? 'refused' : 'waiting'
}
