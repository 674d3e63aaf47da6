import { setImmediate } from 'node:timers/promises'
import { askAgain, dial, hangUp, poll, send, takeFrame } from '#shared/testing/delivery/client-actor.ts'
import { crashSomebody } from '#shared/testing/delivery/crash-somebody.ts'
import { startWorker, type Worker } from '#shared/testing/delivery/deliver-actor.ts'
import { checkViews } from './check-views.ts'
import { type FoldWorker, startFold } from './fold-actor.ts'
import { isMarked, startRebuild } from './rebuild-actor.ts'
import { createViewClient, failRequests, type ViewClient } from './view-client.ts'
import { createViewWorld, type ViewMutation, type ViewWorld } from './view-world.ts'

type Options = { readonly mutation?: ViewMutation; readonly isTraced?: boolean }
type Run = {
  readonly world: ViewWorld
  readonly clients: ViewClient[]
  workers: (Worker | FoldWorker)[]
}

/** One run with the events, faults and interleavings of the seed. Returns what went wrong, or null. */
export async function runViews(seed: number, options: Options = {}): Promise<string | null> {
  await setImmediate() // one turn of the event loop for each run, because its steps take none
  const world = createViewWorld(seed, options)
  return play(world)
}

/** Repeats a run. Returns its trace. */
export async function explainViews(seed: number, options: Options = {}): Promise<string> {
  const world = createViewWorld(seed, { ...options, isTraced: true })
  const fault = await play(world)
  return `seed ${seed}: ${fault}\n${world.trace.join('\n')}`
}

async function play(world: ViewWorld): Promise<string | null> {
  const { random, scheduler, sockets, kafka } = world
  const run: Run = { world, clients: [], workers: [] }
  scheduler.failAt(0.002)
  sockets.faultsAt(random.oneOf([0.3, 1, 2]))
  startWorkers(run)
  const names = ['p', 'q', 'r'].slice(0, 1 + random.pick(3))
  let left = 5 + random.pick(18)
  const moves = 300 + random.pick(900)
  for (let move = 0; move < moves; move++) {
    const roll = random.next()
    if (names.length > 0 && roll < 0.02) join(run, names.pop() ?? '')
    else if (left > 0 && roll < 0.06) {
      kafka.produce()
      left--
    } else if (roll < 0.09) await disturb(run)
    else await advance(run)
  }
  for (const name of names) join(run, name)
  if (!(await drain(run))) return 'the clients did not come to rest'
  return checkViews(world, run.clients)
}

function join({ world, clients }: Run, name: string): void {
  const client = createViewClient(world, name)
  clients.push(client)
  dial(world, client.dashboard)
}

function startWorkers(run: Run): void {
  const { world } = run
  const keys = [...world.kafka.logs.keys()]
  const shares = world.random.pick(2) === 0 ? [keys] : keys.map((key) => [key])
  for (const own of shares) {
    for (let group = 0; group < world.shards; group++) run.workers.push(startWorker(world, group, own))
    run.workers.push(startFold(world, own))
  }
}

/** Makes one step: a frame arrives, or an actor continues. */
async function advance({ world, clients }: Run): Promise<void> {
  const { random, scheduler, sockets } = world
  if (random.next() < 0.75 && (await scheduler.step())) return
  const client = clients[random.pick(clients.length)]
  const connection = client?.dashboard.connections[random.pick(client.dashboard.connections.length)]
  if (client && connection && sockets.isOpen(connection)) takeFrame(world, client.dashboard, connection)
  else sockets.arriveLate()
  client?.notifyStates()
  await scheduler.settle()
}

async function disturb(run: Run): Promise<void> {
  const { world, clients } = run
  const { random, scheduler } = world
  const keys = [...world.kafka.logs.keys()]
  const roll = random.next()
  if (roll < 0.25) crash(run)
  else if (roll < 0.32) startWorker(world, random.pick(world.shards), keys, true)
  else if (roll < 0.39) startFold(world, keys, true)
  else if (roll < 0.43) await world.trim()
  else if (roll < 0.44) startRebuild(world)
  const client = clients[random.pick(clients.length)]
  if (roll < 0.44 || client === undefined) return
  const { dashboard } = client
  const connection = dashboard.connections[random.pick(dashboard.connections.length)]
  const tracked = dashboard.tracked.at(-1)
  if (roll < 0.64) {
    if (connection) hangUp(world, dashboard, connection)
    if (dashboard.connections.length === 0 && random.next() < 0.7) dial(world, dashboard)
  } else if (roll < 0.7) {
    if (dashboard.connections.length < 2) dial(world, dashboard)
  } else if (roll < 0.75) fireTimer(client, random.pick(client.timers.size))
  else if (roll < 0.8 && tracked) askAgain(world, tracked)
  else if (roll < 0.88 && tracked && ['idle', 'asking'].includes(tracked.subscription.phase()))
    scheduler.spawn(`poll ${dashboard.name}`, async () => void (await poll(world, tracked)))
  else if (connection) send(world, connection, { action: 'ping' })
  client.notifyStates()
}

function fireTimer({ timers }: ViewClient, index: number): void {
  const run = [...timers][index]
  if (run === undefined) return
  timers.delete(run)
  run()
}

function crash(run: Run): void {
  const { world } = run
  run.workers = crashSomebody<Run['workers'][number]>(world, run.workers, (dead) =>
    'group' in dead ? startWorker(world, dead.group, dead.own) : startFold(world, dead.own),
  )
  for (const client of run.clients) failRequests(client)
}

/**
 * Finishes the run without faults: all work is done, and each client detects by its pings and timeouts what it
 * missed.
 */
async function drain(run: Run): Promise<boolean> {
  const { world, clients } = run
  const { scheduler, sockets, kafka } = world
  world.isQuiet = true
  world.note('no faults from now on')
  scheduler.failAt(0)
  sockets.faultsAt(0)
  for (let round = 0; round < 40; round++) {
    if (await isMarked(world)) startRebuild(world)
    if (!kafka.isConsumed()) startWorkers(run)
    for (let step = 0; step < 20_000 && !(scheduler.actors.size === 0 && sockets.isEmpty()); step++)
      await advance(run)
    if (
      round > 1 &&
      kafka.isConsumed() &&
      !(await isMarked(world)) &&
      clients.every(isLive) &&
      !(await isBehind(run))
    )
      return true
    for (const client of clients) {
      const { dashboard, timers } = client
      for (const tracked of dashboard.tracked) askAgain(world, tracked)
      while (timers.size > 0) fireTimer(client, 0)
      if (dashboard.connections.length === 0) dial(world, dashboard)
      for (const connection of dashboard.connections) endStopped(run, client, connection)
      for (const connection of dashboard.connections) send(world, connection, { action: 'ping' })
    }
    await scheduler.settle()
  }
  return false
}

/** If the `unsubscribe` of a stopped subscription is lost, the others subscribe again at every ping, without end. */
function endStopped({ world }: Run, { dashboard }: ViewClient, connection: string): void {
  for (const { subscription } of dashboard.tracked)
    if (subscription.phase() === 'stopped')
      send(world, connection, { action: 'unsubscribe', id: subscription.id })
}

/** Whether the view is live after it got the current state of its subscription. */
const isLive = ({ view, notifyStates }: ViewClient) => {
  notifyStates()
  return view.current().status === 'live'
}

async function isBehind({ world, clients }: Run): Promise<boolean> {
  const connections = clients.flatMap(({ dashboard }) => dashboard.connections)
  const lists = await Promise.all(connections.map((one) => world.stores.subscriptions(0).list(one)))
  return lists.flat().some(({ behind }) => behind)
}
