import { type Catalog, createCatalog } from '#shared/pipeline/catalog.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import type { DeliverDeps } from '#shared/pipeline/deliver/deliver.ts'
import { createKnownHeads, type KnownHeads } from '#shared/pipeline/deliver/store-batch.ts'
import { messageRates } from '#shared/pipeline/limits/message-rates.ts'
import type { DecodedRecord, DecodeRecord, KafkaRecord } from '#shared/pipeline/ports.ts'
import type { RevocationStore } from '#shared/pipeline/revocations.ts'
import type { MessageDeps } from '#shared/pipeline/sockets/answer-message.ts'

import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryLimits } from '#shared/testing/memory/memory-limits.ts'
import { memoryRevocationStore } from '#shared/testing/memory/memory-revocation-store.ts'
import { createRandom, type Random } from '#shared/testing/random.ts'
import { createKafka, type Kafka } from './kafka.ts'
import type { Mutation } from './mutations.ts'
import { createScheduler, type Scheduler } from './scheduler.ts'
import { createSockets, type Sockets } from './sockets.ts'
import { dynamoStores, memoryStores, type Stores } from './stores.ts'

export type World = {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly kafka: Kafka
  readonly sockets: Sockets
  readonly stores: Stores
  readonly catalog: Catalog
  readonly revocations: RevocationStore
  /** Decodes each record once, because many workers and checks read it. */
  readonly decode: DecodeRecord
  readonly shards: number
  /** What each sandbox of a shard knows. It survives the crash of a worker, and the next one may be in another sandbox. */
  readonly sandboxes: readonly KnownHeads[][]
  /** Milliseconds; each step takes a few. */
  readonly clock: { now: number }
  readonly mutation: Mutation
  /** Reported gaps. A run must not have any, because they are events that a client lost. */
  readonly gaps: string[]
  readonly trace: string[]
  readonly note: (text: string) => void
  isQuiet: boolean
  /** Whether a topic was deleted and created again, or restored, so that clients are told of a gap. */
  isRenewed: boolean
}

export type WorldOptions = {
  readonly stores: 'memory' | 'dynamodb'
  readonly mutation?: Mutation
  /** Whether `note` adds lines to the trace. */
  readonly isTraced?: boolean
  /** The number of consumer groups besides those of the deliver functions. */
  readonly folds?: number
}

const SANDBOXES = 2
const DOMAIN = { name: 'port', topics: { port: ['port.**'] }, events: {} }

export function createWorld(
  seed: number,
  { stores, mutation = {}, isTraced = false, folds = 0 }: WorldOptions,
): World {
  const random = createRandom(seed)
  const scheduler = createScheduler(random)
  const trace: string[] = []
  const note = (text: string) => void (isTraced && trace.push(text))
  const catalog = createCatalog([DOMAIN])
  const shards = 1 + random.pick(2)
  const { yieldPoint } = scheduler
  const clock = { now: 1_000_000_000 }
  return {
    random,
    scheduler,
    kafka: createKafka(random, catalog, 1 + random.pick(2), shards + folds),
    sockets: createSockets(random, yieldPoint, note),
    stores:
      stores === 'memory'
        ? memoryStores(yieldPoint, shards, () => clock.now)
        : dynamoStores(yieldPoint, shards),
    catalog,
    revocations: memoryRevocationStore(() => clock.now),
    decode: decodeOnce(recordDecoder(catalog, () => 'signed')),
    shards,
    sandboxes: Array.from({ length: shards }, () => Array.from({ length: SANDBOXES }, createKnownHeads)),
    clock,
    mutation,
    gaps: [],
    trace,
    note,
    isQuiet: false,
    isRenewed: false,
  }
}

type Decoded = { readonly decoded: DecodedRecord } | { readonly cause: unknown }

function decodeOnce(decode: DecodeRecord): DecodeRecord {
  const known = new WeakMap<KafkaRecord, Decoded>()
  const attempt = (record: KafkaRecord): Decoded => {
    try {
      return { decoded: decode(record) }
    } catch (cause) {
      return { cause }
    }
  }
  return (record) => {
    const outcome = known.get(record) ?? attempt(record)
    known.set(record, outcome)
    if ('cause' in outcome) throw outcome.cause
    return outcome.decoded
  }
}

/** The dependencies of a sandbox that handles messages. */
export function messageDeps(world: World): MessageDeps {
  const { stores, sockets, catalog, mutation } = world
  const deps = {
    store: stores.store,
    subscriptions: stores.subscriptions(0),
    gateway: sockets.gateway,
    catalog,
    revocations: world.revocations,
    rates: messageRates(memoryLimits(), () => world.clock.now),
    identify: async () => makePrincipal(),
    now: () => world.clock.now,
  }
  return mutation.message?.(deps) ?? deps
}

/** The dependencies of a deliver sandbox of a shard; which one is left to chance. */
export function deliverDeps(world: World, shard: number): DeliverDeps {
  const { stores, sockets, catalog, decode, sandboxes, random, scheduler } = world
  return {
    ...stores,
    subscriptions: stores.subscriptions(shard),
    gateway: sockets.gateway,
    catalog,
    decode,
    heads: sandboxes[shard]?.[random.pick(SANDBOXES)] ?? createKnownHeads(),
    revocations: world.revocations,
    postsAtOnce: 4,
    now: () => world.clock.now,
    ...(shard > 0 && { follower: { sleep: scheduler.yieldPoint } }),
  }
}

/** The dependencies of one batch, with the mutation applied. */
export function batchDeps({ mutation }: World, deps: DeliverDeps, records: readonly KafkaRecord[]) {
  return mutation.deliver?.(deps, records) ?? deps
}
