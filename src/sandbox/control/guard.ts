import { BlockList, isIPv4 } from 'node:net'
import type { Request, RequestHandler } from 'express'
import { ApiRefusal } from '../http/refusal'

const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

/** Looks at the socket alone: a forwarding header proves nothing. */
export function isLoopback(address: string | undefined): boolean {
  if (address === undefined) return false
  const plain = address.replace(/^::ffff:/i, '')
  return LOOPBACK.check(plain, isIPv4(plain) ? 'ipv4' : 'ipv6')
}

/** Names that cannot be pointed at this machine by somebody else's DNS. */
export const isThisMachine = (hostname: string): boolean => /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(hostname)

const isOwnName = (hostname: string, host: string): boolean => isThisMachine(hostname) || hostname.toLowerCase() === host.toLowerCase()

function hostnameOf(req: Request): string {
  const { host = '' } = req.headers
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : ''
}

/** Was this sent by a page of another origin? Opening a link is fine; anything a foreign page's script or form could send is not. */
export function isCrossSite(req: Request): boolean {
  const { origin, host = '' } = req.headers
  const site = req.headers['sec-fetch-site']
  const isRead = req.method === 'GET' || req.method === 'HEAD'
  if (isRead && req.headers['sec-fetch-mode'] === 'navigate') return false
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true
  return origin !== undefined && origin !== `http://${host}`
}

/** Refuses forms and scripts of other origins. @throws ApiRefusal 403 `forbidden` */
export const refuseCrossSite: RequestHandler = (req, _res, next) => {
  if (isCrossSite(req)) throw new ApiRefusal(403, 'forbidden', 'A page of another site must not drive the sandbox.')
  next()
}

/** For the control interface: callers of this machine only, by a name of this machine. @param host what the sandbox listens on */
export function refuseStrangers(host: string): RequestHandler {
  return (req, _res, next) => {
    if (!isLoopback(req.socket.remoteAddress))
      throw new ApiRefusal(403, 'forbidden', 'The control interface answers callers on this machine only.')
    if (!isOwnName(hostnameOf(req), host))
      throw new ApiRefusal(403, 'forbidden', 'The control interface answers to localhost and 127.0.0.1 only.')
    next()
  }
}
