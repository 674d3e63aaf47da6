import { offsetSeen } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { matchesInterest } from '#shared/core/interest.ts'
import { allLetters } from '#shared/testing/dead-letters/letters.ts'
import type { Dashboard, Tracked } from './client-actor.ts'
import type { World } from './world.ts'

/** Checks that every subscription got the events that it must get. Returns what is wrong, or null. */
export async function check(world: World, dashboards: readonly Dashboard[]): Promise<string | null> {
  if (world.gaps.length > 0) return world.gaps.join('; ')
  const events = await firstAppearances(world)
  const epochs = new Map<string, string>()
  for (const topic of world.catalog.names) epochs.set(topic, (await world.stores.store.topic(topic)).epoch)
  for (const { name, tracked } of dashboards)
    for (const one of tracked) {
      const fault = compare(one, events, epochs, world)
      if (fault !== null) return `${name}/${one.subscription.id} ${fault}`
    }
  return checkDeadLetters(world)
}

/** The events that must be delivered: valid, in their own topic, and the first claimed with their source and id. */
export async function firstAppearances({
  kafka,
  catalog,
  decode,
  stores,
}: World): Promise<PositionedEvent[]> {
  const found: PositionedEvent[] = []
  for (const records of kafka.logs.values())
    for (const record of records) {
      const { topic, partition, offset } = record
      try {
        const { event } = decode(record)
        if (catalog.topicOf(event.category ?? '') === topic) found.push({ topic, partition, offset, event })
      } catch {
        // An invalid record, which must be in the dead letters.
      }
    }
  const holders = await stores.claims.find(found.map(({ event }) => event))
  return found.filter(({ topic, partition, offset }, index) => {
    const holder = holders[index]
    return holder?.topic === topic && holder.partition === partition && holder.offset === offset
  })
}

/** Compares what a subscription got of each partition. A topic that was created again must come from its beginning. */
function compare(
  { subscription, got, start }: Tracked,
  events: readonly PositionedEvent[],
  epochs: ReadonlyMap<string, string>,
  world: World,
) {
  if (start === null) return 'never started'
  const isAbove = ({ topic, partition, offset }: PositionedEvent) =>
    start.get(topic)?.epoch !== epochs.get(topic) || offset > offsetSeen(start, topic, partition)
  const wanted = events.filter((one) => matchesInterest(subscription.interest, one.event) && isAbove(one))
  for (const key of world.kafka.logs.keys()) {
    const ids = idsIn(world, key)
    const isHere = ({ topic, partition }: PositionedEvent) => `${topic}-${partition}` === key
    const left = wanted.filter(isHere).map(({ offset }) => offset)
    const right = got.filter((one) => isHere(one) && isAbove(one) && ids.has(one.event.id))
    if (left.join() !== right.map(({ offset }) => offset).join())
      return `${key}: wanted ${left.join()} but got ${right.map(({ offset }) => offset).join()}`
  }
  return null
}

/** The ids of the events that a partition has now: those of before its topic was created again are not among them. */
function idsIn({ kafka, decode }: World, key: string): Set<string> {
  const ids = new Set<string>()
  for (const record of kafka.logs.get(key) ?? [])
    try {
      ids.add(decode(record).event.id)
    } catch {
      // An invalid record has no event.
    }
  return ids
}

async function checkDeadLetters({ kafka, stores, catalog, decode }: World): Promise<string | null> {
  const letters = new Set(
    (await allLetters(stores.deadLetters, catalog.names)).map(
      (one) => `${one.topic}-${one.partition}:${one.offset} at ${one.timestamp}`,
    ),
  )
  for (const [key, records] of kafka.logs)
    for (const record of records) {
      let isPoison = false
      try {
        isPoison = catalog.topicOf(decode(record).event.category ?? '') !== record.topic
      } catch {
        isPoison = true
      }
      if (isPoison !== letters.has(`${key}:${record.offset} at ${record.timestamp}`))
        return `${key}:${record.offset} is ${isPoison ? 'not' : 'wrongly'} among the dead letters`
    }
  return null
}
