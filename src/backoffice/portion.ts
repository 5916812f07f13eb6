import { listHref } from './filters'
import type { Query } from './filters'
import type { Table } from './table'

/** Lists that are read whole anyway, since they are decided about together, are shown so many at a time. */
export const PORTION = 100

/** What `portionOf` gives, of a list that was read from `after` on, with one more than is shown so that it is known whether there are others. */
export function pageOf<T extends { readonly id: string }>(
  read: readonly T[],
  at: { readonly path: string; readonly query?: Query; readonly after: string | undefined },
): Portion<T> {
  const shown = read.slice(0, PORTION)
  const last = shown.at(-1)
  return {
    shown,
    links: {
      ...(last && read.length > PORTION && { olderHref: listHref(at.path, { ...at.query, after: last.id }) }),
      ...(at.after !== undefined && { newestHref: listHref(at.path, { ...at.query }) }),
    },
  }
}

export interface Portion<T> {
  readonly shown: readonly T[]
  readonly links: Pick<Table, 'olderHref' | 'newestHref'>
}

/**
 * What stands after the one that was shown last, and where to go on. One that is gone meanwhile leads to the beginning.
 * @param at the list's path, its filters, and the id of the last one that was shown
 */
export function portionOf<T extends { readonly id: string }>(
  all: readonly T[],
  at: { readonly path: string; readonly query?: Query; readonly after: string | undefined },
): Portion<T> {
  const from = at.after === undefined ? 0 : all.findIndex(({ id }) => id === at.after) + 1
  const shown = all.slice(from, from + PORTION)
  const last = shown.at(-1)
  return {
    shown,
    links: {
      ...(last && all.length > from + PORTION && { olderHref: listHref(at.path, { ...at.query, after: last.id }) }),
      ...(from > 0 && { newestHref: listHref(at.path, { ...at.query }) }),
    },
  }
}
