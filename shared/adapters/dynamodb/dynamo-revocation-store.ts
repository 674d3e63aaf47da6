import type { RevocationStore, Revoked } from '#shared/pipeline/revocations.ts'
import { type DocumentClient, GetCommand, PutCommand, UpdateCommand } from './commands.ts'
import { queryAll, succeeds } from './dynamo-requests.ts'
import { joinedReads, type ReadItems } from './joined-reads.ts'

// connections table, key (connection, item):
//   (revoked, version)      version: grows with each change of the items below
//   (revoked, name#ada)     since and until, in milliseconds; expires, in seconds, for the table's time to live
// An item is written before the version is, so a reader that sees a version reads all that it counts.

const REVOKED = 'revoked'
const VERSION = 'version'
const NAME_PREFIX = 'name#'
/** How old the version may be that a reader goes by. */
const POLL_MS = 2000

type Options = {
  readonly table: string
  readonly now?: () => number
  /** Reads the version together with what others read. */
  readonly readItems?: ReadItems
}
type Known = { readonly version: number; readonly names: ReadonlyMap<string, Entry> }
type Entry = { readonly since: number; readonly until: number }

/** The RevocationStore on DynamoDB. `now` returns milliseconds. */
export function dynamoRevocationStore(
  client: DocumentClient,
  { table, now = Date.now, readItems = joinedReads(client) }: Options,
): RevocationStore {
  const keyOf = (item: string) => ({ connection: REVOKED, item })
  let known: Known = { version: 0, names: new Map() }
  let polled = Number.NEGATIVE_INFINITY
  let running: Promise<void> | null = null
  let shown: Revoked = new Map()

  const get = async (item: string) => {
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: keyOf(item), ConsistentRead: true }),
    )
    return Item
  }
  const refresh = async () => {
    const begun = now()
    const [item] = await readItems(table, [keyOf(VERSION)])
    const version = Number(item?.version ?? 0)
    if (version !== known.version) known = { version, names: await readNames() }
    shown = inForce(known.names, now())
    polled = begun
  }
  const current = async (): Promise<Revoked> => {
    // A clock that was set back must not make what is known last longer.
    if (Math.abs(now() - polled) < POLL_MS) return shown
    running ??= refresh().finally(() => {
      running = null
    })
    await running
    return shown
  }

  return {
    current,

    async since(name) {
      return (await current()).get(name) ?? null
    },

    async revoke(name, atMs, expiresMs) {
      while (!(await put(name, { since: atMs, until: expiresMs })));
      const count = new UpdateCommand({
        TableName: table,
        Key: keyOf(VERSION),
        UpdateExpression: 'ADD #version :one',
        ExpressionAttributeNames: { '#version': 'version' },
        ExpressionAttributeValues: { ':one': 1 },
      })
      await client.send(count)
      await running?.catch(() => undefined) // what it read may be from before
      polled = Number.NEGATIVE_INFINITY
    },
  }

  /** False if another writer came between. */
  async function put(name: string, { since, until }: Entry): Promise<boolean> {
    const item = `${NAME_PREFIX}${name}`
    const older = await get(item)
    const later = Math.max(until, Number(older?.until ?? 0))
    const put = new PutCommand({
      TableName: table,
      Item: {
        ...keyOf(item),
        since: Math.max(since, Number(older?.since ?? 0)),
        until: later,
        expires: Math.ceil(later / 1000),
      },
      ConditionExpression: older ? 'since = :since AND #until = :until' : 'attribute_not_exists(since)',
      ...(older && {
        ExpressionAttributeNames: { '#until': 'until' },
        ExpressionAttributeValues: { ':since': older.since, ':until': older.until },
      }),
    })
    return succeeds(client.send(put))
  }

  async function readNames(): Promise<Map<string, Entry>> {
    const items = await queryAll(client, {
      TableName: table,
      ConsistentRead: true,
      KeyConditionExpression: '#connection = :revoked AND begins_with(#item, :prefix)',
      ExpressionAttributeNames: { '#connection': 'connection', '#item': 'item' },
      ExpressionAttributeValues: { ':revoked': REVOKED, ':prefix': NAME_PREFIX },
    })
    return new Map(
      items.map(({ item, since, until }) => [
        String(item).slice(NAME_PREFIX.length),
        { since: Number(since), until: Number(until) },
      ]),
    )
  }
}

function inForce(names: ReadonlyMap<string, Entry>, now: number): Revoked {
  return new Map([...names].filter(([, { until }]) => until > now).map(([name, { since }]) => [name, since]))
}
