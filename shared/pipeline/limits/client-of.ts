const MAPPED = '::ffff:'
/** Providers give a customer at least a network of this size, so that its last 64 bits are free to choose. */
const NETWORK_GROUPS = 4

/**
 * Returns what counts as one client: an IPv4 address, or the /64 network of an IPv6 address. What is no address is
 * returned as it is.
 */
export function clientOf(address: string): string {
  if (address.toLowerCase().startsWith(MAPPED) && address.includes('.')) return address.slice(MAPPED.length)
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after]
  const network = groups.slice(0, NETWORK_GROUPS).map((group) => group.replace(/^0+(?=.)/, ''))
  return `${network.join(':')}::/64`
}
