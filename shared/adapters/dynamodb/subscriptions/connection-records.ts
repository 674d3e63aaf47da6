import {
  DeleteCommand,
  type DocumentClient,
  GetCommand,
  PutCommand,
  UpdateCommand,
} from '#shared/adapters/dynamodb/commands.ts'
import { type Item, isConditionFailure } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { SUBSCRIPTION_LIMIT } from '#shared/core/limits.ts'
import type { OpenConnection } from '#shared/pipeline/ports.ts'

// connections table, key (connection, item):
//   (c1, meta)   principal; slots: the registration of each subscription, by id; messages: how many there were in the
//                span of ten seconds with the number `span`; expires, in seconds

const META = 'meta'
const SPAN_SECONDS = 10
/** How many connections a function remembers that sent something in the present span. */
const REMEMBERED = 10_000

export function metaKey(connection: string): Item {
  return { connection, item: META }
}

/** Whether an item is that of a connection. One that an older version opened is none: its client connects again. */
export function isConnection({ item, slots }: Item): boolean {
  return item === META && slots !== undefined
}

export function toOpenConnection({ principal, expires }: Item): OpenConnection {
  return { principal: principal as Principal, ends: Number(expires) * 1000 }
}

export type ConnectionRecords = ReturnType<typeof connectionRecords>

/** The connections themselves. A change of one does nothing to a connection that is gone. `now` returns seconds. */
export function connectionRecords(client: DocumentClient, table: string, now: () => number) {
  const spans = new Map<string, number>()
  /** Updates a connection. Returns it as it is then, or null if the condition is not met, or the connection is gone. */
  const update = async (
    connection: string,
    { condition, values, ...change }: Change,
  ): Promise<Item | null> => {
    const command = new UpdateCommand({
      TableName: table,
      Key: metaKey(connection),
      UpdateExpression: change.update,
      ConditionExpression: `expires > :now AND attribute_exists(slots) AND (${condition})`,
      ...(change.names && { ExpressionAttributeNames: change.names }),
      ExpressionAttributeValues: { ...values, ':now': now() },
      ReturnValues: 'ALL_NEW',
    })
    try {
      return (await client.send(command)).Attributes ?? null
    } catch (error) {
      if (isConditionFailure(error)) return null
      throw error
    }
  }

  return {
    /** Returns a connection, strongly consistent. */
    async get(connection: string): Promise<Item | null> {
      const command = new GetCommand({ TableName: table, Key: metaKey(connection), ConsistentRead: true })
      const { Item } = await client.send(command)
      return Item && isConnection(Item) && Number(Item.expires) > now() ? Item : null
    },

    async put(connection: string, principal: Principal, expires: number): Promise<void> {
      const Item = { ...metaKey(connection), principal, slots: {}, expires }
      await client.send(new PutCommand({ TableName: table, Item }))
    },

    /** Deletes a connection. Of several that delete it at once, one is told what it was; every other gets null. */
    async remove(connection: string): Promise<Item | null> {
      const command = new DeleteCommand({
        TableName: table,
        Key: metaKey(connection),
        ConditionExpression: 'attribute_exists(expires)',
        ReturnValues: 'ALL_OLD',
      })
      try {
        return (await client.send(command)).Attributes ?? null
      } catch (error) {
        if (isConditionFailure(error)) return null
        throw error
      }
    },

    /**
     * Counts a message. The first one in a span begins to count, every other counts on. Which one it is, a function knows
     * of a connection that it heard just now; otherwise it tries. Of the first messages at once, one that could not go on
     * yet may find that another has begun meanwhile: then it can go on.
     */
    async countMessage(connection: string): Promise<Item | null> {
      const span = Math.floor(now() / SPAN_SECONDS)
      const values = { ':span': span, ':one': 1 }
      const begin = () =>
        update(connection, {
          update: 'SET #span = :span, messages = :one',
          condition: 'attribute_not_exists(#span) OR #span < :span',
          names: { '#span': 'span' },
          values,
        })
      const goOn = () =>
        update(connection, {
          update: 'ADD messages :one',
          condition: '#span >= :span',
          names: { '#span': 'span' },
          values,
        })
      const tries = spans.get(connection) === span ? [goOn, begin, goOn] : [begin, goOn]
      remember(connection, span)
      for (const attempt of tries) {
        const item = await attempt()
        if (item) return item
      }
      return null
    },

    /** Replaces the principal, unless its credential is newer. */
    renew: (connection: string, principal: Principal): Promise<Item | null> =>
      update(connection, {
        update: 'SET #principal = :principal',
        condition: '#principal.issued <= :issued',
        names: { '#principal': 'principal' },
        values: { ':principal': principal, ':issued': principal.issued },
      }),

    /**
     * Takes the place of a subscription for a registration. Returns null if there is none left, or a newer registration has
     * it, or the connection is gone.
     */
    takeSlot: (connection: string, id: string, registration: number): Promise<Item | null> =>
      update(connection, {
        update: 'SET slots.#id = :registration',
        condition: 'slots.#id <= :registration OR (attribute_not_exists(slots.#id) AND size(slots) < :limit)',
        names: { '#id': id },
        values: { ':registration': registration, ':limit': SUBSCRIPTION_LIMIT },
      }),

    /** Gives the place of a subscription free that a registration, or an older one, has. */
    freeSlot: (connection: string, id: string, registration: number): Promise<Item | null> =>
      update(connection, {
        update: 'REMOVE slots.#id',
        condition: 'slots.#id <= :registration',
        names: { '#id': id },
        values: { ':registration': registration },
      }),
  }

  function remember(connection: string, span: number): void {
    if (spans.size >= REMEMBERED) spans.clear()
    spans.set(connection, span)
  }
}

type Change = {
  readonly update: string
  readonly condition: string
  readonly names?: Record<string, string>
  readonly values: Record<string, unknown>
}
