import { type Reaction, receive, receivePage } from '#shared/client/receive.ts'
import {
  ask,
  caughtUp,
  createSubscriptionState,
  drop,
  phaseOf,
  resumeFrom,
  type SubscriptionState,
} from '#shared/client/subscription-state.ts'
import { type Cursor, parseCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { ServerFrame, SubscribeMessage } from '#shared/core/messages.ts'
import { type Actor, type ModelServer, readPage, subscribe } from './model-server.ts'

/** A client of the model: the real state machines of two subscriptions, on connections that the test cuts and changes. */
export type ModelClient = {
  readonly server: ModelServer
  readonly subscriptions: readonly Tracked[]
  readonly actors: Actor[]
  readonly name: string
  connections: string[]
  dialled: number
}
export type Tracked = {
  readonly state: SubscriptionState
  readonly got: PositionedEvent[]
  start: Cursor | null
}

const INTERESTS = [['**'], ['a.*'], ['a.x', 'b.y']]

export function createModelClient(server: ModelServer, actors: Actor[], name: string): ModelClient {
  const subscriptions = ['s1', 's2'].map((id): Tracked => {
    const got: PositionedEvent[] = []
    const since = server.random.pick(3) === 0 ? 'earliest' : 'latest'
    const channels = INTERESTS[server.random.pick(3)] ?? []
    const output = { event: (event: PositionedEvent) => got.push(event), gap: () => {}, error: () => {} }
    const state = createSubscriptionState({ id, channels, since }, output)
    return { state, got, start: since === 'earliest' ? new Map() : null }
  })
  return { server, subscriptions, actors, name, connections: [], dialled: 0 }
}

function send(client: ModelClient, tracked: Tracked, connection: string): void {
  client.actors.push(subscribe(client.server, connection, ask(tracked.state, connection)))
}

/** Opens a connection and moves everything there, as `connect` does; the old one may still be open. */
export function dial(client: ModelClient): void {
  const connection = `${client.name}-${++client.dialled}`
  client.connections.push(connection)
  client.server.wires.set(connection, [])
  client.server.registrations.set(connection, new Map())
  for (const tracked of client.subscriptions)
    if (tracked.state.ended === null) send(client, tracked, connection)
}

/** Ends a connection; what relied on it goes on elsewhere. */
export function hangUp(client: ModelClient, connection: string): void {
  client.connections = client.connections.filter((other) => other !== connection)
  client.server.wires.delete(connection)
  if (client.server.random.next() < 0.7) client.server.registrations.delete(connection)
  for (const { state } of client.subscriptions) drop(state, connection)
  askIdle(client)
}

/** Asks for what nothing feeds. */
export function askIdle(client: ModelClient): void {
  const connection = client.connections.at(-1)
  for (const tracked of client.subscriptions)
    if (connection && phaseOf(tracked.state) === 'idle') send(client, tracked, connection)
}

/** Asks again although an answer may still come: its timeout has passed. */
export function askAgain(client: ModelClient, tracked: Tracked): void {
  const connection = tracked.state.asked?.connection
  if (connection) send(client, tracked, connection)
}

/** Takes the next frame of a connection. */
export function takeFrame(client: ModelClient, connection: string, frame: ServerFrame): void {
  for (const tracked of client.subscriptions) {
    const before = tracked.state.started
    const reaction: Reaction = receive(tracked.state, connection, frame)
    if (!before && tracked.state.started && 'cursor' in frame) tracked.start ??= parseCursor(frame.cursor)
    if (reaction === 'ask_again') send(client, tracked, connection)
    if (reaction === 'catch_up') client.actors.push(catchUp(client, tracked))
  }
  const [old, next] = client.connections
  if (old && next && !client.subscriptions.some(({ state }) => state.source === old)) hangUp(client, old)
}

function* catchUp(client: ModelClient, tracked: Tracked): Actor {
  let moved = true
  while (moved) {
    yield
    moved = yield* poll(client, tracked)
  }
  caughtUp(tracked.state)
  askIdle(client)
}

/** One request over HTTP; anything may happen before its answer is there. */
export function* poll({ server }: ModelClient, tracked: Tracked): Generator<unknown, boolean> {
  const { state } = tracked
  const since = resumeFrom(state)
  const page = readPage(server, state.interest as SubscribeMessage, since)
  yield
  const before = state.started
  const moved = receivePage(state, page, since)
  if (!before) tracked.start ??= parseCursor(page.cursor)
  return moved
}
