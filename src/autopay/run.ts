import { authorName } from '../shared/actor'
import type { Author } from '../shared/actor'
import { newId } from '../shared/ids'
import { may, requirePermission } from '../shared/permissions'
import { Refusal } from '../shared/refusals'
import type { PaymentDeps } from '../payments'
import type { PlannedPayment } from './decide'
import { finishRun } from './finish-run'
import { takeIn, Unread } from './intake'
import type { Scope } from './intake'
import { keepPlan } from './keep-plan'
import { makePlan } from './make-plan'
import type { Plan } from './make-plan'
import { readOrganisations, requireOrganisation } from './organisation-store'
import { payAll } from './pay-all'
import type { OnFault } from './pay-one'
import { handOver, insertRun, noteProgress, takeToEnd } from './run-store'
import type { Progress, Run } from './run-store'
import { syncPayments } from './sync-payments'
import { sayingSo } from '../shared/signs-of-life'
import { tell } from '../shared/told'

export interface RunOrder {
  readonly author: Author
  readonly scope: Scope
  /** Names what is to be done once; by default each order is another one. */
  readonly key?: string
}

/** What a run needs to know of the one who carries it out. */
export interface Carrying {
  readonly onProgress?: (run: Run, progress: Progress) => void
  /** Whether the process is about to end: then the run is handed over as it stands. */
  readonly isStopping?: () => boolean
  /** Told of each invoice that failed by a fault of our own, beside the log; the run goes on. */
  readonly onFault?: OnFault
}

/**
 * Begins a run; `carryOutRun` does what it is for, which may take long.
 * @returns undefined when a run of this key was begun before
 * @throws Refusal forbidden, autopay_running, not_found for an organisation that is not theirs
 */
export async function beginRun(deps: PaymentDeps, { author, scope, key = `by-hand:${newId()}` }: RunOrder): Promise<Run | undefined> {
  const { db, clock } = deps
  requirePermission(author, 'autopay.run')
  if (scope.organisationId !== undefined) await requireOrganisation(db, author, scope.organisationId)
  else if (!may(author, 'organisations.all')) throw new Refusal('forbidden', 'choose an organisation')
  await endAbandoned(deps)
  return insertRun(db, { key, scope, startedBy: authorName(author), at: clock.now() })
}

/** A run whose process has died stands in the way of the next one. It is ended with what it has paid, and its people are told. */
async function endAbandoned(deps: PaymentDeps): Promise<void> {
  const run = await takeToEnd(deps.db, deps.clock.now())
  if (run) await finishRun(deps, run, { problem: tell('told.process_ended'), said: null })
}

/** Another process has taken the run over, or this one must end: what is left is not ours any more. */
class NotOurs extends Error {
  override name = 'NotOurs'
}

/**
 * Reads, decides, pays, tells. Nothing here needs to be finished: a process that dies leaves decisions and payments that stand, and whoever takes the run over decides
 * about the rest anew.
 * @returns why it could not be carried out, or null
 */
export async function carryOutRun(deps: PaymentDeps, run: Run, carrying: Carrying = {}): Promise<string | null> {
  const isAlive = (): Promise<unknown> => noteProgress(deps.db, run, {}, deps.clock.now())
  return sayingSo(isAlive, () => untilItsEnd(deps, run, carrying))
}

async function untilItsEnd(deps: PaymentDeps, run: Run, carrying: Carrying): Promise<string | null> {
  try {
    return await carryOut(deps, run, carrying)
  } catch (error) {
    if (error instanceof NotOurs) {
      await handOver(deps.db, run)
      return 'handed over'
    }
    const problem = error instanceof Unread ? tell('told.invoicebox_unread', { reason: error.message }) : tell('told.own_error')
    await finishRun(deps, run, { problem, said: null })
    if (error instanceof Unread) return problem
    throw error
  }
}

async function carryOut(deps: PaymentDeps, run: Run, carrying: Carrying): Promise<string | null> {
  const tell = async (progress: Progress): Promise<void> => {
    const isOurs = await noteProgress(deps.db, run, progress, deps.clock.now())
    if (!isOurs || carrying.isStopping?.()) throw new NotOurs()
    carrying.onProgress?.(run, progress)
  }
  await syncPayments(deps.db, deps.clock.now())
  const organisations = await readOrganisations(deps.db)
  await takeIn(deps, organisations, run.scope, (listed) => tell({ step: 'reading', listed }))
  await tell({ step: 'deciding' })
  const said = new Map<string, PlannedPayment>()
  const decide = async (): Promise<Plan> => {
    const plan = await makePlan(deps, run.scope)
    for (const item of await keepPlan(deps, run, plan)) said.set(item.invoice.id, item)
    return plan
  }
  const unavailable = await payAll(deps, { runId: run.id, tried: new Set(), decide, tell, onFault: carrying.onFault })
  await decide()
  await tell({ step: 'telling' })
  await finishRun(deps, run, { problem: unavailable, said: said.values() })
  return unavailable
}
