import type { PositionedEvent } from '#shared/core/event.ts'
import { matchesInterest } from '#shared/core/interest.ts'
import { type Access, accessOf } from '#shared/pipeline/history/access.ts'
import type { EventStore, StoredEvent } from '#shared/pipeline/ports.ts'
import type { ReplaySpan } from './plan-replay.ts'
import type { ReplayJob } from './replay-store.ts'
import { type DoSlice, ReplayFailure } from './run-replay.ts'

/** What became of a batch of events: its target took it, or refuses it for good, with the reason. */
export type SendResult = { readonly isTaken: true } | { readonly isTaken: false; readonly reason: string }

/**
 * Where a replay sends events to. `send` retries what may pass, and throws where that was in vain; it throws
 * ReplayFailure for a target that will take nothing any more. A batch that is sent again after a crash has the same id.
 */
export type ReplayTarget = {
  /** What the target may see, besides what the creator of the replay may. */
  readonly access?: Access
  readonly send: (
    events: readonly PositionedEvent[],
    batch: string,
    signal: AbortSignal,
  ) => Promise<SendResult>
}

type EventsDeps = {
  readonly store: Pick<EventStore, 'topic' | 'read'>
  /** Opens the target of a replay. Throws ReplayFailure if there is none. */
  readonly openTarget: (job: ReplayJob) => Promise<ReplayTarget>
}

type EventsCheckpoint = {
  readonly spans: readonly ReplaySpan[]
  /** How many batches in a row were refused for good. */
  readonly refused?: number
}

/** How many events are read at once, and sent in one batch. */
const SLICE = 100
/** A target that refuses so many batches in a row refuses all. */
const MOST_REFUSED = 5

/**
 * Makes what replays events: one partition after the other, oldest first, only what both the creator of the replay and its
 * target may see. After a crash the last batch is sent again, so a receiver takes events by their source and id, as
 * CloudEvents says.
 */
export function eventsSlice({ store, openTarget }: EventsDeps): DoSlice {
  return async (job, { signal }) => {
    const { spans, refused = 0 } = job.checkpoint as EventsCheckpoint
    const [span, ...rest] = spans
    const counts = { done: 0, skipped: 0, failed: 0 }
    if (span === undefined) return { counts, checkpoint: { spans }, isDone: true }
    const target = await openTarget(job)
    const { events, next } = await readSpan(span, Math.min(SLICE, job.rate), store)
    const sees = seenBy(job, target)
    const matching = events.filter(sees)
    const batch = `${job.id}.${span.topic}-${span.partition}-${span.next}`
    const result =
      matching.length > 0
        ? await target.send(matching.map(shown), batch, signal)
        : ({ isTaken: true } as const)
    const inRow = result.isTaken ? (matching.length > 0 ? 0 : refused) : refused + 1
    if (!result.isTaken && inRow >= MOST_REFUSED)
      throw new ReplayFailure(`${inRow} batches in a row were refused: ${result.reason}`)
    const isOver = next > span.upTo
    const left = isOver ? rest : [{ ...span, next }, ...rest]
    return {
      counts: {
        done: result.isTaken ? matching.length : 0,
        failed: result.isTaken ? 0 : matching.length,
        skipped: Math.min(next, span.upTo + 1) - span.next - matching.length,
      },
      checkpoint: { spans: left, refused: inRow } satisfies EventsCheckpoint,
      isDone: left.length === 0,
    }
  }
}

/** Reads on in a span. `next` is the first offset that was not read. */
async function readSpan(
  { next, upTo, ...stream }: ReplaySpan,
  limit: number,
  store: Pick<EventStore, 'topic' | 'read'>,
): Promise<{ readonly events: readonly StoredEvent[]; readonly next: number }> {
  const { epoch } = await store.topic(stream.topic)
  if (epoch !== stream.epoch)
    throw new ReplayFailure(`The topic ${stream.topic} was created again: its old events are gone.`)
  const events = await store.read(stream, { after: next - 1, upTo, limit, alsoExpired: true })
  const last = events.at(-1)
  return { events, next: events.length < limit || last === undefined ? upTo + 1 : last.offset + 1 }
}

function seenBy(
  { principal, request }: ReplayJob,
  { access }: ReplayTarget,
): (stored: StoredEvent) => boolean {
  const own = accessOf(principal)
  const interest = { channels: request.channels as readonly string[] }
  return ({ event }) =>
    matchesInterest(interest, event) && own.admits(event) && (access?.admits(event) ?? true)
}

function shown({ topic, partition, offset, ahead, replayOf, event }: StoredEvent): PositionedEvent {
  return { topic, partition, offset, ...(ahead && { ahead }), ...(replayOf && { replayOf }), event }
}
