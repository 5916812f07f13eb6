import { isDown } from './database'
import type { Db } from './database'

export interface Gatherer<T, R> {
  /** Resolves with what `write` answered for this item, once it is committed. */
  submit(item: T): Promise<R>
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
}

interface Waiting<T, R> {
  readonly item: T
  readonly resolve: (answer: R) => void
  readonly reject: (error: unknown) => void
}

/** Large enough to spread the cost of a commit, small enough that nobody waits long behind it (docs/adr/0002). */
const MOST_AT_ONCE = 500

/**
 * What one turn of the loop brings comes in callbacks of their own, and between two of them all promises run that wait for nothing outside: on SQLite a whole transaction,
 * so that without this each answer of Invoicebox would be a batch of its own.
 */
const restOfTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * Callers of this process that arrive in one turn of the loop, or while a set is being written, are gathered and written together in the next one. `write` commits all of
 * them or none and answers for each in order. A set that the database rejects is run again item by item, so that one item does not fail its neighbours; unless the database is down: then all fail.
 */
export function gather<T, R>(write: (items: readonly T[]) => Promise<readonly R[]>, onIdle: () => void = () => undefined): Gatherer<T, R> {
  const queue: Waiting<T, R>[] = []
  let working: Promise<void> | undefined

  const writeTogether = async (waiting: readonly Waiting<T, R>[]): Promise<void> => {
    try {
      const answers = await write(waiting.map(({ item }) => item))
      waiting.forEach(({ resolve }, index) => resolve(answers[index] as R))
    } catch (error) {
      if (waiting.length === 1 || isDown(error)) for (const { reject } of waiting) reject(error)
      else for (const one of waiting) await writeTogether([one])
    }
  }
  const work = async (): Promise<void> => {
    while (queue.length > 0) {
      await restOfTurn()
      await writeTogether(queue.splice(0, MOST_AT_ONCE))
    }
    working = undefined
    onIdle()
  }
  return {
    submit: (item) =>
      new Promise((resolve, reject) => {
        queue.push({ item, resolve, reject })
        working ??= work()
      }),
    async idle() {
      while (working) await working
    },
  }
}

/**
 * The same for work on a database that anybody may have opened: callers of one database are gathered, as for the ledger. What is asked inside of a transaction is asked
 * there. Reads need no transaction; whoever writes must open one.
 */
export function gatherFor<T, R>(work: (db: Db, items: readonly T[]) => Promise<readonly R[]>): (db: Db, item: T) => Promise<R> {
  const gatherers = new WeakMap<Db, Gatherer<T, R>>()
  return (db, item) => {
    const known = gatherers.get(db)
    if (known) return known.submit(item)
    const gatherer = gather((items: readonly T[]) => work(db, items))
    gatherers.set(db, gatherer)
    return gatherer.submit(item)
  }
}
