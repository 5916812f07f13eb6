import { lookup as ask } from 'node:dns'
import { BlockList, isIP } from 'node:net'
import type { LookupFunction } from 'node:net'

/** Networks that no address of the public internet lies in: our own machine, its neighbours, the cloud's metadata service, and what is reserved. */
const OURS = new BlockList()
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  OURS.addSubnet(network, bits, 'ipv4')

/** Of IPv6 only 2000::/3 is public, and of that not the ways that lead back into IPv4. */
const PUBLIC_6 = new BlockList()
PUBLIC_6.addSubnet('2000::', 3, 'ipv6')
const NOT_PUBLIC_6 = new BlockList()
for (const [network, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  NOT_PUBLIC_6.addSubnet(network, bits, 'ipv6')

/** Whether an IP address is one of the public internet. */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !OURS.check(address, 'ipv4')
  return isIP(address) === 6 && PUBLIC_6.check(address, 'ipv6') && !NOT_PUBLIC_6.check(address, 'ipv6')
}

export class NotPublic extends Error {
  override name = 'NotPublic'
  readonly code = 'NOT_PUBLIC'
}

/**
 * Finds a host's addresses for a connection and refuses the host when any of them is not public. It runs at each connection, so a name that changes its address between
 * a check and its use gains nothing.
 */
export const publicLookup: LookupFunction = (hostname, options, done) => {
  ask(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses
    const isPublic = addresses.every(({ address }) => isPublicAddress(address))
    if (error ?? !first) done(error ?? new NotPublic('the host has no address'), '')
    else if (!isPublic) done(new NotPublic('the host has an address that is not public'), '')
    else if (options.all) done(null, addresses)
    else done(null, first.address, first.family)
  })
}
