/** Where a buyer may be sent when a payment did not work out. Stored once on arrival, emitted from storage only. */
export interface ReturnLinks {
  readonly successUrl: string | null
  readonly failUrl: string | null
  readonly returnUrl: string | null
}

export const NO_LINKS: ReturnLinks = { successUrl: null, failUrl: null, returnUrl: null }

const LONGEST_LINK = 1000

/**
 * Checks a link that came through the buyer's browser: https (http only where allowed), a host of the list, no user info, no control characters.
 * Returns the parsed form, never the text as it came, or null when the link is absent or not allowed: then the buyer leaves by the invoice's own link,
 * and an unlisted shop costs nobody a payment.
 */
export function checkReturnLink(text: string | undefined, allowed: { hosts: readonly string[]; http: boolean }): string | null {
  if (text === undefined || text.length > LONGEST_LINK) return null
  // URL forgives tabs, line ends, backslashes and missing slashes, and would read another host than a person does.
  if (/[\s\\\p{Cc}]/u.test(text) || !/^https?:\/\/[^/@?#]+(?:[/?#]|$)/i.test(text) || !URL.canParse(text)) return null
  const link = new URL(text)
  const schemeAllowed = link.protocol === 'https:' || (allowed.http && link.protocol === 'http:')
  if (!schemeAllowed || link.username || link.password || !allowed.hosts.includes(link.host) || link.href.length > LONGEST_LINK) return null
  return link.href
}
