import { dynamoClaimStore } from '#shared/adapters/dynamodb/dynamo-claim-store.ts'
import { parseRetention } from '#shared/core/retention.ts'
import { type Catalog, createCatalog } from '#shared/pipeline/catalog.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import { recordDecoder } from '#shared/pipeline/consume/consume.ts'
import { createKnownHeads, type StoreDeps } from '#shared/pipeline/deliver/store-batch.ts'

import { createScheduler, type Scheduler } from '#shared/testing/delivery/scheduler.ts'
import { TINY_TABLES, tinyDynamodb } from '#shared/testing/dynamodb/tiny-dynamodb.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { createRandom, type Random } from '#shared/testing/random.ts'
import { type CrashingKafka, crashingKafka } from './crashing-kafka.ts'

/** Replaces the claims of writers or of consumers, to check that a run detects a broken rule. */
export type AcceptOptions = {
  readonly claims?: 'memory' | 'dynamodb'
  readonly writer?: (claims: ClaimStore) => ClaimStore
  readonly consumer?: (claims: ClaimStore) => ClaimStore
}

export type AcceptWorld = {
  readonly random: Random
  readonly scheduler: Scheduler
  readonly catalog: Catalog
  readonly kafka: CrashingKafka
  readonly stores: StoreDeps
  readonly writerClaims: ClaimStore
  /** Milliseconds; every step advances the clock. */
  readonly now: () => number
  readonly pass: (ms: number) => void
  /** The intensity of faults, from 0 to 1. */
  faults: number
  /** The acknowledged positions by event id. */
  readonly acknowledged: Map<string, Set<string>>
  readonly counts: { made: number; crashes: number; conflicts: number; failures: number; repeats: number }
}

const DOMAIN = { name: 'port', topics: { port: ['port.**'] }, events: {} }

export function createAcceptWorld(
  seed: number,
  { claims: kind = 'memory', writer, consumer }: AcceptOptions = {},
): AcceptWorld {
  const random = createRandom(seed)
  const scheduler = createScheduler(random)
  const catalog = createCatalog([DOMAIN])
  let time = 1_000_000
  const now = () => time
  const { yieldPoint } = scheduler
  const store =
    kind === 'memory'
      ? memoryClaimStore(yieldPoint, now)
      : dynamoClaimStore(tinyDynamodb({ yieldPoint }).client, {
          table: TINY_TABLES.claims,
          retention: parseRetention('7d'),
          now,
        })
  const claims = alsoAfter(store, scheduler)
  const world: AcceptWorld = {
    random,
    scheduler,
    catalog,
    kafka: crashingKafka(catalog, { random, scheduler, faults: () => world.faults }),
    stores: {
      store: memoryEventStore(yieldPoint),
      claims: consumer?.(claims) ?? claims,
      deadLetters: memoryDeadLetterStore(yieldPoint),
      catalog,
      decode: recordDecoder(catalog, () => 'signed'),
      heads: createKnownHeads(),
    },
    writerClaims: writer?.(claims) ?? claims,
    now,
    pass: (ms) => {
      time += ms
    },
    faults: 1,
    acknowledged: new Map(),
    counts: { made: 0, crashes: 0, conflicts: 0, failures: 0, repeats: 0 },
  }
  return world
}

/**
 * The yield points of the store are before each step; these are after it, for a crash between the step and its
 * response.
 */
function alsoAfter(claims: ClaimStore, { yieldPoint }: Scheduler): ClaimStore {
  const answer = async <T>(work: Promise<T>): Promise<T> => {
    const result = await work
    await yieldPoint()
    return result
  }
  return {
    claim: (key, claim) => answer(claims.claim(key, claim)),
    find: (keys) => answer(claims.find(keys)),
    move: (key, from, to) => answer(claims.move(key, from, to)),
    claimMade: (pairs) => answer(claims.claimMade(pairs)),
    findById: (id) => answer(claims.findById(id)),
    lease: (key, owner, until) => answer(claims.lease(key, owner, until)),
    release: (key, owner) => answer(claims.release(key, owner)),
    bind: (key, fingerprint) => answer(claims.bind(key, fingerprint)),
  }
}
