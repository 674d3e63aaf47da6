import type { Position } from '#shared/core/event.ts'
import {
  type Claim,
  type ClaimKey,
  type ClaimStore,
  LEASE_SECONDS,
  LONGEST_LEASE_SECONDS,
} from '#shared/pipeline/claim-store.ts'

import type { Restorable } from './memory-event-store.ts'

/** `until` is in seconds. */
type Lease = { readonly owner: string; readonly until: number }

/** A ClaimStore in memory, for tests. `now` returns milliseconds. Claims do not expire, leases do. */
export function memoryClaimStore(
  yieldPoint: () => Promise<void> = async () => {},
  now: () => number = Date.now,
): ClaimStore & Restorable {
  const claims = new Map<string, Claim>()
  const leases = new Map<string, Lease>()
  const fingerprints = new Map<string, string>()
  const keyOf = ({ source, id }: ClaimKey) => JSON.stringify([source, id])
  return {
    restore(keeps) {
      for (const [key, claim] of claims) if (!keeps(claim)) claims.delete(key)
    },
    async claim(key, claim) {
      await yieldPoint()
      const holder = claims.get(keyOf(key)) ?? claim
      claims.set(keyOf(key), holder)
      return holder
    },
    async move(key, from, to) {
      await yieldPoint()
      const holder = claims.get(keyOf(key))
      if (holder && !isAt(holder, from)) return holder
      claims.set(keyOf(key), to)
      return to
    },
    async claimMade(pairs) {
      const writes = pairs.map(async (pair) => {
        await yieldPoint()
        claims.set(keyOf(pair), pair.claim)
      })
      await Promise.all(writes) // in any order, as in a batch write
    },
    async find(keys) {
      await yieldPoint()
      return keys.map((key) => claims.get(keyOf(key)) ?? null)
    },
    async findById(id) {
      await yieldPoint()
      return [...claims].flatMap(([key, claim]) => {
        const [source, claimed] = JSON.parse(key) as [string, string]
        return claimed === id ? [{ ...claim, source }] : []
      })
    },
    async lease(key, owner, until = now() / 1000 + LEASE_SECONDS) {
      await yieldPoint()
      const holder = claims.get(keyOf(key))
      if (holder) return holder
      const running = leases.get(keyOf(key))
      const left = running ? running.until - now() / 1000 : 0
      if (left > 0 && left <= LONGEST_LEASE_SECONDS) return 'in_flight'
      leases.set(keyOf(key), { owner, until })
      return 'taken'
    },
    async release(key, owner) {
      await yieldPoint()
      if (leases.get(keyOf(key))?.owner === owner) leases.delete(keyOf(key))
    },
    async bind(key, fingerprint) {
      await yieldPoint()
      const bound = fingerprints.get(keyOf(key)) ?? fingerprint
      fingerprints.set(keyOf(key), bound)
      return bound
    },
  }
}

function isAt(claim: Position, { topic, partition, offset }: Position): boolean {
  return claim.topic === topic && claim.partition === partition && claim.offset === offset
}
