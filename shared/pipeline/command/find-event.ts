import { Refusal } from '../errors.ts'
import { isStored } from '../is-stored.ts'
import { type Clock, pollWithin } from '../poll.ts'
import type { ClaimStore, LogReader, LogStore, Span, StoredEvent } from '../ports.ts'
import type { Topics } from '../topics.ts'
import type { Lifecycles } from './lifecycles.ts'

/** An event with the epoch of its topic. */
export type FoundEvent = StoredEvent & { readonly epoch: string }

export type FindDeps = {
  readonly claims: ClaimStore
  readonly log: LogStore
  readonly lifecycles: Lifecycles
  readonly clock: Clock
}

export type RequireDeps = FindDeps & {
  readonly topics: Pick<Topics, 'names'>
  readonly reader: Pick<LogReader, 'held'>
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
  return pollWithin(
    async () => choose(await readClaimed(id, source, deps), deps.lifecycles),
    withinMs,
    deps.clock,
  )
}

/**
 * The same, where not to find it must be certain: an event that Kafka has and that is not stored yet is waited for.
 * Throws Refusal: `not_found` once all that Kafka held is stored and it is not there, `unavailable` when storing it
 * takes longer than the time, or Kafka does not say what it holds.
 */
export async function requireEvent(
  wanted: { readonly id: string; readonly source?: string | undefined },
  withinMs: number,
  deps: RequireDeps,
): Promise<FoundEvent> {
  const atOnce = await findEvent(wanted, 0, deps)
  if (atOnce) return atOnce
  const held = await deps.reader.held(deps.topics.names).catch((cause: unknown) => {
    throw notKnownYet(wanted.id, cause)
  })
  const found = await pollWithin(
    async () => {
      const isStored = await areStored(held, deps.log) // asked first, so that what it says is there is looked for
      return (await findEvent(wanted, 0, deps)) ?? (isStored ? 'nowhere' : null)
    },
    withinMs,
    deps.clock,
  )
  if (found === null) throw notKnownYet(wanted.id)
  if (found === 'nowhere') throw new Refusal('not_found', `There is no event "${wanted.id}" here.`)
  return found
}

async function areStored(spans: readonly Span[], log: LogStore): Promise<boolean> {
  const held = Map.groupBy(
    spans.filter(({ from, end }) => from < end),
    ({ topic }) => topic,
  )
  const stored = await Promise.all(
    [...held].map(async ([topic, ofTopic]) => {
      const state = await log.topic(topic)
      return ofTopic.every(({ partition, end }) => isStored(state, partition, end - 1))
    }),
  )
  return stored.every(Boolean)
}

function notKnownYet(id: string, cause?: unknown): Refusal {
  const detail = `Events that were accepted are still being stored, and "${id}" may be among them; nothing was written. Send the request again.`
  return new Refusal('unavailable', detail, { cause, retryAfterSeconds: 2 })
}

async function readClaimed(id: string, source: string | undefined, { claims, log }: FindDeps) {
  const found = await claims.findById(id)
  const wanted = found.filter((claim) => source === undefined || claim.source === source)
  return Promise.all(
    wanted.map(async ({ topic, partition, offset, ...claim }): Promise<FoundEvent[]> => {
      const { epoch, heads } = await log.topic(topic)
      if (!isStored({ heads }, partition, offset)) return []
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
