import type { AuditEntry } from '#shared/core/audit.ts'

/** Of equal entries one is written in this time, in milliseconds. */
export const SAMPLE_MS = 10_000
/** How many addresses without a principal are told apart in that time; those of all others are counted together. */
export const ADDRESSES_APART = 20
/** Senders can invent names and addresses; the oldest are forgotten. */
const MAX_KINDS = 5000

/**
 * Returns what decides which entries are written: the first of each kind in ten seconds, with how many were left out
 * before it; null for the others. The kind is the action, the group and the name of the principal, or the address if
 * there is no principal. It knows what this instance of a function has seen.
 */
export function createSampler(now: () => number) {
  const kinds = new Map<string, { until: number; omitted: number }>()
  let apart = { until: 0, addresses: new Set<string>() }

  return (entry: AuditEntry): { entry: AuditEntry; omitted: number } | null => {
    const at = now()
    const told = entry.principal || isApart(entry.caller.address ?? '', at) ? entry : withoutAddress(entry)
    const kind = kindOf(told)
    const known = kinds.get(kind)
    if (known && at < known.until) {
      known.omitted++
      return null
    }
    kinds.delete(kind) // so that the order of the map is that of the times
    kinds.set(kind, { until: at + SAMPLE_MS, omitted: 0 })
    const [oldest] = kinds.keys()
    if (kinds.size > MAX_KINDS && oldest !== undefined) kinds.delete(oldest)
    return { entry: told, omitted: known?.omitted ?? 0 }
  }

  /** Whether the address is among the first of its ten seconds. */
  function isApart(address: string, at: number): boolean {
    if (at >= apart.until) apart = { until: at + SAMPLE_MS, addresses: new Set() }
    if (apart.addresses.size < ADDRESSES_APART) apart.addresses.add(address)
    return apart.addresses.has(address)
  }
}

function kindOf({ action, group, principal, caller }: AuditEntry): string {
  return JSON.stringify([action, group, principal?.name, principal ? undefined : caller.address])
}

function withoutAddress({ caller: { address: _, ...caller }, ...entry }: AuditEntry): AuditEntry {
  return { ...entry, caller, details: { ...entry.details, addresses: 'many' } }
}
