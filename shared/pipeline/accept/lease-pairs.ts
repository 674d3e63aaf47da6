import type { Position } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import {
  type Claim,
  type ClaimKey,
  type ClaimStore,
  identityOf,
  isSameEvent,
} from '#shared/pipeline/claim-store.ts'

/** The pair of an event, the digest of what its producer sent, if it has one, and its index in a batch. */
export type Pair = ClaimKey & { readonly digest?: string | undefined; readonly index?: number }

/** The pairs of (source, id) of a request, by `identityOf`. */
export type PairLease = {
  /** The positions of the pairs that were accepted before. */
  readonly known: ReadonlyMap<string, Position>
  /**
   * Claims the other pairs. Returns the claimed positions: those of other records if they were claimed first. Throws
   * Refusal `conflict` if another event took one of the pairs meanwhile.
   */
  claim(positions: ReadonlyMap<string, Position>): Promise<Map<string, Position>>
  /** Releases the lease. Never throws: a lease that cannot be released expires. */
  release(): Promise<void>
}

/** Ids that were made for their request need no claim. */
export const NO_LEASE: PairLease = {
  known: new Map(),
  claim: async () => new Map(),
  release: async () => {},
}

const CLAIMS_AT_ONCE = 32
const CONFLICT_RETRY_SECONDS = 1

/**
 * Looks up which pairs have a position. If some have none, takes one lease for the request: on the first of them, in an
 * order that does not depend on the request, so that the same batch meets itself. The claim of that pair takes the place
 * of the lease, so none is left behind. Of batches that overlap in other pairs both may write; the claims decide.
 * Throws Refusal `conflict` while another request has the lease, and for a pair that another event has.
 */
export async function leasePairs(
  pairs: readonly Pair[],
  owner: string,
  claims: ClaimStore,
): Promise<PairLease> {
  const keys = new Map(pairs.map((pair) => [identityOf(pair), pair]))
  const known = keys.size > 1 ? await findKnown(keys, claims) : new Map<string, Claim>()
  assertSame(keys, known)
  const [first] = [...keys].filter(([identity]) => !known.has(identity)).sort(byIdentity)
  const lease = first?.[1]
  if (lease) {
    const found = await claims.lease(lease, owner)
    if (found === 'in_flight') throw inFlightRefusal(keys)
    if (found !== 'taken') known.set(identityOf(lease), found)
    assertSame(keys, known)
  }
  return {
    known,
    async claim(positions) {
      const unknown = [...keys].filter(([identity]) => !known.has(identity))
      const claimed = new Map<string, Claim>()
      const claimNext = async () => {
        for (let pair = unknown.pop(); pair; pair = unknown.pop()) {
          const [identity, { source, id, digest }] = pair
          const position = positions.get(identity)
          if (position === undefined) throw new Error(`no position for the event ${id}`)
          const claim = digest === undefined ? position : { ...position, digest }
          claimed.set(identity, await claims.claim({ source, id }, claim))
        }
      }
      // Plain loops: a limiter costs as much for each claim as all else that accepting does.
      await Promise.all(Array.from({ length: Math.min(CLAIMS_AT_ONCE, unknown.length) }, claimNext))
      assertSame(keys, claimed)
      return claimed
    },
    async release() {
      if (lease) await claims.release(lease, owner).catch(() => {})
    },
  }
}

async function findKnown(keys: ReadonlyMap<string, ClaimKey>, claims: ClaimStore) {
  const found = await claims.find([...keys.values()])
  const known = new Map<string, Claim>()
  for (const [index, identity] of [...keys.keys()].entries()) {
    const claim = found[index]
    if (claim) known.set(identity, claim)
  }
  return known
}

function byIdentity([left]: readonly [string, ClaimKey], [right]: readonly [string, ClaimKey]): number {
  return left < right ? -1 : 1
}

/** Throws Refusal `conflict` for the pairs whose claim is that of another event. */
function assertSame(keys: ReadonlyMap<string, Pair>, claims: ReadonlyMap<string, Claim>): void {
  const taken = [...keys].filter(([identity, pair]) => !isSameEvent(claims.get(identity), pair))
  if (taken.length > 0) throw takenRefusal(taken.map(([, pair]) => pair))
}

/** Returns the refusal of events whose pairs belong to other events. */
export function takenRefusal(pairs: readonly Pair[]): Refusal {
  const faults = pairs.flatMap(({ id, source, index }) => {
    const detail = `${JSON.stringify(id)} of the source ${JSON.stringify(source)} was taken by another event.`
    return index === undefined ? [] : [{ index, pointer: '/id', detail }]
  })
  const [first] = pairs
  const what = `The id ${JSON.stringify(first?.id)} of the source ${JSON.stringify(first?.source)}`
  const detail = `${what} was taken by another event; give every event an id of its own.`
  return new Refusal('conflict', detail, { faults })
}

function inFlightRefusal(keys: ReadonlyMap<string, ClaimKey>): Refusal {
  const [first] = keys.values()
  const what = keys.size === 1 ? `the event "${first?.id}" of "${first?.source}"` : 'these events'
  const detail = `Another request is writing ${what} at this moment. Send this one again.`
  return new Refusal('conflict', detail, { retryAfterSeconds: CONFLICT_RETRY_SECONDS })
}
