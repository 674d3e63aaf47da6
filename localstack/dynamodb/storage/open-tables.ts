import { DatabaseSync } from 'node:sqlite'
import { DamagedDataError } from '../../trouble/damaged-data.ts'
import { type StoredTable, storedTable } from './stored-table.ts'
import type { TableDefinition } from './table-definition.ts'

const PAGE_CACHE_KIB = 32 * 1024
/** SQLite writes the file and starts its log again when the log has 4 MB; one that was longer is cut to this. */
const LOG_BYTES = 8 * 1024 * 1024
/** Free pages that are kept, because the next writes need them: so many, and this part of the file. */
const KEPT_FREE = { pages: 1024, share: 0.1 }
/** An older file with more than this in it is not rewritten, since that takes some seconds for each GB. */
const REWRITTEN_BYTES = 128 * 1024 * 1024

/**
 * Opens the tables in a SQLite file, or new ones in memory for `:memory:`. A table of DynamoDB is a table of SQLite.
 *
 * A commit writes to the log of SQLite with write(2) and does not wait for the disk (`synchronous=OFF`), so it survives
 * the death of the process, but perhaps not of the machine. The lock on the file excludes any other process and ends
 * with this one. Throws an error with the code `DATA_IN_USE` if the file is locked, `DATA_OF_ANOTHER_VERSION` if it is of
 * another version, `DATA_DAMAGED` if it is damaged, and that of SQLite if it cannot be written.
 *
 * Pages of deleted items are used again, and `giveBack` returns most of the others to the disk.
 */
export function openTables(file: string) {
  const database = new DatabaseSync(file)
  try {
    // A new file must know that it gives pages back before anything is written to it.
    database.exec(
      `PRAGMA auto_vacuum = INCREMENTAL; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA cache_size = -${PAGE_CACHE_KIB}; PRAGMA journal_size_limit = ${LOG_BYTES};`,
    )
    prepareCatalog(database)
    rewriteOlderFile(database)
  } catch (cause) {
    database.close()
    if (cause instanceof UnreadableTables) {
      const message = `The tables in ${file} are of another version. "npm start -- --fresh" deletes all local data.`
      throw Object.assign(new Error(message), { code: 'DATA_OF_ANOTHER_VERSION' })
    }
    if (isDamage(cause)) throw new DamagedDataError(file, (cause as Error).message, DAMAGE_REMEDY)
    if ((cause as { errcode?: number }).errcode !== BUSY) throw cause
    const message = `The tables in ${file} are in use by another process.`
    throw Object.assign(new Error(message, { cause }), { code: 'DATA_IN_USE' })
  }
  const tables = new Map<string, StoredTable>()
  try {
    const rows = database.prepare('SELECT definition FROM tables').all() as { definition: string }[]
    for (const { definition } of rows) open(JSON.parse(definition))
  } catch (cause) {
    database.close()
    throw new DamagedDataError(file, (cause as Error).message, DAMAGE_REMEDY)
  }

  function open(definition: TableDefinition): void {
    tables.set(definition.name, storedTable(database, definition))
  }
  function save(definition: TableDefinition): void {
    database
      .prepare('INSERT OR REPLACE INTO tables (name, definition) VALUES (?, ?)')
      .run(definition.name, JSON.stringify(definition))
    open(definition)
  }
  /** Runs several writes as one commit: all of them, or none if it throws. */
  function atomically<T>(work: () => T): T {
    if (database.isTransaction) return work()
    database.exec('BEGIN')
    try {
      const result = work()
      database.exec('COMMIT')
      return result
    } catch (error) {
      if (database.isTransaction) database.exec('ROLLBACK')
      throw error
    }
  }

  return {
    atomically,
    /** Returns the table of that name, or undefined. */
    find: (name: string): StoredTable | undefined => tables.get(name),
    /** Returns every table, by name. */
    all: (): StoredTable[] =>
      [...tables.values()].sort((left, right) => (left.definition.name < right.definition.name ? -1 : 1)),
    create(definition: TableDefinition): void {
      atomically(() => {
        database.exec(createStatement(definition))
        save(definition)
      })
    },
    remove({ definition }: StoredTable): void {
      tables.delete(definition.name)
      atomically(() => {
        database.exec(`DROP TABLE "${definition.id}"`)
        database.prepare('DELETE FROM tables WHERE name = ?').run(definition.name)
      })
    },
    /** Changes which attribute says when an item expires, and reads it off the items that are there. */
    setTimeToLive({ definition }: StoredTable, timeToLive: string | null): void {
      const { id } = definition
      atomically(() => {
        database.exec(`DROP INDEX IF EXISTS "${id}-expiry"`)
        if (timeToLive === null) database.exec(`UPDATE "${id}" SET expires = NULL`)
        else {
          const path = `$.${JSON.stringify(timeToLive)}.N`
          database.prepare(`UPDATE "${id}" SET expires = CAST(json_extract(item, ?) AS INTEGER)`).run(path)
          database.exec(`CREATE INDEX "${id}-expiry" ON "${id}" (expires) WHERE expires IS NOT NULL`)
        }
        save({ ...definition, timeToLive })
      })
    },
    /**
     * Returns up to `pages` free pages of 4 KB to the disk, in about 7 µs each, unless so few are free that writes need
     * them soon. Returns whether there are more.
     */
    giveBack(pages: number): boolean {
      const free = numberOf(database, 'freelist_count')
      const kept = KEPT_FREE.pages + Math.floor(KEPT_FREE.share * numberOf(database, 'page_count'))
      if (free <= kept || numberOf(database, 'auto_vacuum') === 0) return false
      database.exec(`PRAGMA incremental_vacuum(${Math.min(pages, free - kept)})`)
      const hasMore = free - pages > kept
      // The file is cut when the log is written to it.
      if (!hasMore) database.exec('PRAGMA wal_checkpoint(PASSIVE)')
      return hasMore
    },
    close: () => database.close(),
  }
}
export type Tables = ReturnType<typeof openTables>

const BUSY = 5
const CORRUPT = 11
const NO_DATABASE = 26

const DAMAGE_REMEDY =
  'Delete it with the files beside it, and every table begins empty: history is gone, "tidewire replay --views" makes the views again.'

/** Whether an error of SQLite says that the file is damaged. */
export function isDamage(error: unknown): boolean {
  const { errcode = 0 } = error as { errcode?: number }
  return (errcode & 0xff) === CORRUPT || errcode === NO_DATABASE
}

/** Changes with the statements that create tables. */
const VERSION = 1

class UnreadableTables extends Error {}

function prepareCatalog(database: DatabaseSync): void {
  const catalog = database.prepare("SELECT name FROM sqlite_schema WHERE name = 'tables'").get()
  const { user_version: version } = database.prepare('PRAGMA user_version').get() ?? {}
  if (catalog !== undefined && version !== VERSION) throw new UnreadableTables()
  database.exec('CREATE TABLE IF NOT EXISTS tables (name TEXT PRIMARY KEY, definition TEXT NOT NULL)')
  database.exec(`PRAGMA user_version = ${VERSION}`)
}

/**
 * A file that was made before pages were given back is rewritten once if it is small. Otherwise it stays as it is: its
 * pages are used again, but it does not become smaller.
 */
function rewriteOlderFile(database: DatabaseSync): void {
  if (numberOf(database, 'auto_vacuum') !== 0) return
  const pages = numberOf(database, 'page_count') - numberOf(database, 'freelist_count')
  if (pages * numberOf(database, 'page_size') > REWRITTEN_BYTES) return
  database.exec('PRAGMA auto_vacuum = INCREMENTAL; VACUUM')
}

function numberOf(database: DatabaseSync, pragma: string): number {
  return Number(database.prepare(`PRAGMA ${pragma}`).get()?.[pragma])
}

/**
 * The key is an index beside the table. As the primary key of a table WITHOUT ROWID it would be faster for small items,
 * but one of more than 1 KB would take a page of its own (ADR 16).
 */
function createStatement({ id }: TableDefinition): string {
  return `CREATE TABLE "${id}" (
    hash NOT NULL, range NOT NULL, size INTEGER NOT NULL, expires INTEGER, item TEXT NOT NULL
  );
  CREATE UNIQUE INDEX "${id}-key" ON "${id}" (hash, range);`
}
