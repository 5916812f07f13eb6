import type { PaymentDeps } from '../payments'
import { shutOf } from './collect-context'
import type { Plan } from './make-plan'
import { readOrganisations } from './organisation-store'
import { MOST_IN_A_CHUNK, payChunk } from './pay-chunk'
import type { ChunkResult } from './pay-chunk'
import type { OnFault } from './pay-one'
import type { Progress } from './run-store'

export interface PayingAll {
  readonly runId: string
  /** Invoices that were tried in this run: none is tried twice, except where its reading had grown old before its turn. */
  readonly tried: Set<string>
  /** Decides about everything that is open, and writes it down. */
  readonly decide: () => Promise<Plan>
  readonly tell: (progress: Progress) => Promise<void>
  readonly onFault?: OnFault | undefined
}

/** So many chunks in a row that could not be read or sent: Invoicebox has other things to do. */
const MOST_FAILURES = 3

/**
 * Pays chunk after chunk, in the order of the plan, until nothing more can be paid. Each chunk's slots are taken together beforehand, as background: buyers come first.
 * @returns why Invoicebox could not be asked, when that ended it
 */
export async function payAll(deps: PaymentDeps, of: PayingAll): Promise<string | null> {
  let failures = 0
  const late = new Set<string>()
  for (;;) {
    const queue = (await of.decide()).items.flatMap(({ invoice, decision }) =>
      decision.decision === 'pay' && !of.tried.has(invoice.id) ? [{ id: invoice.id, organisationId: invoice.organisationId }] : [],
    )
    if (queue.length === 0) return null
    await of.tell({ step: 'paying', total: of.tried.size + queue.length, done: of.tried.size })
    while (queue.length > 0) {
      const open = await stillOn(deps, queue)
      if (open.length === 0) return null
      const { unavailable, isFundShort } = await payNext(deps, { ...of, late }, open)
      failures = unavailable === null ? 0 : failures + 1
      if (unavailable !== null && failures >= MOST_FAILURES) return unavailable
      // What the fund does not reach for any more keeps it from lower priorities of other chunks too.
      queue.splice(0, queue.length, ...(isFundShort ? [] : open))
      await of.tell({ done: of.tried.size })
    }
  }
}

interface Queued {
  readonly id: string
  readonly organisationId: string
}

/** An organisation that was switched off in mid-run costs no more requests. */
async function stillOn({ db }: PaymentDeps, queue: readonly Queued[]): Promise<Queued[]> {
  const shut = shutOf(await readOrganisations(db))
  return queue.filter(({ organisationId }) => !shut.has(organisationId))
}

interface PayingNext extends PayingAll {
  /** Invoices for which a reading has grown old before. */
  readonly late: Set<string>
}

/** Takes the first of the queue out of it; those whose reading grew old while others were held before them come first again. */
async function payNext(deps: PaymentDeps, of: PayingNext, queue: Queued[]): Promise<Pick<ChunkResult, 'unavailable' | 'isFundShort'>> {
  const atMost = Math.min(queue.length, MOST_IN_A_CHUNK) + 1
  const permit = await deps.invoicebox.reserve({ as: 'background', atLeast: 2, atMost })
  if (!permit) return { unavailable: 'no-budget', isFundShort: false }
  try {
    const chunk = queue.splice(0, Math.max(1, permit.left - 1))
    const ids = chunk.map(({ id }) => id)
    const { wasRead, late, ...result } = await payChunk(deps, ids, { runId: of.runId, permit, onFault: of.onFault })
    const again = againOf(late, ids.length, of.late)
    if (wasRead) for (const id of ids) if (!again.has(id)) of.tried.add(id)
    queue.unshift(...chunk.filter(({ id }) => again.has(id)))
    return result
  } finally {
    permit.giveBack()
  }
}

/** Those of a chunk that were too late, as long as that comes to an end: others of it were not, or it is the first time. */
function againOf(late: readonly string[], inChunk: number, before: Set<string>): ReadonlySet<string> {
  const again = late.length < inChunk ? late : late.filter((id) => !before.has(id))
  for (const id of late) before.add(id)
  return new Set(again)
}
