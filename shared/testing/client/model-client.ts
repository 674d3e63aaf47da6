import { createSubscription, type Subscription } from '#shared/client/subscription.ts'
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
  readonly subscription: Subscription
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
    const subscription = createSubscription({ id, channels, since }, output)
    return { subscription, got, start: since === 'earliest' ? new Map() : null }
  })
  return { server, subscriptions, actors, name, connections: [], dialled: 0 }
}

function send(client: ModelClient, tracked: Tracked, connection: string): void {
  client.actors.push(subscribe(client.server, connection, tracked.subscription.ask(connection)))
}

/** Opens a connection and moves everything there, as `connect` does; the old one may still be open. */
export function dial(client: ModelClient): void {
  const connection = `${client.name}-${++client.dialled}`
  client.connections.push(connection)
  client.server.wires.set(connection, [])
  client.server.registrations.set(connection, new Map())
  for (const tracked of client.subscriptions)
    if (tracked.subscription.canAsk()) send(client, tracked, connection)
}

/** Ends a connection; what relied on it goes on elsewhere. */
export function hangUp(client: ModelClient, connection: string): void {
  client.connections = client.connections.filter((other) => other !== connection)
  client.server.wires.delete(connection)
  if (client.server.random.next() < 0.7) client.server.registrations.delete(connection)
  for (const { subscription } of client.subscriptions) subscription.drop(connection)
  askIdle(client)
}

/** Asks for what nothing feeds. */
export function askIdle(client: ModelClient): void {
  const connection = client.connections.at(-1)
  for (const tracked of client.subscriptions)
    if (connection && tracked.subscription.phase() === 'idle') send(client, tracked, connection)
}

/** Asks again although an answer may still come: its timeout has passed. */
export function askAgain(client: ModelClient, tracked: Tracked): void {
  const connection = tracked.subscription.asking()
  if (connection !== null) send(client, tracked, connection)
}

/** Takes the next frame of a connection. */
export function takeFrame(client: ModelClient, connection: string, frame: ServerFrame): void {
  for (const tracked of client.subscriptions) {
    const { hasStarted, receive } = tracked.subscription
    const before = hasStarted()
    const reaction = receive(connection, frame)
    if (!before && hasStarted() && 'cursor' in frame) tracked.start ??= parseCursor(frame.cursor)
    if (reaction === 'ask_again') send(client, tracked, connection)
    if (reaction === 'catch_up') client.actors.push(catchUp(client, tracked))
  }
  const [old, next] = client.connections
  if (old && next && !client.subscriptions.some(({ subscription }) => subscription.source() === old))
    hangUp(client, old)
}

function* catchUp(client: ModelClient, tracked: Tracked): Actor {
  let moved = true
  while (moved) {
    yield
    moved = yield* poll(client, tracked)
  }
  tracked.subscription.caughtUp()
  askIdle(client)
}

/** One request over HTTP; anything may happen before its answer is there. */
export function* poll({ server }: ModelClient, tracked: Tracked): Generator<unknown, boolean> {
  const { interest, resumeFrom, hasStarted, receivePage } = tracked.subscription
  const since = resumeFrom()
  const page = readPage(server, interest as SubscribeMessage, since)
  yield
  const before = hasStarted()
  const moved = receivePage(page, since)
  if (!before) tracked.start ??= parseCursor(page.cursor)
  return moved
}
