import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { TableDefinition } from './table-definition.ts'

/** A key attribute as SQLite orders it: text by its UTF-8 bytes, a number as sortable text, binary as bytes. */
export type KeyPart = string | Uint8Array
/** A table without a range key has the same range in all of its items. */
export type Key = { readonly hash: KeyPart; readonly range: KeyPart }
/** An item as JSON, and its size in bytes as DynamoDB counts it. */
export type StoredItem = { readonly json: string; readonly size: number }

export type Bound = { readonly at: KeyPart; readonly isIncluded: boolean }
/** A part of the items with one hash key. */
export type Range = {
  readonly hash: KeyPart
  readonly low: Bound | null
  readonly high: Bound | null
  readonly isForward: boolean
}

/** The rows of one table. Statements are prepared once, when they are first used. */
export function storedTable(database: DatabaseSync, definition: TableDefinition) {
  const name = `"${definition.id}"`
  const statements = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = statements.get(sql)
    if (known) return known
    const statement = database.prepare(sql)
    statement.setReturnArrays(true)
    statements.set(sql, statement)
    return statement
  }
  const select = `SELECT item, size FROM ${name}`
  const selectOne = `${select} WHERE hash = ? AND range = ?`
  const upsert = `INSERT INTO ${name} (hash, range, size, expires, item) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (hash, range) DO UPDATE SET size = excluded.size, expires = excluded.expires, item = excluded.item`
  const removeOne = `DELETE FROM ${name} WHERE hash = ? AND range = ?`
  const removeExpired = `DELETE FROM ${name} WHERE rowid IN
    (SELECT rowid FROM ${name} WHERE expires BETWEEN ? AND ? LIMIT ?)`

  return {
    definition,
    get({ hash, range }: Key): StoredItem | undefined {
      return toItem(prepare(selectOne).get(hash, range))
    },
    /** `expires` is in seconds, null if the item does not expire. */
    put(
      { hash, range }: Key,
      { json, size, expires }: StoredItem & { readonly expires: number | null },
    ): void {
      prepare(upsert).run(hash, range, size, expires, json)
    },
    delete({ hash, range }: Key): void {
      prepare(removeOne).run(hash, range)
    },
    /** Iterates over the items of a range in the order of their range key. */
    range({ hash, low, high, isForward }: Range): Iterable<StoredItem> {
      const from = low && ` AND range >${low.isIncluded ? '=' : ''} ?`
      const to = high && ` AND range <${high.isIncluded ? '=' : ''} ?`
      const sql = `${select} WHERE hash = ?${from ?? ''}${to ?? ''} ORDER BY range${isForward ? '' : ' DESC'}`
      const bounds = [low, high].flatMap((bound) => bound?.at ?? [])
      return items(prepare(sql).iterate(hash, ...bounds))
    },
    /** Iterates over all items, or those after a key, in an order that does not change. */
    scan(after: Key | null): Iterable<StoredItem> {
      if (after === null) return items(prepare(`${select} ORDER BY hash, range`).iterate())
      const sql = `${select} WHERE (hash, range) > (?, ?) ORDER BY hash, range`
      return items(prepare(sql).iterate(after.hash, after.range))
    },
    /** Deletes up to `limit` items that expired between two times, in seconds. Returns how many it deleted. */
    deleteExpired({
      from,
      to,
      limit,
    }: {
      readonly from: number
      readonly to: number
      readonly limit: number
    }): number {
      return Number(prepare(removeExpired).run(from, to, limit).changes)
    },
  }
}
export type StoredTable = ReturnType<typeof storedTable>

function* items(rows: Iterable<unknown>): Generator<StoredItem> {
  for (const row of rows) {
    const item = toItem(row)
    if (item) yield item
  }
}

/** Rows come as arrays of the selected columns. */
function toItem(row: unknown): StoredItem | undefined {
  if (row === undefined) return undefined
  const [json, size] = row as [string, number]
  return { json, size }
}
