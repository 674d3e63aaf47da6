import { type Cursor, formatCursor, parseCursor, type TopicCursor } from '#shared/core/cursor.ts'
import { type Filter, type Interest, matchesInterest } from '#shared/core/interest.ts'
import type { Since } from '#shared/core/messages.ts'
import { PAGE_LIMIT } from './http.ts'
import type { Page } from './subscription.ts'

/** What pages are read for: a subscription. */
export type Reader = {
  readonly interest: Interest
  /** How far it has come; null while a page that begins below that may not be applied. */
  readonly position: () => Cursor | null
  readonly receivePage: (page: Page, since: Since) => boolean
}

type Member<R> = { readonly reader: R; readonly position: Cursor }

/** One request that reads for several subscriptions: all that any of them is interested in, from the lowest position. */
export type JointRead<R extends Reader> = {
  readonly interest: Interest
  readonly since: string
  readonly members: readonly Member<R>[]
}

/** The maximum length of the channels of a joint read, which a URL has to hold. */
const CHANNELS_LENGTH = 2000

/**
 * Joins what subscriptions read into one request, so that a browser with its six connections to a server holds one of
 * them. Leaves out those without a position, those of another epoch than one before them, and those whose channels do
 * not fit a URL. Returns null if none is left.
 */
export function joinReads<R extends Reader>(readers: readonly R[]): JointRead<R> | null {
  const members: Member<R>[] = []
  const channels = new Set<string>()
  let lowest: Cursor = new Map()
  for (const reader of readers) {
    const position = reader.position()
    if (position === null || position.size === 0) continue
    const joined = lowerOf(lowest, position)
    const union = [...new Set([...channels, ...reader.interest.channels])]
    if (joined === null || union.join(',').length > CHANNELS_LENGTH) continue
    members.push({ reader, position })
    for (const channel of union) channels.add(channel)
    lowest = joined
  }
  if (members.length === 0) return null
  const filter = commonFilter(members.map(({ reader }) => reader.interest.filter))
  return {
    interest: { channels: [...channels], ...(filter && { filter }) },
    since: formatCursor(lowest),
    members,
  }
}

/**
 * Gives each subscription its share of a page: that of the topics which it knew when the read was joined. Returns the
 * subscriptions that must read alone, because the page cannot say what it means for them: something was lost, a topic
 * was created again, an event came in a topic that is new to them, or they have come further than a page that is not
 * full, as they have if the log was restored to a state between them and the lowest position.
 */
export function handOut<R extends Reader>({ members, since }: JointRead<R>, page: Page): R[] {
  const reached = parseCursor(page.cursor)
  return members.flatMap(({ reader, position }) => {
    const share = new Map([...reached].filter(([topic]) => position.has(topic)))
    if (!page.recovered || hasOtherEpoch(reader.position() ?? position, share)) return [reader]
    const events = page.events.filter(({ topic }) => position.has(topic))
    const isNew = page.events.some(
      ({ topic, event }) => !position.has(topic) && matchesInterest(reader.interest, event),
    )
    const isBeyond = page.events.length < PAGE_LIMIT && isAhead(position, share)
    if (isBeyond) return [reader]
    reader.receivePage({ events, cursor: formatCursor(share), recovered: true }, since)
    return isNew ? [reader] : []
  })
}

function isAhead(position: Cursor, share: Cursor): boolean {
  return [...share].some(([topic, { offsets }]) =>
    [...(position.get(topic)?.offsets ?? [])].some(
      ([partition, offset]) => offset > (offsets.get(partition) ?? -1),
    ),
  )
}

function hasOtherEpoch(position: Cursor, share: Cursor): boolean {
  return [...share].some(([topic, { epoch }]) => (position.get(topic)?.epoch ?? epoch) !== epoch)
}

/**
 * The lower offset of each partition. A partition that one of two cursors lacks is read from its beginning. Null if a
 * topic has two epochs.
 */
function lowerOf(left: Cursor, right: Cursor): Cursor | null {
  const lower = new Map<string, TopicCursor>(left)
  for (const [topic, entry] of right) {
    const known = left.get(topic)
    if (known === undefined) lower.set(topic, entry)
    else if (known.epoch !== entry.epoch) return null
    else {
      const shared = [...entry.offsets].flatMap(([partition, offset]): [number, number][] => {
        const other = known.offsets.get(partition)
        return other === undefined ? [] : [[partition, Math.min(offset, other)]]
      })
      lower.set(topic, { epoch: entry.epoch, offsets: new Map(shared) })
    }
  }
  return lower
}

/** The filter that all have; none if they differ, because each filters what it receives. */
function commonFilter(filters: readonly (Filter | undefined)[]): Filter | undefined {
  const [first] = filters
  const isCommon = filters.every((filter) => JSON.stringify(filter) === JSON.stringify(first))
  return isCommon ? first : undefined
}
