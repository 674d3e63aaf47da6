import type { CloudEvent } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import { accept, type Receipt } from '#shared/pipeline/accept/accept.ts'
import type { Actor } from '#shared/testing/delivery/scheduler.ts'
import type { AcceptWorld } from './accept-world.ts'
import { makeEvent } from './records.ts'

type Outcome = 'accepted' | 'again'
/** A sandbox that handles one request. Its sender notices that it ends, but not why. */
export type Process = { readonly actor: Actor; readonly tellSender: () => void }
type Request = {
  readonly events: readonly CloudEvent[]
  readonly madeIds: Set<string>
  readonly key?: string
}

const CHANNELS = ['port.a', 'port.b', 'other.a'] as const
const NEIGHBOURS = 8

/** Posts each event of a lane several times at once, with some of its neighbours, until all are accepted. */
export async function runLane(world: AcceptWorld, processes: Set<Process>, ns: readonly number[]) {
  const { random, scheduler } = world
  for (const n of ns) {
    const copies = Array.from({ length: 1 + random.pick(3) }, () => {
      const sender = Promise.withResolvers<void>()
      const run = () => send(world, processes, n).then(sender.resolve, sender.reject)
      scheduler.spawn(`sender of ${n}`, run)
      return sender.promise
    })
    await Promise.all(copies)
  }
}

async function send(world: AcceptWorld, processes: Set<Process>, n: number): Promise<void> {
  const { random } = world
  const isMade = random.pick(10) === 0
  const others =
    random.pick(3) === 0 ? Array.from({ length: random.pick(4) }, () => neighbourOf(world, n)) : []
  for (;;) {
    const request = isMade
      ? makeRequest(world)
      : { events: [n, ...others].map(eventOf), madeIds: new Set('') }
    const isKeyed = others.length === 0 && n % 5 === 0
    if ((await post(world, processes, { ...request, ...(isKeyed && { key: `k${n}` }) })) === 'accepted')
      return
    await wait(world, 500 + random.pick(2000))
  }
}

export async function wait({ now, scheduler }: AcceptWorld, ms: number): Promise<void> {
  for (const until = now() + ms; now() < until; ) await scheduler.yieldPoint()
}

/** A request without ids: each attempt generates new ones. */
function makeRequest({ counts }: AcceptWorld): Request {
  const id = `made-${++counts.made}`
  return { events: [makeEvent(id, { category: 'port.a' })], madeIds: new Set([id]) }
}

function neighbourOf({ random }: AcceptWorld, n: number): number {
  return Math.max(0, n - NEIGHBOURS + random.pick(2 * NEIGHBOURS))
}

function eventOf(n: number): CloudEvent {
  return makeEvent(`e${n}`, { category: CHANNELS[n % CHANNELS.length] ?? 'port.a' })
}

/** One attempt in a separate process, which may crash. A sender may also time out while the process continues. */
export function post(world: AcceptWorld, processes: Set<Process>, request: Request): Promise<Outcome> {
  const { random, scheduler, counts } = world
  const answer = Promise.withResolvers<Outcome>()
  const handle = async () => {
    try {
      noteReceipts(world, await acceptRequest(world, request))
      answer.resolve('accepted')
    } catch (error) {
      if (error instanceof Refusal && error.code === 'conflict') counts.conflicts++
      else counts.failures++
      answer.resolve('again')
    } finally {
      processes.delete(process)
    }
  }
  const actor = scheduler.spawn('a write', handle, { mayFail: true })
  const process = { actor, tellSender: () => answer.resolve('again') }
  processes.add(process)
  if (random.next() < 0.05 * world.faults)
    scheduler.spawn('an impatient sender', async () => {
      for (let step = random.pick(60); step >= 0; step--) await scheduler.yieldPoint()
      answer.resolve('again')
    })
  return answer.promise
}

function acceptRequest(world: AcceptWorld, { events, madeIds, key }: Request): Promise<Receipt[]> {
  const { kafka, writerClaims, catalog, counts } = world
  const deps = { kafka, claims: writerClaims, catalog, newId: () => `owner ${++counts.made}` }
  const binding = key === undefined ? undefined : { key: { source: 'key', id: key }, fingerprint: key }
  return accept(events, madeIds, deps, binding)
}

function noteReceipts({ acknowledged }: AcceptWorld, receipts: readonly Receipt[]): void {
  for (const { id, topic, partition, offset } of receipts) {
    const positions = acknowledged.get(id) ?? new Set()
    acknowledged.set(id, positions.add(`${topic}-${partition}:${offset}`))
  }
}
