import type { Tables } from '../../../localstack/dynamodb/storage/open-tables.ts'
import type {
  Bound,
  Key,
  KeyPart,
  StoredItem,
  StoredTable,
} from '../../../localstack/dynamodb/storage/stored-table.ts'
import type { TableDefinition } from '../../../localstack/dynamodb/storage/table-definition.ts'
import { compareValues } from '../../../localstack/dynamodb/values/attribute-value.ts'

type Row = StoredItem & { readonly key: Key; readonly expires: number | null }

/**
 * The storage of the local stack's DynamoDB as plainly as it can be: a map for each table, sorted when it is read. It
 * opens in no time, and the tests compare SQLite with it.
 */
export function memoryTables(): Tables {
  const tables = new Map<string, StoredTable>()
  return {
    atomically: (work) => work(),
    find: (name) => tables.get(name),
    all: () => [...tables.values()],
    create: (definition) => void tables.set(definition.name, memoryTable(definition)),
    remove: ({ definition }) => void tables.delete(definition.name),
    setTimeToLive() {
      throw new Error('the tables in memory have no time to live')
    },
    giveBack: () => false,
    close() {},
  }
}

function memoryTable(definition: TableDefinition): StoredTable {
  /** Rows by hash key and range key. */
  const groups = new Map<KeyPart, Map<KeyPart, Row>>()
  const groupOf = (hash: KeyPart) => groups.get(textOf(hash))
  const inOrder = (group: ReadonlyMap<KeyPart, Row> | undefined) =>
    [...(group?.values() ?? [])].sort((a, b) => compareKeys(a.key, b.key))
  const remove = ({ hash, range }: Key) => void groupOf(hash)?.delete(textOf(range))
  return {
    definition,
    get: ({ hash, range }) => groupOf(hash)?.get(textOf(range)),
    put(key, item) {
      const group = groupOf(key.hash) ?? new Map<KeyPart, Row>()
      groups.set(textOf(key.hash), group.set(textOf(key.range), { ...item, key }))
    },
    delete: remove,
    range({ hash, low, high, isForward }) {
      const found = inOrder(groupOf(hash)).filter(
        ({ key }) => isWithin(key.range, low, 1) && isWithin(key.range, high, -1),
      )
      return isForward ? found : found.reverse()
    },
    scan(after) {
      const all = [...groups.values()].flatMap(inOrder)
      return all
        .sort((a, b) => compareKeys(a.key, b.key))
        .filter(({ key }) => after === null || compareKeys(key, after) > 0)
    },
    deleteExpired({ from, to, limit }) {
      const all = [...groups.values()].flatMap((group) => [...group.values()])
      const expired = all.filter(({ expires }) => expires !== null && expires >= from && expires <= to)
      const deleted = expired.slice(0, limit)
      for (const { key } of deleted) remove(key)
      return deleted.length
    },
  }
}

function textOf(part: KeyPart): string {
  return typeof part === 'string' ? part : Buffer.from(part).toString('hex')
}

function isWithin(place: KeyPart, bound: Bound | null, direction: 1 | -1): boolean {
  if (bound === null) return true
  const order = compare(place, bound.at) * direction
  return order > 0 || (order === 0 && bound.isIncluded)
}

function compareKeys(left: Key, right: Key): number {
  return compare(left.hash, right.hash) || compare(left.range, right.range)
}

function compare(left: KeyPart, right: KeyPart): number {
  if (typeof left === 'string' && typeof right === 'string')
    return compareValues({ S: left }, { S: right }) ?? 0
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}
