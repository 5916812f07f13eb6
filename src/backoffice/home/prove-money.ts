import { verifyAudit } from '../../audit'
import { verifyAutopay } from '../../autopay'
import { sealBatches, verifyLedger } from '../../ledger'
import { verifyOrders } from '../../orders'
import { verifyPayments } from '../../payments'
import { authorName } from '../../shared/actor'
import type { Author } from '../../shared/actor'
import { openAlerts } from '../../shared/alerts'
import type { Clock } from '../../shared/clock'
import { MINUTE } from '../../shared/clock'
import { inTransaction, openDatabase } from '../../shared/database'
import type { Db } from '../../shared/database'
import type { Log } from '../../shared/log'
import { requirePermission } from '../../shared/permissions'
import { beatProof, beginProof, endProof, isProofDue } from './proofs'
import { tell } from '../../shared/told'
import { sayingSo } from '../../shared/signs-of-life'

export interface ProofDeps {
  readonly db: Db
  readonly clock: Clock
  readonly log: Log
  readonly config: { readonly databaseUrl: string }
}

type Step = (db: Db, now: Date) => Promise<string[]>

/** Everything that `gateway ledger verify` and `gateway audit verify` prove, in their order. */
const STEPS: readonly Step[] = [
  async (db, now) => {
    await sealBatches(db, now)
    return (await verifyLedger(db)).map(asLine)
  },
  async (db) => (await verifyPayments(db)).map(asLine),
  async (db) => [...(await verifyOrders(db)), ...(await verifyAutopay(db))].map(asLine),
  async (db) => [...(await verifyAudit(db)).differences],
]

const asLine = ({ invariant, text }: { readonly invariant: number; readonly text: string }): string => `${String(invariant)}: ${text}`

/** What is wrong a thousand times need not be kept a thousand times: the command line tells all of it. */
const MOST_KEPT = 50
const BEAT_MS = MINUTE

export interface StartedProof {
  /** Resolves when the proof is over; never rejects. */
  readonly over: Promise<void>
}

/**
 * Proves the books and the audit log, on a connection of its own that is in nobody's way. A difference opens an alert.
 * @returns null when somebody is at it already. @throws Refusal forbidden
 */
export async function startProof(deps: ProofDeps, author: Author): Promise<StartedProof | null> {
  requirePermission(author, 'ledger.verify')
  const id = await beginProof(deps.db, { name: authorName(author), at: deps.clock.now(), steps: STEPS.length })
  return id === null ? null : { over: prove(deps, id) }
}

/** For the worker. @returns whether there was a proof to make */
export async function proveWhenDue(deps: ProofDeps): Promise<number> {
  if (!(await isProofDue(deps.db, deps.clock.now()))) return 0
  const started = await startProof(deps, { kind: 'system', name: 'prove-money' })
  await started?.over
  return 0
}

const prove = (deps: ProofDeps, id: string): Promise<void> =>
  sayingSo(
    () => beatProof(deps.db, id, deps.clock.now()),
    () => proveAll(deps, id),
    BEAT_MS,
  )

async function proveAll(deps: ProofDeps, id: string): Promise<void> {
  const { db, clock, log } = deps
  try {
    const first = await runSteps(deps, id)
    // A rule that is read in several statements may fall between two commits. What is really wrong is still wrong a moment later.
    const findings = first.length > 0 ? await runSteps(deps, id) : first
    if (findings.length > 0) await raiseAlarm(deps, findings)
    await endProof(db, id, { at: clock.now(), state: 'done', findings: findings.slice(0, MOST_KEPT) })
    log.info({ findings: findings.length }, 'the books were proved')
  } catch (error) {
    log.error({ err: error }, 'the books could not be proved')
    await endProof(db, id, { at: clock.now(), state: 'failed', findings: [] }).catch(() => undefined)
  }
}

async function runSteps({ db, clock, config }: ProofDeps, id: string): Promise<string[]> {
  const own = openDatabase(config.databaseUrl, { patient: true, poolSize: 1 })
  const findings: string[] = []
  try {
    for (const [at, step] of STEPS.entries()) {
      findings.push(...(await step(own, clock.now())))
      await beatProof(db, id, clock.now(), at + 1)
    }
    return findings
  } finally {
    await own.destroy()
  }
}

async function raiseAlarm({ db, clock, log }: ProofDeps, findings: readonly string[]): Promise<void> {
  log.error({ findings: findings.length }, 'the books are wrong')
  const [first = ''] = findings
  const detail = tell('told.rules_broken', { count: String(findings.length), first })
  await inTransaction(db, (tx) => openAlerts(tx, [{ kind: 'books_differ', subject: 'ledger', detail, at: clock.now() }]))
}
