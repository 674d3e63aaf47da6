import type { ClaimStore, LogStore, StoredEvent } from '../ports.ts'
import type { Lifecycles } from './lifecycles.ts'
import { type Clock, poll } from './poll.ts'

/** An event with the epoch of its topic. */
export type FoundEvent = StoredEvent & { readonly epoch: string }

export type FindDeps = {
  readonly claims: ClaimStore
  readonly log: LogStore
  readonly lifecycles: Lifecycles
  readonly clock: Clock
}

/**
 * The stored event with an id, and with a source if one is named. Of several it is one with a lifecycle, and of these
 * the newest. What was accepted a moment ago is waited for; null when there is none within the time.
 */
export async function findEvent(
  { id, source }: { readonly id: string; readonly source?: string | undefined },
  withinMs: number,
  deps: FindDeps,
): Promise<FoundEvent | null> {
  return poll(async () => choose(await readClaimed(id, source, deps), deps.lifecycles), withinMs, deps.clock)
}

async function readClaimed(id: string, source: string | undefined, { claims, log }: FindDeps) {
  const found = await claims.findById(id)
  const wanted = found.filter((claim) => source === undefined || claim.source === source)
  return Promise.all(
    wanted.map(async ({ topic, partition, offset, ...claim }): Promise<FoundEvent[]> => {
      const { epoch, heads } = await log.topic(topic)
      if ((heads.get(partition)?.offset ?? -1) < offset) return []
      const stored = await log.read(
        { topic, epoch, partition },
        { after: offset - 1, upTo: offset, limit: 1 },
      )
      // After its topic was created anew another event stands there.
      return stored
        .filter(({ event }) => event.id === id && event.source === claim.source)
        .map((event) => ({ ...event, epoch }))
    }),
  )
}

function choose(found: readonly FoundEvent[][], lifecycles: Lifecycles): FoundEvent | null {
  const rank = ({ event }: FoundEvent) => (lifecycles.of(event.category) ? 1 : 0)
  const [best] = found.flat().sort((a, b) => rank(b) - rank(a) || b.timestamp - a.timestamp)
  return best ?? null
}
