import type { Clock } from '../shared/clock'
import { brokenUniqueRule, engineOf, isTransient } from '../shared/database'
import type { Db } from '../shared/database'
import { gather } from '../shared/gather'
import type { Log } from '../shared/log'
import { Refusal } from '../shared/refusals'
import { asInstruction, openCredit } from './credit-many'
import type { BulkCredit, OpenCredit } from './credit-many'
import { checkInstruction, fingerprint } from './instructions'
import type { Instruction } from './instructions'
import { MOST_SEALED_AT_ONCE, sealBatches } from './seal'
import { writeBatch } from './write-batch'

export interface Ledger {
  /**
   * Carries out one instruction and answers once it is committed. `replayed` tells that the key had been used for the same lines before.
   * @throws Refusal not_enough_available (detail: the account), account_locked, account_unknown, hold_unknown, hold_already_resolved, key_reused
   */
  submit(instruction: Instruction): Promise<{ replayed: boolean }>
  /**
   * Begins a credit of thousands of accounts, which its `close` commits. On PostgreSQL the next one may be begun before this one is closed, in the order of the accounts; it is not tried again
   * after a deadlock or a lost connection, and must be closed or cancelled soon, since it holds its locks. On SQLite nothing happens before `close`.
   * @throws Refusal key_reused, account_unknown; what the database throws
   */
  openCredit(credit: BulkCredit): Promise<OpenCredit>
  /** Resolves when everything that was submitted is written and sealed. */
  idle(): Promise<void>
}

/** The seal follows the commit by this much, so that a busy second costs a few seals and not one for each payment. */
const SEAL_AFTER_MS = 250

/**
 * The one door of the books. Callers of this process that arrive while a batch is being written are gathered and committed together in the next one;
 * a refused instruction does not disturb its neighbours, and a batch that the database rejects is run again item by item.
 */
export function createLedger(deps: { db: Db; clock: Clock; log: Log }): Ledger {
  const sealer = createSealer(deps)
  const gathered = gather((instructions: readonly Instruction[]) => writeBatch(deps.db, instructions, deps.clock.now()), sealer.wake)
  const submit: Ledger['submit'] = async (instruction) => {
    checkInstruction(instruction)
    fingerprint(instruction)
    const { replayed, answer } = await gathered.submit(instruction)
    if (answer.answer !== 'done') throw new Refusal(answer.answer, answer.detail ?? undefined)
    return { replayed }
  }
  return {
    submit,
    async openCredit(credit) {
      if (engineOf(deps.db) === 'sqlite') return { close: () => submit(asInstruction(credit)), cancel: () => Promise.resolve() }
      const open = await openCredit(deps.db, credit, deps.clock.now())
      return { ...open, close: () => open.close().finally(sealer.wake) }
    },
    async idle() {
      await gathered.idle()
      await sealer.finish()
    },
  }
}

/** Seals a moment after the last commit, never in a payment's way. */
function createSealer(deps: { db: Db; clock: Clock; log: Log }): { wake: () => void; finish: () => Promise<void> } {
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

/**
 * Seals what is committed by now. What is committed meanwhile has its own turn: whoever went on until nothing is left would seal without a pause while payments come, each with a
 * commit that competes with theirs. A seal that could not be written now is written with the next batch or by the worker.
 */
async function seal({ db, clock, log }: { db: Db; clock: Clock; log: Log }): Promise<void> {
  try {
    while ((await sealBatches(db, clock.now())) === MOST_SEALED_AT_ONCE);
  } catch (error) {
    log.warn({ err: error, transient: isTransient(error) || brokenUniqueRule(error) !== undefined }, 'the ledger could not be sealed yet')
  }
}
