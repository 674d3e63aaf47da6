import { dynamoClaimStore } from '#shared/adapters/dynamodb/dynamo-claim-store.ts'
import { dynamoDeadLetterStore } from '#shared/adapters/dynamodb/dynamo-dead-letter-store.ts'
import { dynamoEventStore } from '#shared/adapters/dynamodb/dynamo-event-store.ts'
import { dynamoSubscriptionStore } from '#shared/adapters/dynamodb/dynamo-subscription-store.ts'
import { parseRetention } from '#shared/core/retention.ts'
import type { ClaimStore } from '#shared/pipeline/claim-store.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import type { EventStore, SubscriptionStore } from '#shared/pipeline/ports.ts'
import { TINY_TABLES, tinyDynamodb } from '#shared/testing/dynamodb/tiny-dynamodb.ts'
import { memoryClaimStore } from '#shared/testing/memory/memory-claim-store.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryEventStore, type Restorable } from '#shared/testing/memory/memory-event-store.ts'
import { memorySubscriptionStore } from '#shared/testing/memory/memory-subscription-store.ts'

export type Stores = {
  readonly store: EventStore
  readonly claims: ClaimStore
  readonly deadLetters: DeadLetterStore
  /** Opens the store of a sandbox, which handles the connections of one shard. */
  readonly subscriptions: (shard: number) => SubscriptionStore
  /** Puts log, claims and dead letters back to an earlier state; only stores in memory can. */
  readonly restore?: Restorable['restore']
}

/** Stores in memory. Each call is one step. `now` returns milliseconds. */
export function memoryStores(yieldPoint: () => Promise<void>, shards: number, now: () => number): Stores {
  const subscriptions = memorySubscriptionStore(yieldPoint, now)
  const isOf = (shard: number, connection: string) =>
    [...connection].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % shards === shard
  const store = memoryEventStore(yieldPoint, now)
  const claims = memoryClaimStore(yieldPoint)
  const deadLetters = memoryDeadLetterStore(yieldPoint)
  return {
    store,
    claims,
    deadLetters,
    restore: (keeps) => {
      for (const each of [store, claims, deadLetters]) each.restore(keeps)
    },
    subscriptions: (shard) => ({
      ...subscriptions,
      async matching(patterns) {
        const own = [...(await subscriptions.matching(patterns))].map(
          ([pattern, found]) => [pattern, found.filter(({ connection }) => isOf(shard, connection))] as const,
        )
        return new Map(own)
      },
    }),
  }
}

/** The DynamoDB adapters. Each request is one or more steps. */
export function dynamoStores(yieldPoint: () => Promise<void>, shards: number): Stores {
  const { client } = tinyDynamodb({ yieldPoint, pageItems: 3 })
  const retention = parseRetention('7d')
  return {
    store: dynamoEventStore(client, { table: TINY_TABLES.log, retention }),
    claims: dynamoClaimStore(client, { table: TINY_TABLES.claims, retention }),
    deadLetters: dynamoDeadLetterStore(client, { table: TINY_TABLES.deadLetters, retention }),
    subscriptions: (shard) => dynamoSubscriptionStore(client, TINY_TABLES, { shard, shards }),
  }
}
