import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import type { Item } from './dynamo-requests.ts'

// The version of a pattern (docs/adr/0018), in the subscriptions table. It has a hash key of its own, so that its
// writes do not share the 1,000 write units a second of one hash key with the rows of the pattern.
//   (version#1/0|port.*, #version)  version: counts the changes of the pattern's rows
//                                   c0 … c31: the sort keys of the rows that changed last, the newest first

/**
 * How many changes an item names. With connection ids of API Gateway it stays below 1 KB, so a change costs one write
 * unit and a look one read unit.
 */
export const NAMED_CHANGES = 32

/** In the place of a change that is not there yet. */
const NONE = '-'

/** The version of a pattern, and the rows of its last changes, the newest first. */
export type PatternVersion = { readonly version: number; readonly changes: readonly string[] }

/** The key of the version of a channel key. */
export function versionKey(channel: string): Item {
  return { channel: `version#${channel}`, subscriber: '#version' }
}

// Every operand is read before any attribute is written, so each name moves one place up.
const MOVE_UP = Array.from(
  { length: NAMED_CHANGES - 1 },
  (_, index) => `c${index + 1} = if_not_exists(c${index}, :none)`,
)
const ADD_CHANGE = `ADD #version :one SET c0 = :changed, ${MOVE_UP.join(', ')}`

/** Counts and names a change of the row `subscriber`, atomically. The row must be written before. */
export async function addChange(
  client: DynamoDBDocumentClient,
  table: string,
  channel: string,
  subscriber: string,
): Promise<void> {
  const update = new UpdateCommand({
    TableName: table,
    Key: versionKey(channel),
    UpdateExpression: ADD_CHANGE,
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':one': 1, ':changed': subscriber, ':none': NONE },
  })
  await client.send(update)
}

/** Returns the version in an item. Changes before one that is not named are left out. */
export function toPatternVersion(item: Item): PatternVersion {
  const names = Array.from({ length: NAMED_CHANGES }, (_, index) => item[`c${index}`])
  const hole = names.findIndex((name) => typeof name !== 'string' || name === NONE)
  return {
    version: Number(item.version),
    changes: (hole === -1 ? names : names.slice(0, hole)).map(String),
  }
}

/** Returns the rows that changed after version `since`; null if not all of them are named. */
export function changedSince({ version, changes }: PatternVersion, since: number): readonly string[] | null {
  const missed = version - since
  return missed <= changes.length ? [...new Set(changes.slice(0, missed))] : null
}
