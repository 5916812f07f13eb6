/** One parameter of a query string: `customer[vatNumber][eq]=7` is the path `['customer', 'vatNumber', 'eq']` and the value `'7'`. */
export interface QueryParam {
  readonly key: string
  readonly path: readonly string[]
  readonly value: string
}

export const MOST_PARAMS = 1_000
const KEY = /^([^[\]]+)((?:\[[^[\]]*\])*)$/

/**
 * Reads the bracket grammar of the API (filters, sorting, paging). Keys never become properties of an object, so no key can reach a
 * prototype. Undefined when a key does not follow the grammar or there are too many parameters.
 */
export function parseQuery(query: string): readonly QueryParam[] | undefined {
  const pairs = query.split('&').filter((pair) => pair !== '')
  if (pairs.length > MOST_PARAMS) return undefined
  const params = pairs.map(parsePair)
  return params.every((param) => param !== undefined) ? params : undefined
}

function parsePair(pair: string): QueryParam | undefined {
  const at = pair.indexOf('=')
  const key = decode(at < 0 ? pair : pair.slice(0, at))
  const match = KEY.exec(key)
  if (!match) return undefined
  const [, name = '', brackets = ''] = match
  const inner = brackets === '' ? [] : brackets.slice(1, -1).split('][')
  return { key, path: [name, ...inner], value: at < 0 ? '' : decode(pair.slice(at + 1)) }
}

/** Percent signs that decode to nothing stay as they are. */
function decode(text: string): string {
  const spaced = text.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}
