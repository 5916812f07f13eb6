import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'

/** Where the mini-app lives, and where the go-between stands for it. */
export interface Between {
  /** Origin of the mini-app. */
  readonly target: string
  /** Origin of the go-between. */
  readonly own: string
  /** Origin of the host page. */
  readonly host: string
}

export const BRIDGE_PATH = '/__sandbox/webview-bridge.js'

/** Belong to one connection, or say how a body was packed that we may change. */
const NOT_PASSED = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'proxy-authorization', 'te', 'trailer'])

const passed = (headers: IncomingHttpHeaders): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_PASSED.has(name)))

const swap = (text: string | undefined, from: string, to: string): string | undefined =>
  text?.startsWith(from) ? to + text.slice(from.length) : text

const stated = (headers: OutgoingHttpHeaders): OutgoingHttpHeaders =>
  Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== undefined))

/** What the mini-app's server is asked: as if its own page had asked. */
export function toTarget(headers: IncomingHttpHeaders, { target, own }: Between): OutgoingHttpHeaders {
  return stated({
    ...passed(headers),
    host: new URL(target).host,
    origin: swap(headers.origin, own, target),
    referer: swap(headers.referer, own, target),
    'accept-encoding': 'identity',
  })
}

/** A WebView has no frame around it, so nothing forbids one here. The rest of the page's policy stays: the bridge comes from its own origin. */
const withoutAncestors = (policy: string): string =>
  policy
    .split(';')
    .filter((directive) => !/^\s*(frame-ancestors|upgrade-insecure-requests)\b/i.test(directive))
    .join(';')

const cookieOfOurs = (cookie: string): string => cookie.replace(/;\s*(Domain=[^;]*|Secure|SameSite=None)/gi, '')

/** What the page is answered: its own headers, without those that keep it out of a frame. */
export function fromTarget(headers: IncomingHttpHeaders, { target, own }: Between): OutgoingHttpHeaders {
  const policy = headers['content-security-policy']
  return stated({
    ...passed(headers),
    location: swap(headers.location, target, own),
    'content-security-policy': typeof policy === 'string' ? withoutAncestors(policy) : undefined,
    'set-cookie': headers['set-cookie']?.map(cookieOfOurs),
    'access-control-allow-origin': swap(headers['access-control-allow-origin'], target, own),
    'x-frame-options': undefined,
    'strict-transport-security': undefined,
    'cross-origin-opener-policy': undefined,
  })
}

/** The bridge runs before any script of the page. */
export function withBridge(html: string, host: string): string {
  const bridge = `<script src="${BRIDGE_PATH}" data-host="${host}"></script>`
  const head = /<head(\s[^>]*)?>/i.exec(html)
  return head ? html.slice(0, head.index + head[0].length) + bridge + html.slice(head.index + head[0].length) : bridge + html
}
