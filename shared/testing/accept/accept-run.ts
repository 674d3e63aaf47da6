import { storeBatch } from '#shared/pipeline/deliver/store-batch.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import type { Actor } from '#shared/testing/delivery/scheduler.ts'
import { type Process, post, runLane, wait } from './accept-senders.ts'
import { type AcceptOptions, type AcceptWorld, createAcceptWorld } from './accept-world.ts'
import { makeEvent } from './records.ts'

type Consumer = { actor: Actor; offset: number; readonly records: readonly KafkaRecord[] }

const LANES = 6

/**
 * Posts `events` distinct events, alone, in batches and several times at once, while writers and consumers crash at
 * any step, Kafka fails and senders time out. Every sender retries until it gets a 2xx. Returns what is wrong with the
 * resulting log, or null, and what happened during the run.
 */
export async function runAccepts(seed: number, events: number, options: AcceptOptions = {}) {
  const world = createAcceptWorld(seed, options)
  const { random, scheduler, counts } = world
  const processes = new Set<Process>()
  const numbers = Array.from({ length: events }, (_, n) => n)
  const lanes = Array.from({ length: LANES }, (_, lane) =>
    scheduler.spawn(`lane ${lane}`, () =>
      runLane(
        world,
        processes,
        numbers.filter((n) => n % LANES === lane),
      ),
    ),
  )
  const consumers = startConsumers(world)
  const longestStep = random.oneOf([20, 100, 400])
  const isSending = () => lanes.some(({ state }) => state === 'running')
  const isConsumed = () => consumers.every(({ offset, records }) => offset === records.length)
  for (let steps = 0; isSending() || scheduler.actors.size > consumers.length || !isConsumed(); steps++) {
    if (steps > 100_000 + events * 5000) return { fault: 'it did not come to rest', counts }
    if (!isSending()) world.faults = 0
    scheduler.failAt(0.002 * world.faults)
    if (random.next() < 0.004 * world.faults) crashOne(world, processes, consumers)
    world.pass(random.pick(longestStep))
    await scheduler.step()
  }
  return { fault: await check(world), counts }
}

/**
 * Posts a request whose process crashes after some steps, with or without a consumer that stores its records meanwhile.
 * Then the sender retries until it gets a 2xx.
 */
export async function crashAt(
  steps: number,
  { ids, key }: { readonly ids: readonly string[]; readonly key?: string },
  isConsumedFirst: boolean,
  options: AcceptOptions,
) {
  const world = createAcceptWorld(1, options)
  const { scheduler } = world
  world.faults = 0
  const events = ids.map((id) => makeEvent(id, { category: 'port.a' }))
  const request = { events, madeIds: new Set<string>(), ...(key !== undefined && { key }) }
  const processes = new Set<Process>()
  void post(world, processes, request)
  const [first] = processes
  for (let step = 0; step < steps; step++) await scheduler.step()
  const outcome = first?.actor.state === 'running' ? 'crashed' : 'not reached'
  if (first) scheduler.crash(first.actor)
  const consumers = isConsumedFirst ? startConsumers(world) : []
  for (let step = 0; step < 200; step++) await scheduler.step()

  const sender = { isDone: false }
  const retry = async () => {
    while ((await post(world, processes, request)) === 'again') await wait(world, 1000)
    sender.isDone = true
  }
  scheduler.spawn('the sender', retry)
  if (consumers.length === 0) consumers.push(...startConsumers(world))
  const isConsumed = () => consumers.every(({ offset, records }) => offset === records.length)
  for (let step = 0; step < 5000 && !(sender.isDone && isConsumed()); step++) {
    world.pass(100)
    await scheduler.step()
  }
  const lost = sender.isDone ? null : 'the retry was refused'
  return { outcome, fault: lost ?? (await check(world)) }
}

function startConsumers(world: AcceptWorld): Consumer[] {
  return [...world.kafka.logs.values()].map((records) => startConsumer(world, { offset: 0, records }))
}

function crashOne(world: AcceptWorld, processes: Set<Process>, consumers: Consumer[]): void {
  const { random, scheduler, counts } = world
  counts.crashes++
  const consumer = consumers[random.pick(consumers.length)]
  const process = [...processes][random.pick(processes.size)]
  if (process && random.pick(4) > 0) {
    processes.delete(process)
    scheduler.crash(process.actor)
    process.tellSender()
  } else if (consumer) {
    scheduler.crash(consumer.actor)
    consumers.splice(consumers.indexOf(consumer), 1, startConsumer(world, consumer))
  }
}

/** Stores the records of a partition from the committed offset, batch by batch. A failed batch is retried. */
function startConsumer(world: AcceptWorld, { offset, records }: Omit<Consumer, 'actor'>): Consumer {
  const { random, scheduler, stores, counts } = world
  const run = async () => {
    for (;;) {
      await scheduler.yieldPoint().catch(() => {})
      const batch = records.slice(consumer.offset, consumer.offset + 1 + random.pick(4))
      try {
        const stored = await storeBatch(batch, stores)
        counts.repeats += batch.length - stored.length
        consumer.offset += batch.length
      } catch {
        counts.failures++
      }
    }
  }
  const consumer: Consumer = { actor: scheduler.spawn('a consumer', run, { mayFail: true }), offset, records }
  return consumer
}

/** Checks that each acknowledged event is stored once, at the one position that every response named. */
async function check({
  stores: { store },
  catalog,
  kafka,
  acknowledged,
}: AcceptWorld): Promise<string | null> {
  const stored = new Map<string, string[]>()
  for (const topic of catalog.names) {
    const { epoch } = await store.topic(topic)
    for (const partition of [0, 1]) {
      const all = { after: -1, upTo: kafka.logs.get(`${topic}-${partition}`)?.length ?? 0, limit: 1e9 }
      for (const { event, offset } of await store.read({ topic, epoch, partition }, all))
        stored.set(event.id, [...(stored.get(event.id) ?? []), `${topic}-${partition}:${offset}`])
    }
  }
  const repeated = [...stored].find(([, positions]) => positions.length > 1)
  if (repeated) return `${repeated[0]} is stored at ${repeated[1]}`
  for (const [id, positions] of acknowledged) {
    const [position] = stored.get(id) ?? []
    if (position === undefined) return `${id} was acknowledged at ${[...positions]} and is lost`
    const isMade = id.startsWith('made-')
    if (!isMade && (positions.size > 1 || !positions.has(position)))
      return `${id} is stored at ${position} and was acknowledged at ${[...positions]}`
  }
  return null
}
