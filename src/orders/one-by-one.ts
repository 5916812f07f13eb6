import type { Log } from '../shared/log'

/** Deals with each alone: one that fails is logged and comes up again in its time, and those behind it are dealt with all the same. */
export async function oneByOne<T extends { readonly number: string }>(
  items: readonly T[],
  log: Log,
  work: (item: T) => Promise<void>,
): Promise<void> {
  for (const item of items) {
    try {
      await work(item)
    } catch (error) {
      log.error({ err: error, number: item.number }, 'an order or a refund could not be dealt with')
    }
  }
}
