import { statSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startDynamodbWorker } from '../start-dynamodb-worker.ts'
import { openTables } from './open-tables.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidewire-tables-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const DEFINITION = {
  name: 'kept',
  id: 'f1d0b0a0',
  hashKey: { name: 'id', type: 'S' },
  rangeKey: null,
  billingMode: 'PAY_PER_REQUEST',
  createdAt: 1_800_000_000,
  timeToLive: null,
} as const
const KEY = { hash: 'a\u0000b', range: '' }
const ITEM = { json: '{"id":{"S":"a\\u0000b"}}', size: 5 }

test('tables, items and settings are there when the file is opened again', () => {
  const before = openTables(join(folder, 'tables.sqlite'))
  before.create(DEFINITION)
  before.find('kept')?.put(KEY, { ...ITEM, expires: null })
  for (const table of before.all()) before.setTimeToLive(table, 'expires')
  before.close()

  const after = openTables(join(folder, 'tables.sqlite'))

  expect(after.find('kept')?.definition).toEqual({ ...DEFINITION, timeToLive: 'expires' })
  expect(after.find('kept')?.get(KEY)).toEqual(ITEM)
  after.close()
})

test('several writes are one commit, and none of them is kept if one fails', () => {
  const tables = openTables(':memory:')
  tables.create(DEFINITION)
  const table = tables.find('kept')

  const failing = () =>
    tables.atomically(() => {
      table?.put(KEY, { ...ITEM, expires: null })
      throw new Error('interrupted')
    })

  expect(failing).toThrow('interrupted')
  expect(table?.get(KEY)).toBeUndefined()
  tables.close()
})

test('a file of another version is not touched', () => {
  const file = join(folder, 'tables.sqlite')
  const other = new DatabaseSync(file)
  other.exec('CREATE TABLE tables (name TEXT); INSERT INTO tables VALUES (1)')
  other.close()

  expect(() => openTables(file)).toThrow(
    `The tables in ${file} are of another version. "npm start -- --fresh" deletes all local data.`,
  )
  const untouched = new DatabaseSync(file)
  expect(untouched.prepare('SELECT count(*) AS count FROM tables').get()).toEqual({ count: 1 })
  untouched.close()
})

describe('a file that was made before pages were given back', () => {
  /** As version 1 was at first: the same statements, without auto_vacuum. */
  function makeOlderFile(file: string, items: number) {
    const tables = openTables(file)
    tables.create(DEFINITION)
    tables.close()
    const filled = new DatabaseSync(file)
    filled.exec('PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM')
    const insert = filled.prepare('INSERT INTO "f1d0b0a0" VALUES (?, ?, 5, NULL, ?)')
    filled.exec('BEGIN')
    for (let n = 0; n < items; n++) insert.run(`${n}`, '', ITEM.json.padEnd(60_000))
    filled.exec('COMMIT')
    filled.exec('DELETE FROM "f1d0b0a0" WHERE CAST(hash AS INTEGER) % 2 = 0; PRAGMA journal_mode = WAL')
    filled.close()
  }
  const freeOf = (file: string) => {
    const database = new DatabaseSync(file)
    const { freelist_count: free } = database.prepare('PRAGMA freelist_count').get() ?? {}
    const { auto_vacuum: mode } = database.prepare('PRAGMA auto_vacuum').get() ?? {}
    database.close()
    return { free, mode }
  }

  test.each([
    ['is rewritten if it is small', 200, { mode: 2, isSmaller: true }],
    ['is opened as it is if it is large', 5000, { mode: 0, isSmaller: false }],
  ])('%s', (_, items, { mode, isSmaller }) => {
    const file = join(folder, 'tables.sqlite')
    makeOlderFile(file, items)
    const before = statSync(file).size

    const tables = openTables(file)
    const found = tables.find('kept')?.get({ hash: '1', range: '' })
    const hasMore = tables.giveBack(100)
    tables.close()

    expect(found?.json.trim()).toBe(ITEM.json)
    expect(hasMore).toBe(false)
    expect(freeOf(file).mode).toBe(mode)
    expect(statSync(file).size < before).toBe(isSmaller)
  })
})

test('what is left of dynalite is not read, and one line says so', async () => {
  await writeFile(join(folder, 'CURRENT'), 'MANIFEST-000001\n')
  const lines: string[] = []

  const server = await startDynamodbWorker({ port: 0, dataDir: folder, log: (line) => lines.push(line) })

  expect(lines).toEqual([expect.stringContaining(`an older version in ${folder} are not read`)])
  await server.stop()
})
