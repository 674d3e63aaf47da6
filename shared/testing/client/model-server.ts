import type { Page } from '#shared/client/subscription.ts'
import { type Cursor, formatCursor, offsetSeen, parseCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { matchesInterest } from '#shared/core/interest.ts'
import type { ServerFrame, SubscribeMessage } from '#shared/core/messages.ts'
import type { Random } from '#shared/testing/random.ts'

type Registration = { message: SubscribeMessage; attempt: number; behind: boolean }
/** Every `yield` is a point where any other actor may run. */
export type Actor = Generator<unknown, void>

/** A server that keeps the rules of docs/architecture.md (I1–I6), one step at a time: what the client's rules are tested against. */
export type ModelServer = {
  readonly random: Random
  readonly kafka: PositionedEvent[][]
  readonly log: Map<number, PositionedEvent>[]
  readonly heads: number[]
  readonly committed: number[]
  readonly registrations: Map<string, Map<string, Registration>>
  /** Frames on their way to each connection, in order. */
  readonly wires: Map<string, ServerFrame[]>
  quiet: boolean
}

export const REPLAY_AT_MOST = 6
const PAGE_AT_MOST = 3

export function createModelServer(random: Random, partitions: number): ModelServer {
  const each = <T>(make: () => T) => Array.from({ length: partitions }, make)
  return {
    random,
    kafka: each(() => []),
    log: each(() => new Map()),
    heads: each(() => -1),
    committed: each(() => 0),
    registrations: new Map(),
    wires: new Map(),
    quiet: false,
  }
}

function fault({ quiet, random }: ModelServer, likelihood: number): boolean {
  return !quiet && random.next() < likelihood
}

/** Posts a frame; a failed post may have arrived all the same. */
function post(server: ModelServer, connection: string, frame: ServerFrame): boolean {
  const failed = fault(server, 0.12)
  if (!failed || server.random.next() < 0.5) server.wires.get(connection)?.push(frame)
  return !failed
}

/** One partition's worker: store, head, match, post, mark, commit. A zombie works one old batch again. */
export function* deliver(server: ModelServer, partition: number, zombie = false): Actor {
  for (;;) {
    const from = Math.max(0, (server.committed[partition] ?? 0) - (zombie ? server.random.pick(3) : 0))
    const batch = server.kafka[partition]?.slice(from, from + 1 + server.random.pick(4)) ?? []
    const last = batch.at(-1)
    if (!last && zombie) return
    yield
    if (!last) continue
    for (const event of batch) server.log[partition]?.set(event.offset, event)
    yield
    server.heads[partition] = Math.max(server.heads[partition] ?? -1, last.offset)
    yield
    if (fault(server, 0.03)) continue // a crash before posting
    yield* push(server, batch)
    if (fault(server, 0.03)) continue // a crash after posting: the batch comes again
    server.committed[partition] = Math.max(server.committed[partition] ?? 0, last.offset + 1)
    if (zombie) return
  }
}

function* push(server: ModelServer, batch: readonly PositionedEvent[]): Actor {
  const targets = [...server.registrations].map(
    ([connection, found]) => [connection, [...found].map(([id, known]) => ({ id, ...known }))] as const,
  )
  for (const [connection, found] of targets) {
    yield
    const concerned = found.filter(
      (known) => !known.behind && batch.some(({ event }) => matchesInterest(known.message, event)),
    )
    const events = batch.filter(({ event }) =>
      concerned.some(({ message }) => matchesInterest(message, event)),
    )
    if (events.length === 0) continue
    const ids = concerned.map(({ id }) => id)
    if (post(server, connection, { type: 'events', ids, events })) continue
    yield
    for (const { id, attempt } of concerned) {
      const known = server.registrations.get(connection)?.get(id)
      if (known?.attempt === attempt) known.behind = true
    }
    post(server, connection, { type: 'gap', ids })
  }
}

/** Serves a subscribe: register, read the heads, replay, `subscribed`. */
export function* subscribe(server: ModelServer, connection: string, message: SubscribeMessage): Actor {
  const { id, attempt = 1, since = 'latest' } = message
  yield
  const found = server.registrations.get(connection)
  if (!found || (found.get(id)?.attempt ?? 0) > attempt) return
  found.set(id, { message, attempt, behind: false })
  yield
  const heads = readHeads(server)
  yield
  const missed = readAbove(
    server,
    since === 'latest' ? heads : since === 'earliest' ? new Map() : parseCursor(since),
    heads,
  )
  const wanted = missed.filter(({ event }) => matchesInterest(message, event))
  const tooFar = wanted.length > REPLAY_AT_MOST
  const markBehind = () => {
    const known = found.get(id)
    if (known?.attempt === attempt) known.behind = true
  }
  for (const positioned of tooFar ? [] : wanted) {
    yield
    if (!post(server, connection, { type: 'events', ids: [id], attempt, replay: true, events: [positioned] }))
      return markBehind()
  }
  yield
  const verdict = tooFar ? ({ recovered: false, reason: 'too_far' } as const) : { recovered: true }
  if (!post(server, connection, { type: 'subscribed', id, attempt, cursor: formatCursor(heads), ...verdict }))
    markBehind()
}

function readHeads({ heads }: ModelServer): Cursor {
  const offsets = heads.flatMap((offset, partition) => (offset < 0 ? [] : [[partition, offset] as const]))
  return new Map([['t', { epoch: 'e1', offsets: new Map(offsets) }]])
}

function readAbove(server: ModelServer, from: Cursor, upTo: Cursor): PositionedEvent[] {
  return server.log.flatMap((log, partition) =>
    [...log.values()]
      .filter(
        ({ offset }) =>
          offset > offsetSeen(from, 't', partition) && offset <= offsetSeen(upTo, 't', partition),
      )
      .sort((a, b) => a.offset - b.offset),
  )
}

/** Serves `GET /events/since`: at most three records at a time, matching or not. */
export function readPage(server: ModelServer, interest: SubscribeMessage, since: string): Page {
  const heads = readHeads(server)
  if (since === 'latest') return { events: [], cursor: formatCursor(heads), recovered: true }
  const from = since === 'earliest' ? new Map() : parseCursor(since)
  const read = readAbove(server, from, heads)
  const page = read.slice(0, PAGE_AT_MOST)
  const offsets = new Map<number, number>()
  for (const [partition] of server.kafka.entries()) {
    const rest = read.slice(PAGE_AT_MOST).some((event) => event.partition === partition)
    const last = rest
      ? page.findLast((event) => event.partition === partition)?.offset
      : offsetSeen(heads, 't', partition)
    const reached = Math.max(last ?? -1, offsetSeen(from, 't', partition))
    if (reached >= 0) offsets.set(partition, reached)
  }
  const cursor = formatCursor(new Map([['t', { epoch: 'e1', offsets }]]))
  return { events: page.filter(({ event }) => matchesInterest(interest, event)), cursor, recovered: true }
}

/** Whether a ping would hear that the connection is behind. */
export function isBehind(server: ModelServer, connection: string): boolean {
  return [...(server.registrations.get(connection)?.values() ?? [])].some(({ behind }) => behind)
}
