import type { Clock } from '../shared/clock'
import { brokenUniqueRule, isDown, isTransient } from '../shared/database'
import type { Db } from '../shared/database'
import type { Log } from '../shared/log'
import { Refusal } from '../shared/refusals'
import type { Decision } from './decide'
import { checkInstruction } from './instructions'
import type { Instruction } from './instructions'
import { sealBatches } from './seal'
import { writeBatch } from './write-batch'

export interface Ledger {
  /**
   * Carries out one instruction and answers once it is committed. `replayed` tells that the key had been used for the same lines before.
   * @throws Refusal not_enough_available (detail: the account), account_locked, account_unknown, hold_unknown, hold_already_resolved, key_reused
   */
  submit(instruction: Instruction): Promise<{ replayed: boolean }>
  /** Resolves when everything that was submitted is written and sealed. */
  idle(): Promise<void>
}

interface Waiting {
  readonly instruction: Instruction
  resolve(decision: Decision): void
  reject(error: unknown): void
}

/** Large enough to spread the cost of a commit, small enough that nobody waits long behind it (docs/adr/0002). */
const MOST_AT_ONCE = 500

/** The seal follows the commit by this much, so that a busy second costs a few seals and not one for each payment. */
const SEAL_AFTER_MS = 250

/**
 * The one door of the books. Callers of this process that arrive while a batch is being written are gathered and committed together in the next one;
 * a refused instruction does not disturb its neighbours, and a batch that the database rejects is run again item by item.
 */
export function createLedger(deps: { db: Db; clock: Clock; log: Log }): Ledger {
  const queue: Waiting[] = []
  let working: Promise<void> | undefined
  const sealer = createSealer(deps)

  const work = async (): Promise<void> => {
    while (queue.length > 0) await writeTogether(deps, queue.splice(0, MOST_AT_ONCE))
    working = undefined
    sealer.wake()
  }
  return {
    async submit(instruction) {
      checkInstruction(instruction)
      const decision = await new Promise<Decision>((resolve, reject) => {
        queue.push({ instruction, resolve, reject })
        working ??= Promise.resolve().then(work)
      })
      const { answer, detail } = decision.answer
      if (answer !== 'done') throw new Refusal(answer, detail ?? undefined)
      return { replayed: decision.replayed }
    },
    async idle() {
      while (working) await working
      await sealer.finish()
    },
  }
}

/** Seals a moment after the last commit, never in a payment's way. */
function createSealer(deps: { db: Db; clock: Clock; log: Log }): { wake(): void; finish(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined
  let running = Promise.resolve()
  const run = (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    running = running.then(() => seal(deps))
    return running
  }
  return {
    wake() {
      timer ??= setTimeout(() => void run(), SEAL_AFTER_MS).unref()
    },
    finish: run,
  }
}

async function writeTogether({ db, clock }: { db: Db; clock: Clock }, waiting: readonly Waiting[]): Promise<void> {
  try {
    const decisions = await writeBatch(
      db,
      waiting.map((item) => item.instruction),
      clock.now(),
    )
    waiting.forEach((item, index) => item.resolve(decisions[index] as Decision))
  } catch (error) {
    if (waiting.length === 1 || isDown(error)) for (const item of waiting) item.reject(error)
    else for (const item of waiting) await writeTogether({ db, clock }, [item])
  }
}

/** A seal that could not be written now is written with the next batch or by the worker. */
async function seal({ db, clock, log }: { db: Db; clock: Clock; log: Log }): Promise<void> {
  try {
    while ((await sealBatches(db, clock.now())) > 0);
  } catch (error) {
    log.warn({ err: error, transient: isTransient(error) || brokenUniqueRule(error) !== undefined }, 'the ledger could not be sealed yet')
  }
}
