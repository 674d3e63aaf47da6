import { BlockList, isIP } from 'node:net'

// What is not the public internet, by https://www.iana.org/assignments/iana-ipv4-special-registry and
// https://www.iana.org/assignments/iana-ipv6-special-registry. Of IPv6 only the global unicast range is public, without
// its parts that carry an IPv4 address (2002::/16, 64:ff9b::/96 is outside), documentation, and protocol assignments.
const PRIVATE_4 = [
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
] as const
const PRIVATE_6 = [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const

const refused4 = new BlockList()
for (const [net, bits] of PRIVATE_4) refused4.addSubnet(net, bits, 'ipv4')
const refused6 = new BlockList()
for (const [net, bits] of PRIVATE_6) refused6.addSubnet(net, bits, 'ipv6')
const global6 = new BlockList()
global6.addSubnet('2000::', 3, 'ipv6')

/** Whether an IP address is on the public internet, and not of this machine, a private network or a special range. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  if (version === 4) return !refused4.check(address, 'ipv4')
  return version === 6 && global6.check(address, 'ipv6') && !refused6.check(address, 'ipv6')
}

/**
 * Returns why nothing may be posted to a URL, or null: without `isLocal` it must be https, and no address that is not
 * public. Where its name leads to is known only when it is resolved, and judged then by `isPublicAddress`.
 */
export function urlProblem(text: string, { isLocal }: { readonly isLocal: boolean }): string | null {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null) return 'is no URL.'
  if (url.username !== '' || url.password !== '') return 'has credentials; leave them out: posts are signed.'
  if (isLocal) return url.protocol === 'https:' || url.protocol === 'http:' ? null : 'is no URL of https.'
  if (url.protocol !== 'https:') return 'must be https: events are not sent in the clear.'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const isNamed = isIP(host) === 0
  if (isNamed && (!host.includes('.') || /(?:^|\.)(?:localhost|local|internal)\.?$/.test(host)))
    return `names "${host}", which is not a public name.`
  return isNamed || isPublicAddress(host) ? null : `leads to ${host}, which is not a public address.`
}
