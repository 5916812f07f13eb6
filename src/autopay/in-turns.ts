import { setImmediate as yieldToOthers } from 'node:timers/promises'

/** So long may the work of one request keep all others waiting. The host's clock says here whose turn it is, and nothing else. */
const LONGEST_TURN_MS = 20

/** Does long work step by step, and lets others have their turn in between: thousands of invoices are decided about in the process that serves the pages. */
export async function inTurns<T>(steps: Iterator<void, T>): Promise<T> {
  for (;;) {
    const turnEnds = performance.now() + LONGEST_TURN_MS
    do {
      const step = steps.next()
      if (step.done) return step.value
    } while (performance.now() < turnEnds)
    await yieldToOthers()
  }
}

/** So many ids go into one statement. */
const IN_ONE_QUESTION = 500

/** What is read by many ids, some at a time; not in their order. */
export async function readInSlices<T>(ids: readonly string[], read: (some: readonly string[]) => Promise<readonly T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const some of slicesOf(ids, IN_ONE_QUESTION)) found.push(...(await read(some)))
  return found
}

/** A list in slices; others have their turn before each, since SQLite answers without giving way. */
export async function* slicesOf<T>(list: readonly T[], size: number): AsyncGenerator<readonly T[]> {
  for (let from = 0; from < list.length; from += size) {
    await yieldToOthers()
    yield list.slice(from, from + size)
  }
}
