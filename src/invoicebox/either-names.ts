import { otherNames } from './paging'
import type { OtherPage, PagingNames } from './paging'
import type { Asked, Asking, Unavailable } from './types'

/** Asks for a page with the names that worked last; when another page comes, once more with the other names. */
export function withEitherNames<Query, Outcome extends { readonly kind: string }>(
  ask: (query: Query, names: PagingNames, asking: Asking) => Promise<Asked<Outcome | OtherPage>>,
): (query: Query, asking?: Asking) => Promise<Asked<Outcome | Unavailable>> {
  let names: PagingNames = 'underscored'
  return async (query, asking = {}) => {
    const first = await ask(query, names, asking)
    if (isAnswered(first)) return first
    const others = otherNames(names)
    const second = await ask(query, others, asking)
    if (!isAnswered(second)) return { ...second, outcome: { kind: 'unavailable', reason: 'not-understood' } }
    if (second.outcome.kind === 'page') names = others
    return second
  }
}

const isAnswered = <Outcome extends { readonly kind: string }>(asked: Asked<Outcome | OtherPage>): asked is Asked<Outcome> =>
  asked.outcome.kind !== 'other-page'
