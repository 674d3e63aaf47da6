import { type DocumentClient, PutCommand, UpdateCommand } from '#shared/adapters/dynamodb/commands.ts'
import { getAll, type Item } from '#shared/adapters/dynamodb/dynamo-requests.ts'
import { joinedReads, type ReadItems } from '#shared/adapters/dynamodb/joined-reads.ts'

// The version of a pattern and the names of its last changes (docs/adr/0018), in the subscriptions table. They have a
// hash key of their own, so that they do not share the 1,000 write units a second of one with the rows of the pattern.
//   (version#1/0|port.*, #version)           version: counts the changes of the pattern's rows; expires after all of them
//                                            c0 … c31: the sort keys of the rows that changed last, the newest first
//   (version#1/0|port.*, 0000000000000064)   the same names as they were at version 64, until it expires

/**
 * How many changes an item names. With connection ids of API Gateway it stays below 1 KB, so a change costs one write
 * unit and a look one read unit.
 */
export const NAMED_CHANGES = 32

/** In the place of a change that is not there yet. */
const NONE = '-'

/** A worker that has not looked for longer reads all rows. */
const KEPT_SECONDS = 3600

/**
 * How long a version is kept after the last change: longer than the rows, which expire 2 h 10 after theirs. A later change
 * begins to count where no earlier count can have arrived, so a worker does not take it for one that it knows.
 */
const VERSION_SECONDS = 4 * 3600

/** The version of a pattern, and the rows of its last changes, the newest first. */
export type PatternVersion = { readonly version: number; readonly changes: readonly string[] }

const hashKey = (channel: string) => `version#${channel}`

/** The key of the version of a channel key. */
export function versionKey(channel: string): Item {
  return { channel: hashKey(channel), subscriber: '#version' }
}

/** The key of the names as they were at a version. */
function namesKey(channel: string, version: number): Item {
  return { channel: hashKey(channel), subscriber: String(version).padStart(16, '0') }
}

/** Counts and names changes, the first name the newest. Every operand is read before any attribute is written. */
function addChanges(names: readonly string[]) {
  const moved = Array.from({ length: NAMED_CHANGES }, (_, index) =>
    index < names.length
      ? `c${index} = :c${index}`
      : `c${index} = if_not_exists(c${index - names.length}, :none)`,
  )
  return {
    UpdateExpression: `SET #version = if_not_exists(#version, :start) + :count, expires = :expires, ${moved.join(', ')}`,
    values: Object.fromEntries(names.map((name, index) => [`:c${index}`, name])),
  }
}

type Options = { readonly now?: () => number; readonly readItems?: ReadItems }

/** The versions of patterns, by channel key. `now` returns milliseconds. */
export function patternVersions(
  client: DocumentClient,
  table: string,
  { now = Date.now, readItems = joinedReads(client) }: Options = {},
) {
  async function addSome(channel: string, names: readonly string[]): Promise<void> {
    const seconds = Math.floor(now() / 1000)
    const start = now() * NAMED_CHANGES
    const { UpdateExpression, values } = addChanges(names)
    const update = new UpdateCommand({
      TableName: table,
      Key: versionKey(channel),
      UpdateExpression,
      ExpressionAttributeNames: { '#version': 'version' },
      ExpressionAttributeValues: {
        ...values,
        ':count': names.length,
        ':start': start,
        ':expires': seconds + VERSION_SECONDS,
        // With as many names as places nothing moves up, and DynamoDB refuses a value that is not used.
        ...(names.length < NAMED_CHANGES && { ':none': NONE }),
      },
      // The names before, because a version that is passed over may need more of them than are left.
      ReturnValues: 'ALL_OLD',
    })
    const { Attributes = { version: start } } = await client.send(update)
    const before = toPatternVersion(Attributes)
    const version = before.version + names.length
    const passed = version % NAMED_CHANGES
    if (passed >= names.length) return
    const changes = [...names, ...before.changes].slice(passed, passed + NAMED_CHANGES)
    const Item = { ...namesKey(channel, version - passed), changes, expires: seconds + KEPT_SECONDS }
    await client.send(new PutCommand({ TableName: table, Item }))
  }

  return {
    /** Counts and names changes of the rows `subscribers`, as many as an item names at once. They must be written before. */
    async add(channel: string, subscribers: readonly string[]): Promise<void> {
      for (let from = 0; from < subscribers.length; from += NAMED_CHANGES)
        await addSome(channel, subscribers.slice(from, from + NAMED_CHANGES).reverse())
    },

    /** Returns the versions of the channel keys that have one, in one strongly consistent batch read. */
    async read(channels: readonly string[]): Promise<Map<string, PatternVersion>> {
      const byKey = new Map(channels.map((channel) => [hashKey(channel), channel]))
      const items = await readItems(table, channels.map(versionKey))
      return new Map(
        items.map((item) => [byKey.get(String(item.channel)) ?? '', toPatternVersion(item)] as const),
      )
    },

    /**
     * Returns the rows that changed after version `since` up to the version `seen`; null if there are more than
     * `atMost` changes that `seen` does not name, or if a writer crashed before it had kept their names.
     */
    async changesSince(
      channel: string,
      seen: PatternVersion,
      since: number,
      atMost: number,
    ): Promise<readonly string[] | null> {
      const missed = seen.version - since
      if (missed <= seen.changes.length) return [...new Set(seen.changes.slice(0, missed))]
      if (missed > atMost) return null
      const first = Math.floor(since / NAMED_CHANGES) + 1
      const last = Math.floor(seen.version / NAMED_CHANGES)
      const versions = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * NAMED_CHANGES)
      const items = await getAll(
        client,
        table,
        versions.map((version) => namesKey(channel, version)),
      )
      const isWhole = items.length === versions.length && seen.changes.length === NAMED_CHANGES
      return isWhole ? [...new Set([...seen.changes, ...items.flatMap(namesOf)])] : null
    },
  }
}

/** Returns the version in an item. Changes before one that is not named are left out. */
function toPatternVersion(item: Item): PatternVersion {
  const names = Array.from({ length: NAMED_CHANGES }, (_, index) => item[`c${index}`])
  const hole = names.findIndex((name) => typeof name !== 'string' || name === NONE)
  return {
    version: Number(item.version),
    changes: (hole === -1 ? names : names.slice(0, hole)).map(String),
  }
}

function namesOf({ changes }: Item): string[] {
  return changes as string[]
}
