import { toMoment } from '../state/clock'
import { toKopecks } from '../state/money'
import type { World } from '../state/world'

export type Comparable = string | bigint | number

/** A field that can be filtered and sorted by: how to take it off an item and how to read it off the query. */
export interface Field<T> {
  readonly isText: boolean
  readonly of: (world: World, item: T) => Comparable | undefined
  readonly parse: (text: string) => Comparable | undefined
}

/** By name; a nested field has a dot in it, e.g. `customer.vatNumber`. */
export type Fields<T> = ReadonlyMap<string, Field<T>>

export const text = <T>(of: Field<T>['of']): Field<T> => ({ isText: true, of, parse: (value) => value })

const seconds = (moment: Date | null | undefined): number | undefined => (moment ? Math.floor(moment.getTime() / 1_000) : undefined)

/** Moments compare by whole seconds, as the API shows them. */
export const moment = <T>(of: (item: T) => Date | null): Field<T> => ({
  isText: false,
  of: (_world, item) => seconds(of(item)),
  parse: (value) => seconds(toMoment(value)),
})

export const amount = <T>(of: (item: T) => bigint): Field<T> => ({ isText: false, of: (_world, item) => of(item), parse: toKopecks })
