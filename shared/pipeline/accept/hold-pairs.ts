import { createHash } from 'node:crypto'
import pLimit from 'p-limit'
import type { Position } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { ClaimKey, ClaimStore } from '#shared/pipeline/claim-store.ts'

/** What a request knows of its pairs of (source, id), by `identityOf`, and what it may do with the others. */
export type Hold = {
  /** Where the pairs stand that were accepted before. */
  readonly known: ReadonlyMap<string, Position>
  /** Claims each pair that has no position yet; answers who holds it, which is another record if that was claimed first. */
  settle(positions: ReadonlyMap<string, Position>): Promise<Map<string, Position>>
  /** Gives the lease back. It never throws: what it cannot give back expires. */
  release(): Promise<void>
}

const CLAIMS_AT_ONCE = 32
const RETRY_AFTER_SECONDS = 1
/** Leases of batches stand among the claims under a source that is no producer's. */
const BATCH_SOURCE = 'urn:tidewire:batch'

export function identityOf({ source, id }: ClaimKey): string {
  return JSON.stringify([source, id])
}

/**
 * Looks up which pairs have a position, and takes one lease for the request if there are others: on the pair itself,
 * or on the whole set of a batch. Batches that merely overlap do not wait for each other; the claims decide.
 * Throws Refusal `conflict` while another request holds the lease.
 */
export async function holdPairs(
  pairs: readonly ClaimKey[],
  owner: string,
  claims: ClaimStore,
): Promise<Hold> {
  const keys = new Map(pairs.map((pair) => [identityOf(pair), pair]))
  const known = keys.size > 1 ? await findKnown(keys, claims) : new Map<string, Position>()
  const lease = leaseKeyOf(keys)
  if (lease && known.size < keys.size) {
    const found = await claims.lease(lease, owner)
    if (found === 'in_flight') throw inFlightRefusal(keys)
    if (found !== 'taken') known.set(identityOf(lease), found)
  }
  return {
    known,
    async settle(positions) {
      const limit = pLimit(CLAIMS_AT_ONCE)
      const unknown = [...keys].filter(([identity]) => !known.has(identity))
      const claimed = unknown.map(([identity, key]) =>
        limit(async () => {
          const position = positions.get(identity)
          if (position === undefined) throw new Error(`no position for the event ${key.id}`)
          return [identity, await claims.claim(key, position)] as const
        }),
      )
      return new Map(await Promise.all(claimed))
    },
    async release() {
      if (lease) await claims.release(lease, owner).catch(() => {})
    },
  }
}

async function findKnown(keys: ReadonlyMap<string, ClaimKey>, claims: ClaimStore) {
  const found = await claims.find([...keys.values()])
  const known = new Map<string, Position>()
  for (const [index, identity] of [...keys.keys()].entries()) {
    const position = found[index]
    if (position) known.set(identity, position)
  }
  return known
}

function leaseKeyOf(keys: ReadonlyMap<string, ClaimKey>): ClaimKey | undefined {
  const [only] = keys.values()
  if (keys.size <= 1) return only
  const identities = JSON.stringify([...keys.keys()].sort())
  return { source: BATCH_SOURCE, id: createHash('sha256').update(identities).digest('hex') }
}

function inFlightRefusal(keys: ReadonlyMap<string, ClaimKey>): Refusal {
  const [first] = keys.values()
  const what = keys.size === 1 ? `the event "${first?.id}" of "${first?.source}"` : 'these events'
  const detail = `Another request is writing ${what} at this moment. Send this one again.`
  return new Refusal('conflict', detail, { retryAfterSeconds: RETRY_AFTER_SECONDS })
}
