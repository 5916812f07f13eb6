/** A filter that is on, as a chip: what it says, and the address of the list without it. */
export interface Chip {
  readonly text: string
  readonly withoutHref: string
}

export type Query = Readonly<Record<string, string | undefined>>

/** A list's own address with these filters; those that are empty are left out. */
export function listHref(path: string, query: Query): string {
  const set = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, value] as [string, string]],
  )
  return set.length === 0 ? path : `${path}?${new URLSearchParams(set).toString()}`
}

/** One chip for each filter that is on, in the order of `labels`. @param labels the filters by their names in the query, each with how its chip reads */
export const chipsOf = (path: string, query: Query, labels: Readonly<Record<string, (value: string) => string>>): Chip[] =>
  Object.entries(labels).flatMap(([name, label]) => {
    const value = query[name]
    return value === undefined || value === ''
      ? []
      : [{ text: label(value), withoutHref: listHref(path, { ...query, [name]: undefined, before: undefined }) }]
  })

/** A word as a choice that stands by itself: with a capital, like the choice of all of them beside it. */
export const asChoice = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
