import pLimit from 'p-limit'
import { identityOf } from '#shared/pipeline/accept/hold-pairs.ts'
import type { Claim, ClaimStore } from '#shared/pipeline/claim-store.ts'
import type { StoredEvent, Stream } from '#shared/pipeline/ports.ts'

const CLAIMS_AT_ONCE = 32

/**
 * Keeps of each event the record that holds its claim (I8), which need not be the first: a writer may have claimed a
 * later one. `looksFirst`: a consumer that mostly comes after another one reads the claims before it makes its own.
 */
export async function dropRepeats(
  stream: Stream,
  events: readonly StoredEvent[],
  claims: ClaimStore,
  { looksFirst = false }: { readonly looksFirst?: boolean } = {},
): Promise<StoredEvent[]> {
  const copies = [...Map.groupBy(events, ({ event }) => identityOf(event)).values()] as [
    StoredEvent,
    ...StoredEvent[],
  ][]
  const firsts = copies.map(([first]) => first)
  const known = looksFirst ? await claims.find(firsts.map(({ event }) => event)) : []
  const holders = await claimEach(stream, firsts, known, claims)
  const keep = new Set(
    copies.flatMap((records, index) => records.filter((stored) => isHeldBy(stored, holders[index]))),
  )
  return events.filter((stored) => keep.has(stored))
}

/** Who holds the claim of each of these different events: ids that the writer made are claimed in batches. */
async function claimEach(
  stream: Stream,
  events: readonly StoredEvent[],
  known: readonly (Claim | null)[],
  claims: ClaimStore,
): Promise<Claim[]> {
  const limit = pLimit(CLAIMS_AT_ONCE)
  const claimOf = ({ offset }: StoredEvent) => ({ ...stream, offset })
  const made = events.filter((stored, index) => stored.hasMadeId && !known[index])
  const pairs = made.map((stored) => ({
    source: stored.event.source,
    id: stored.event.id,
    claim: claimOf(stored),
  }))
  const held = made.length > 0 ? await claims.claimMade(pairs) : []
  const holders = new Map(made.map((stored, index) => [stored, held[index]]))
  return Promise.all(
    events.map(
      (stored, index) =>
        known[index] ?? holders.get(stored) ?? limit(() => claims.claim(stored.event, claimOf(stored))),
    ),
  )
}

/** Whatever its epoch: before a crash this very record may have been claimed under an epoch that ended since. */
function isHeldBy(stored: StoredEvent, holder: Claim | undefined): boolean {
  return (
    holder?.topic === stored.topic && holder.partition === stored.partition && holder.offset === stored.offset
  )
}
