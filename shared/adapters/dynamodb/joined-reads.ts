import type { DocumentClient } from './commands.ts'
import { getAll, getTables, type Item } from './dynamo-requests.ts'

/** Reads items of a table by key, strongly consistent, in no particular order. Missing items are omitted. */
export type ReadItems = (table: string, keys: readonly Item[]) => Promise<Item[]>

type Waiting = {
  readonly table: string
  readonly keys: readonly Item[]
  readonly done: (items: Item[]) => void
  readonly failed: (cause: unknown) => void
}

/** DynamoDB's limit for one batch read. */
const KEYS_AT_ONCE = 100

/**
 * Returns a reader that makes one request of all reads which begin in the same turn, of any tables: a batch of
 * `deliver` reads the versions of its patterns and of the revocations at once.
 */
export function joinedReads(client: DocumentClient): ReadItems {
  let waiting: Waiting[] = []
  const send = async () => {
    const reads = waiting
    waiting = []
    try {
      const found = await readTables(client, keysByTable(reads))
      for (const { table, keys, done } of reads) done(pick(found.get(table) ?? [], keys))
    } catch (cause) {
      for (const { failed } of reads) failed(cause)
    }
  }
  return (table, keys) =>
    new Promise((done, failed) => {
      if (waiting.push({ table, keys, done, failed }) === 1) queueMicrotask(() => void send())
    })
}

function keysByTable(reads: readonly Waiting[]): Map<string, Item[]> {
  const tables = new Map<string, Map<string, Item>>()
  for (const { table, keys } of reads) {
    const known = tables.get(table) ?? new Map<string, Item>()
    tables.set(table, known)
    for (const key of keys) known.set(nameOf(key, key), key)
  }
  return new Map([...tables].map(([table, keys]) => [table, [...keys.values()]]))
}

async function readTables(
  client: DocumentClient,
  tables: ReadonlyMap<string, Item[]>,
): Promise<Map<string, Item[]>> {
  const count = [...tables.values()].reduce((sum, keys) => sum + keys.length, 0)
  if (count <= KEYS_AT_ONCE) return getTables(client, tables)
  return new Map(
    await Promise.all(
      [...tables].map(async ([table, keys]) => [table, await getAll(client, table, keys)] as const),
    ),
  )
}

/** The items of a table that these keys name. */
function pick(items: readonly Item[], keys: readonly Item[]): Item[] {
  const names = new Set(keys.map((key) => nameOf(key, key)))
  return items.filter((item) => keys[0] && names.has(nameOf(item, keys[0])))
}

/** The values that an item has for the attributes of a key. */
function nameOf(item: Item, key: Item): string {
  return JSON.stringify(
    Object.keys(key)
      .sort()
      .map((attribute) => item[attribute]),
  )
}
