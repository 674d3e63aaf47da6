import { type Cursor, offsetSeen, parseCursor } from '#shared/core/cursor.ts'
import type { Position } from '#shared/core/event.ts'
import { faultsRefusal, type Refusal } from '#shared/core/refusal.ts'
import { parseTimestamp } from '#shared/core/time.ts'
import type { Domain } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { Access } from '#shared/pipeline/history/access.ts'
import { findUnread, type Lost, type Remainder } from '#shared/pipeline/history/find-unread.ts'
import type { EventStore, Stream } from '#shared/pipeline/ports.ts'
import type { EventsReplayRequest, LetterFilter, ViewsReplayRequest } from './replay-requests.ts'

// What a replay is about is fixed when it is created, so that the count beforehand is that of what is replayed.

/** How many items there are, in all and by topic; of dead letters also by their code. */
type ReplayCount = {
  readonly count: number
  readonly byTopic: Readonly<Record<string, number>>
  readonly byCode?: Readonly<Record<string, number>>
}

/**
 * Returns every dead letter that fits a filter, in the order of their records. Throws Refusal `unavailable` if there are
 * still more when `isLate` says that the time of the request is nearly over.
 */
export type ChooseLetters = (
  filter: LetterFilter,
  isLate: () => boolean,
) => Promise<readonly (Position & { readonly code: string })[]>

type LettersPlan = { readonly count: ReplayCount; readonly positions: readonly Position[] }

/** Returns the dead letters that a filter chooses now. Throws what `choose` throws. */
export async function planLetters(
  filter: LetterFilter,
  isLate: () => boolean,
  choose: ChooseLetters,
): Promise<LettersPlan> {
  const chosen = await choose(filter, isLate)
  const positions = chosen.map(({ topic, partition, offset }) => ({ topic, partition, offset }))
  const byTopic = countBy(chosen.map(({ topic }) => topic))
  const byCode = countBy(chosen.map(({ code }) => code))
  return { count: { count: chosen.length, byCode, byTopic }, positions }
}

function countBy(names: readonly string[]): Record<string, number> {
  const groups = Object.entries(Object.groupBy(names, (name) => name))
  return Object.fromEntries(groups.map(([name, all = []]) => [name, all.length]).sort())
}

/** A part of the log table that is replayed: the offsets from `next` to `upTo`. */
export type ReplaySpan = Stream & { readonly next: number; readonly upTo: number }

type EventsPlan = { readonly count: ReplayCount; readonly spans: readonly ReplaySpan[] }

type EventsPlanDeps = {
  readonly store: EventStore
  readonly catalog: Catalog
  /** What the creator of the replay may see. */
  readonly access: Access
}

/**
 * Returns the offsets that a replay of events reads, which may be of events that do not match. Throws Refusal
 * `forbidden` if nothing of the channels may be read, and `invalid_event` if the log has not what is asked for.
 */
export async function planEvents(
  { channels, from, to }: Pick<EventsReplayRequest, 'channels' | 'from' | 'to'>,
  { store, catalog, access }: EventsPlanDeps,
): Promise<EventsPlan> {
  const topics = access.topics(access.readable(channels), catalog)
  const { remainders, heads, lost } = await findUnread(from, topics, store)
  if (lost !== null) throw lostRefusal('/from', lost)
  const end = to === undefined ? null : readEnd(to, heads)
  const found = await Promise.all(
    remainders.map(async (remainder): Promise<ReplaySpan> => {
      const { topic, epoch, partition, after } = remainder
      return { topic, epoch, partition, next: after + 1, upTo: await lastOf(remainder, end, store) }
    }),
  )
  const spans = found.filter(({ next, upTo }) => next <= upTo)
  return { spans, count: countSpans(spans.map(({ topic, next, upTo }) => [topic, upTo - next + 1])) }
}

type End = { readonly time: number } | { readonly cursor: Cursor }

function readEnd(to: string, heads: Cursor): End {
  const time = parseTimestamp(to)
  if (time !== null) return { time }
  const cursor = parseCursor(to)
  const isOther = [...cursor].some(([topic, { epoch }]) => (heads.get(topic)?.epoch ?? epoch) !== epoch)
  if (isOther) throw lostRefusal('/to', 'epoch')
  return { cursor }
}

async function lastOf({ head, ...stream }: Remainder, end: End | null, store: EventStore): Promise<number> {
  if (end === null) return head.offset
  if ('cursor' in end) return Math.min(head.offset, offsetSeen(end.cursor, stream.topic, stream.partition))
  return (await store.firstSince(stream, head, end.time + 1)) - 1
}

const LOST: Readonly<Record<Lost, string>> = {
  epoch: 'is of a topic that was created again since: give a time, or a newer cursor.',
  trimmed: 'is older than what the log has: give a later one.',
  ahead:
    'is beyond what the log has, or of a partition that it does not have: give a time, or a newer cursor.',
}

function lostRefusal(pointer: string, lost: Lost): Refusal {
  const detail = LOST[lost]
  return faultsRefusal('invalid_event', [{ pointer, detail }])
}

function countSpans(spans: readonly (readonly [topic: string, records: number])[]): ReplayCount {
  const byTopic: Record<string, number> = {}
  for (const [topic, records] of spans) byTopic[topic] = (byTopic[topic] ?? 0) + records
  return { count: Object.values(byTopic).reduce((sum, one) => sum + one, 0), byTopic }
}

type ViewsPlan = { readonly count: ReplayCount; readonly topics: readonly string[] }

type ViewsPlanDeps = {
  readonly store: Pick<EventStore, 'topic'>
  readonly catalog: Catalog
  readonly domains: readonly Domain[]
}

/**
 * Returns the topics whose views are rebuilt, and about how many records that takes: what the log table knows; the
 * worker learns the number from Kafka. Throws Refusal `invalid_event` for a domain or topic without views.
 */
export async function planViews(
  { domains, topics }: Pick<ViewsReplayRequest, 'domains' | 'topics'>,
  deps: ViewsPlanDeps,
): Promise<ViewsPlan> {
  const chosen = chooseTopics(domains, topics, deps)
  const counts = await Promise.all(
    chosen.map(async (topic): Promise<[string, number]> => {
      const { heads } = await deps.store.topic(topic)
      const records = [...heads.values()].map(({ offset, first }) => Math.max(0, offset - first + 1))
      return [topic, records.reduce((sum, one) => sum + one, 0)]
    }),
  )
  return { topics: chosen, count: countSpans(counts) }
}

function chooseTopics(
  names: readonly string[] | undefined,
  topics: readonly string[] | undefined,
  { catalog, domains }: ViewsPlanDeps,
): string[] {
  const folded = (some: readonly Domain[]) => {
    const views = some.flatMap(({ views: own = {} }) => Object.values(own))
    return catalog.topicsTouched(views.flatMap(({ channels }) => channels))
  }
  const known = domains.map(({ name }) => name)
  const strangers = (names ?? []).flatMap((name, index) => (known.includes(name) ? [] : [{ name, index }]))
  const chosen = names ? folded(domains.filter(({ name }) => names.includes(name))) : folded(domains)
  const unfolded = (topics ?? []).flatMap((name, index) => (chosen.includes(name) ? [] : [{ name, index }]))
  const faults = [
    ...strangers.map(({ name, index }) => ({
      pointer: `/domains/${index}`,
      detail: `"${name}" is no domain; there are ${known.join(', ')}.`,
    })),
    ...unfolded.map(({ name, index }) => ({
      pointer: `/topics/${index}`,
      detail: `no view folds "${name}"; views fold ${chosen.join(', ') || 'no topic of these domains'}.`,
    })),
  ]
  if (faults.length > 0) throw faultsRefusal('invalid_event', faults)
  return [...new Set(topics ?? chosen)]
}
