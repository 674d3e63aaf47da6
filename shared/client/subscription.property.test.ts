import fc from 'fast-check'
import { expect, test } from 'vitest'
import { offsetSeen } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { matchesInterest } from '#shared/core/interest.ts'
import {
  askAgain,
  createModelClient,
  dial,
  hangUp,
  type ModelClient,
  poll,
  type Tracked,
  takeFrame,
} from '#shared/testing/client/model-client.ts'
import {
  type Actor,
  createModelServer,
  deliver,
  isBehind,
  type ModelServer,
} from '#shared/testing/client/model-server.ts'
import { createRandom } from '#shared/testing/random.ts'

type World = { server: ModelServer; clients: ModelClient[]; actors: Actor[]; produced: number }

const positions = (events: readonly PositionedEvent[]) =>
  events.map(({ partition, offset }) => `${partition}:${offset}`)

function produce({ server, ...world }: World): void {
  const partition = server.random.pick(server.kafka.length)
  const category = ['a.x', 'a.y', 'b.y'][server.random.pick(3)] ?? ''
  const offset = server.kafka[partition]?.length ?? 0
  const event = { specversion: '1.0', id: String(world.produced), source: '/m', type: 'm', category } as const
  server.kafka[partition]?.push({ topic: 't', partition, offset, event })
}

function pong(world: World, connection: string): void {
  const behind = isBehind(world.server, connection)
  world.server.wires.get(connection)?.push({ type: 'pong', time: '', behind })
}

function disturb(world: World, client: ModelClient): void {
  const { random } = world.server
  const connection = client.connections[random.pick(client.connections.length)]
  const tracked = client.subscriptions[random.pick(2)]
  switch (random.pick(5)) {
    case 0:
      if (connection) hangUp(client, connection)
      if (client.connections.length === 0) dial(client)
      return
    case 1:
      if (client.connections.length < 2) dial(client)
      return
    case 2:
      if (tracked) askAgain(client, tracked)
      return
    case 3:
      if (tracked && tracked.subscription.phase() !== 'catching_up')
        world.actors.push(ignore(poll(client, tracked)))
      return
    default:
      world.actors.push(deliver(world.server, random.pick(world.server.kafka.length), true))
  }
}

function* ignore(actor: Generator<unknown, unknown>): Actor {
  yield* actor
}

function step(world: World): void {
  const { random } = world.server
  const client = world.clients[random.pick(world.clients.length)]
  const connection = client?.connections[random.pick(client.connections.length)]
  if (client && connection && random.next() < 0.35) {
    const frame = world.server.wires.get(connection)?.shift()
    if (frame) takeFrame(client, connection, frame)
    else if (random.next() < 0.1) pong(world, connection)
    return
  }
  const index = random.pick(world.actors.length)
  if (world.actors[index]?.next().done) world.actors.splice(index, 1)
}

/** What a subscription should have got, and got, above where it started: the same, in order, for every partition. */
function check(world: World, { subscription, got, start }: Tracked): void {
  for (const [partition, events] of world.server.kafka.entries()) {
    const above = (event: PositionedEvent) => event.offset > offsetSeen(start ?? new Map(), 't', partition)
    const wanted = events.filter(
      (positioned) => matchesInterest(subscription.interest, positioned.event) && above(positioned),
    )
    const own = got.filter((event) => event.partition === partition && above(event))
    expect(positions(own)).toEqual(positions(wanted))
  }
}

function run(seed: number): void {
  const random = createRandom(seed)
  const server = createModelServer(random, 1 + random.pick(3))
  const actors: Actor[] = server.kafka.map((_, partition) => deliver(server, partition))
  const clients = ['p', 'q'].map((name) => createModelClient(server, actors, name))
  const world: World = { server, clients, actors, produced: 0 }
  for (const client of clients) dial(client)
  const total = 10 + random.pick(30)
  for (let moves = 0; moves < 1500; moves++) {
    const roll = random.next()
    if (world.produced < total && roll < 0.05) {
      produce(world)
      world.produced++
    } else if (roll < 0.07) disturb(world, clients[random.pick(clients.length)] as ModelClient)
    else step(world)
  }
  server.quiet = true
  for (let moves = 0; moves < 6000; moves++) {
    // A frame that failed while it was an answer is asked for again, as the timeout does.
    if (moves % 500 === 499)
      for (const client of clients) for (const tracked of client.subscriptions) askAgain(client, tracked)
    step(world)
  }
  for (const client of clients) for (const tracked of client.subscriptions) check(world, tracked)
}

test('each event arrives once and in order under every interleaving of cuts, retries, handovers, pages and crashes', () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)
  console.info(`seed ${seed}`)
  fc.assert(fc.property(fc.integer({ min: 1, max: 2 ** 31 - 1 }), run), {
    seed,
    numRuns: Number(process.env.RUNS ?? 400),
  })
})
