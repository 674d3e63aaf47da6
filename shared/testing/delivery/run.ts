import { setImmediate } from 'node:timers/promises'
import { offsetSeen } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { createKnownHeads } from '#shared/pipeline/deliver/store-batch.ts'
import { check } from './check.ts'
import {
  askAgain,
  createDashboard,
  type Dashboard,
  dial,
  hangUp,
  needsPages,
  poll,
  pollTogether,
  send,
  type Tracked,
  takeFrame,
} from './client-actor.ts'
import { crashSomebody } from './crash-somebody.ts'
import { startWorker, type Worker } from './deliver-actor.ts'
import { createWorld, type World, type WorldOptions } from './world.ts'

/** How long a step takes, and more than the clocks of two functions may differ by (push-events.ts), in milliseconds. */
const STEP_MS = 5
const SKEW_MS = 3000

type Run = { readonly world: World; readonly dashboards: readonly Dashboard[]; workers: Worker[] }

/** One run with the faults and interleavings of the seed. Returns what went wrong, or null. */
export async function run(seed: number, options: WorldOptions): Promise<string | null> {
  await setImmediate() // one turn of the event loop for each run, because its steps take none
  const world = createWorld(seed, options)
  return finish(world, await play(world, options))
}

/** Repeats a run. Returns its trace. */
export async function explain(seed: number, options: WorldOptions): Promise<string> {
  const world = createWorld(seed, { ...options, isTraced: true })
  const fault = await finish(world, await play(world, options))
  return `seed ${seed}, ${options.stores} stores: ${fault}\n${world.trace.join('\n')}`
}

async function finish(
  world: World,
  { isSettled, dashboards }: { isSettled: boolean; dashboards: Run['dashboards'] },
) {
  if (!isSettled) return 'the clients did not come to rest'
  return check(world, dashboards)
}

async function play(
  world: World,
  options: WorldOptions,
): Promise<{ isSettled: boolean; dashboards: Run['dashboards'] }> {
  const { random, scheduler, sockets, kafka } = world
  const names = ['p', 'q', 'r'].slice(0, 1 + random.pick(3))
  const run: Run = { world, dashboards: names.map((name) => createDashboard(world, name)), workers: [] }
  scheduler.failAt(0.002)
  sockets.faultsAt(random.oneOf([0.3, 1, 2]))
  for (const dashboard of run.dashboards) dial(world, dashboard)
  startWorkers(run)
  let left = 5 + random.pick(18)
  const moves = 300 + random.pick(900)
  for (let move = 0; move < moves; move++) {
    const roll = random.next()
    if (left > 0 && roll < 0.05) {
      kafka.produce()
      left--
    } else if (roll < 0.08) disturb(run)
    else if (roll < 0.084) await recreateTopic(run, options)
    else if (roll < 0.087) await restoreLog(run)
    else await advance(run)
  }
  return { isSettled: await drain(run), dashboards: run.dashboards }
}

function startWorkers(run: Run): void {
  const { world } = run
  const keys = [...world.kafka.logs.keys()]
  const shares = world.random.pick(2) === 0 ? [keys] : keys.map((key) => [key])
  for (let group = 0; group < world.shards; group++)
    for (const own of shares) run.workers.push(startWorker(world, group, own))
}

/** Makes one step: a frame arrives, or an actor continues. */
async function advance({ world, dashboards }: Run): Promise<void> {
  const { random, scheduler, sockets, clock } = world
  clock.now += STEP_MS
  if (random.next() < 0.75 && (await scheduler.step())) return
  if (random.next() < 0.1) sockets.arriveLate()
  const dashboard = dashboards[random.pick(dashboards.length)]
  const connection = dashboard?.connections[random.pick(dashboard.connections.length)]
  if (dashboard && connection && !sockets.isOpen(connection)) hangUp(world, dashboard, connection)
  else if (dashboard && connection) takeFrame(world, dashboard, connection)
  await scheduler.settle()
}

/** Injects a fault, or an action that a client may do at any time. */
function disturb(run: Run): void {
  const { world, dashboards } = run
  const { random, scheduler } = world
  const dashboard = dashboards[random.pick(dashboards.length)]
  const tracked = dashboard?.tracked[random.pick(dashboard.tracked.length)]
  if (dashboard === undefined || tracked === undefined) return
  const connection = dashboard.connections[random.pick(dashboard.connections.length)]
  const roll = random.next()
  if (roll < 0.25)
    run.workers = crashSomebody(world, run.workers, ({ group, own }) => startWorker(world, group, own))
  else if (roll < 0.4) {
    if (connection) hangUp(world, dashboard, connection)
    if (dashboard.connections.length === 0) dial(world, dashboard)
  } else if (roll < 0.45) {
    if (dashboard.connections.length < 2) dial(world, dashboard)
  } else if (roll < 0.55) askAgain(world, tracked)
  else if (roll < 0.62) {
    const reads = async () => void (await poll(world, tracked))
    if (roll < 0.58) scheduler.spawn(`poll together ${dashboard.name}`, () => pollTogether(world, dashboard))
    else if (needsPages(tracked.subscription)) scheduler.spawn(`poll ${dashboard.name}`, reads)
  } else if (roll < 0.72) startWorker(world, random.pick(world.shards), [...world.kafka.logs.keys()], true)
  else if (connection) send(world, connection, { action: 'ping' })
}

/**
 * Deletes a topic and creates it again. That takes longer than an invocation or a request, so no worker is at work
 * meanwhile and nobody reads the store, but the sandboxes remember what they knew. A partition without a head would give
 * no sign of it (docs/adr/0004).
 */
async function recreateTopic(run: Run, { stores }: WorldOptions): Promise<void> {
  const { world } = run
  const { random, kafka } = world
  const topic = random.oneOf(['port', 'events'])
  const { heads } = await world.stores.store.topic(topic)
  if (stores !== 'memory' || kafka.spansOf(topic).some(({ partition }) => !heads.has(partition))) return
  if (!(await isStill(run))) return
  world.note(`${topic} is created again`)
  world.isRenewed = true
  world.clock.now += SKEW_MS
  kafka.recreate(topic)
  run.workers = []
  startWorkers(run)
}

/** Ends the workers, and has every frame arrive. Returns false if a request is under way. */
async function isStill({ world, dashboards }: Run): Promise<boolean> {
  const { scheduler, sockets } = world
  if ([...scheduler.actors].some(({ name }) => /^(message|poll|catch up)/.test(name))) return false
  const isWorker = ({ name }: { name: string }) => /^(worker|zombie) /.test(name)
  for (const actor of [...scheduler.actors].filter(isWorker)) scheduler.crash(actor)
  sockets.dropLate()
  for (const dashboard of dashboards)
    for (const connection of dashboard.connections)
      while (sockets.hasNext(connection)) takeFrame(world, dashboard, connection)
  await scheduler.settle()
  return true
}

/**
 * Puts Kafka and the tables of a topic back to an earlier state, as a copy of the data that is laid back: functions start
 * again, and every socket ends. A client that is ahead of the log in a partition gets all of it again. It must ask before
 * the log has grown to its position again (docs/adr/0047), and what it has of a replay that was cut off is no position
 * that it tells the server.
 */
async function restoreLog(run: Run): Promise<void> {
  const { world, dashboards } = run
  const { random, kafka, stores, sandboxes } = world
  const topic = random.oneOf(['port', 'events'])
  const all = dashboards.flatMap(({ tracked }) => tracked)
  // Partitions are not put back to the same moment, so a repeat may lose the first one that it was a repeat of.
  if (repeatsIn(world, topic)) return
  const isCutOff = ({ subscription, got }: Tracked) => subscription.position() === null && got.length > 0
  if (stores.restore === undefined || !(await isStill(run)) || all.some(isCutOff)) return
  const { heads } = await stores.store.topic(topic)
  const lost = new Map([...heads].map(([partition, { offset }]) => [partition, offset + 1 - random.pick(4)]))
  stores.restore((one) => one.topic !== topic || one.offset < (lost.get(one.partition) ?? 0))
  const { heads: restored } = await stores.store.topic(topic)
  const ends = new Map(
    kafka.spansOf(topic).map(({ partition }) => [partition, (restored.get(partition)?.offset ?? -1) + 1]),
  )
  stores.restore((one) => one.topic !== topic || one.offset < (ends.get(one.partition) ?? 0))
  world.note(`${topic} is restored to ${JSON.stringify([...ends])}`)
  world.isRenewed = true
  world.clock.now += SKEW_MS
  kafka.restore(topic, ends)
  for (const known of sandboxes) known.splice(0, known.length, ...known.map(createKnownHeads))
  for (const tracked of all) expectAgain(tracked, topic, ends)
  for (const dashboard of dashboards)
    for (const connection of [...dashboard.connections]) hangUp(world, dashboard, connection)
  run.workers = []
  await untilLive(run)
  startWorkers(run)
}

function repeatsIn({ kafka, decode }: World, topic: string): boolean {
  const ids = [...kafka.logs.values()].flat().flatMap((record) => {
    try {
      return [{ id: decode(record).event.id, isHere: record.topic === topic }]
    } catch {
      return [] // an invalid record has no event
    }
  })
  return [...Map.groupBy(ids, ({ id }) => id).values()].some(
    (same) => same.length > 1 && same.some(({ isHere }) => isHere),
  )
}

/** Has every client ask until it is live. Nothing is written meanwhile. */
async function untilLive(run: Run): Promise<void> {
  const { world, dashboards } = run
  for (let round = 0; round < 100 && !dashboards.every(isLive); round++) {
    for (const dashboard of dashboards) {
      for (const tracked of dashboard.tracked) askAgain(world, tracked)
      if (dashboard.connections.length === 0) dial(world, dashboard)
    }
    for (let step = 0; step < 2000 && !isIdle(world); step++) await advance(run)
  }
}

const isIdle = ({ scheduler, sockets }: World) => scheduler.actors.size === 0 && sockets.isEmpty()

/** A client that is ahead of the log gets what there is from the beginning. */
function expectAgain(tracked: Tracked, topic: string, ends: ReadonlyMap<number, number>): void {
  tracked.ahead = 0
  const position = tracked.subscription.position()
  const start = tracked.start?.get(topic)
  for (const [partition, end] of ends) {
    if (position === null || offsetSeen(position, topic, partition) < end) continue
    const isKept = (one: PositionedEvent) => one.topic !== topic || one.partition !== partition
    tracked.got.splice(0, tracked.got.length, ...tracked.got.filter(isKept))
    if (start) (start.offsets as Map<number, number>).delete(partition)
  }
}

/**
 * Finishes the run without faults: all work is done, and each client detects by its pings and timeouts what it
 * missed.
 */
async function drain(run: Run): Promise<boolean> {
  const { world, dashboards } = run
  const { scheduler, sockets, kafka } = world
  world.isQuiet = true
  world.note('no faults from now on')
  scheduler.failAt(0)
  sockets.faultsAt(0)
  for (let round = 0; round < 30; round++) {
    if (!kafka.isConsumed()) startWorkers(run)
    for (let step = 0; step < 20_000 && !isIdle(world); step++) await advance(run)
    if (round > 1 && kafka.isConsumed() && dashboards.every(isLive) && !(await isBehind(run))) return true
    world.clock.now += SKEW_MS
    for (const dashboard of dashboards) {
      for (const tracked of dashboard.tracked) askAgain(world, tracked)
      if (dashboard.connections.length === 0) dial(world, dashboard)
      for (const connection of dashboard.connections) send(world, connection, { action: 'ping' })
    }
  }
  return false
}

const isLive = ({ tracked }: Dashboard) =>
  tracked.every(({ subscription }) => subscription.phase() === 'live')

async function isBehind({ world, dashboards }: Run): Promise<boolean> {
  const connections = dashboards.flatMap((dashboard) => dashboard.connections)
  const lists = await Promise.all(connections.map((one) => world.stores.subscriptions(0).list(one)))
  return lists.flat().some(({ behind }) => behind)
}
