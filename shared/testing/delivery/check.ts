import { offsetSeen } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { matchesInterest } from '#shared/core/interest.ts'
import type { Dashboard, Tracked } from './client-actor.ts'
import type { World } from './world.ts'

/** Checks that every subscription got the events that it must get. Returns what is wrong, or null. */
export async function check(world: World, dashboards: readonly Dashboard[]): Promise<string | null> {
  if (world.gaps.length > 0) return world.gaps.join('; ')
  const events = await firstAppearances(world)
  for (const { name, tracked } of dashboards)
    for (const one of tracked) {
      const fault = compare(one, events, [...world.kafka.logs.keys()])
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
        const event = decode(record)
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

function compare(
  { subscription, got, start }: Tracked,
  events: readonly PositionedEvent[],
  keys: readonly string[],
) {
  if (start === null) return 'never started'
  const isAbove = ({ topic, partition, offset }: PositionedEvent) =>
    offset > offsetSeen(start, topic, partition)
  const wanted = events.filter((one) => matchesInterest(subscription.interest, one.event) && isAbove(one))
  for (const key of keys) {
    const isHere = ({ topic, partition }: PositionedEvent) => `${topic}-${partition}` === key
    const left = wanted.filter(isHere).map(({ offset }) => offset)
    const right = got.filter((one) => isHere(one) && isAbove(one)).map(({ offset }) => offset)
    if (left.join() !== right.join()) return `${key}: wanted ${left.join()} but got ${right.join()}`
  }
  return null
}

async function checkDeadLetters({ kafka, stores, catalog, decode }: World): Promise<string | null> {
  const letters = new Set(
    (await stores.deadLetters.list(catalog.names, 1000)).map(
      (one) => `${one.topic}-${one.partition}:${one.offset}`,
    ),
  )
  for (const [key, records] of kafka.logs)
    for (const record of records) {
      let isPoison = false
      try {
        isPoison = catalog.topicOf(decode(record).category ?? '') !== record.topic
      } catch {
        isPoison = true
      }
      if (isPoison !== letters.has(`${key}:${record.offset}`))
        return `${key}:${record.offset} is ${isPoison ? 'not' : 'wrongly'} among the dead letters`
    }
  return null
}
