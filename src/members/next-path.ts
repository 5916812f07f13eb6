const LONGEST = 1_000

/** Segments of unreserved characters between single slashes, then perhaps a query: no `//`, backslash, scheme, control character or fragment can be written in it. */
const PATH = /^\/(?:(?:[\w.~-]|%[0-9a-f]{2})+\/)*(?:[\w.~-]|%[0-9a-f]{2})*(?:\?(?:[\w.~&=+:,;@!$'()*?/[\]-]|%[0-9a-f]{2})*)?$/i

const DOT_SEGMENT = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)/i

/**
 * A path of our own that a person may be sent to after signing in, or undefined for anything else.
 * What browsers accept as a URL is wider than what any check of forbidden parts foresees, so only one plain form passes.
 */
export function localPath(text: unknown): string | undefined {
  if (typeof text !== 'string' || text.length > LONGEST || !PATH.test(text)) return undefined
  const [path = ''] = text.split('?')
  if (DOT_SEGMENT.test(path) || path === '/sign-in' || path === '/sign-out') return undefined
  return text
}
