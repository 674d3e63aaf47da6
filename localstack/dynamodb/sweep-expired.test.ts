import { statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { runOperation } from './operations/run-operation.ts'
import { openTables, type Tables } from './storage/open-tables.ts'
import { sweepExpired, sweepOnce } from './sweep-expired.ts'

const onFailure = (error: unknown) => {
  throw error
}
const NOW = 1_800_000_000
const tables = openTables(':memory:')
const run = (operation: string, input: Record<string, unknown>) =>
  JSON.parse(runOperation(tables, operation, input))
const put = (TableName: string, id: string, expires: unknown) =>
  run('PutItem', { TableName, Item: { id: { S: id }, expires } })
const idsOf = (TableName: string): string[] =>
  run('Scan', { TableName }).Items.map(({ id }: { id: { S: string } }) => id.S)

function createTable(TableName: string) {
  run('CreateTable', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
    KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
  })
}

function enable(TableName: string, Enabled: boolean) {
  run('UpdateTimeToLive', { TableName, TimeToLiveSpecification: { AttributeName: 'expires', Enabled } })
}

afterEach(() => vi.useRealTimers())

test('what has expired is deleted, also what was there before, and nothing else', () => {
  vi.useFakeTimers()
  createTable('kept-for-a-time')
  put('kept-for-a-time', 'older-than-the-setting', { N: `${NOW - 10}` })
  enable('kept-for-a-time', true)
  put('kept-for-a-time', 'expired', { N: `${NOW}` })
  put('kept-for-a-time', 'later', { N: `${NOW + 1}` })
  put('kept-for-a-time', 'a text', { S: `${NOW - 10}` })
  put('kept-for-a-time', 'a mistake', { N: '17' })
  put('kept-for-a-time', 'prolonged', { N: `${NOW - 10}` })
  put('kept-for-a-time', 'prolonged', { N: `${NOW + 10}` })
  const stop = sweepExpired(tables, { now: () => NOW * 1000, onFailure })

  vi.advanceTimersByTime(1500)

  expect(idsOf('kept-for-a-time').sort()).toEqual(['a mistake', 'a text', 'later', 'prolonged'])
  stop()
})

test('of a table without a time to live nothing is deleted', () => {
  vi.useFakeTimers()
  createTable('kept-for-ever')
  put('kept-for-ever', 'expired', { N: `${NOW - 10}` })
  enable('kept-for-ever', true)
  enable('kept-for-ever', false)
  const stop = sweepExpired(tables, { now: () => NOW * 1000, onFailure })

  vi.advanceTimersByTime(1500)

  expect(idsOf('kept-for-ever')).toEqual(['expired'])
  stop()
})

test('a sweep of many leaves room for requests, and goes on until all are deleted', () => {
  vi.useFakeTimers()
  createTable('many')
  enable('many', true)
  for (let index = 0; index < 450; index++) put('many', `${index}`, { N: `${NOW - 1}` })
  const stop = sweepExpired(tables, { now: () => NOW * 1000, onFailure })
  const left: number[] = []

  vi.advanceTimersByTime(1000)
  for (let turn = 0; turn < 4; turn++) {
    left.push(idsOf('many').length)
    vi.advanceTimersToNextTimer()
  }

  expect(left).toEqual([250, 50, 0, 0])
  stop()
})

test('a sweep that has more to do deletes more than 5,000 items in a second', () => {
  vi.useFakeTimers()
  createTable('busy')
  enable('busy', true)
  for (let index = 0; index < 6000; index++) put('busy', `${index}`, { N: `${NOW - 1}` })
  const stop = sweepExpired(tables, { now: () => NOW * 1000, onFailure })

  vi.advanceTimersByTime(2000)

  expect(idsOf('busy')).toEqual([])
  stop()
})

test('the time of day decides: set forward more has expired, set back nothing is deleted, and the sweep goes on', () => {
  vi.useFakeTimers()
  createTable('by-the-clock')
  enable('by-the-clock', true)
  let now = NOW
  const stop = sweepExpired(tables, { now: () => now * 1000, onFailure })
  put('by-the-clock', 'in half an hour', { N: `${NOW + 1800}` })

  now -= 3600
  put('by-the-clock', 'expired before', { N: `${NOW - 1800}` })
  vi.advanceTimersByTime(1000)
  const afterBack = idsOf('by-the-clock')
  now = NOW
  vi.advanceTimersByTime(1000)
  const afterReturn = idsOf('by-the-clock')
  now += 3600
  vi.advanceTimersByTime(1000)

  expect(afterBack).toHaveLength(2)
  expect(afterReturn).toEqual(['in half an hour'])
  expect(idsOf('by-the-clock')).toEqual([])
  stop()
})

describe('the files of the tables', () => {
  const ITEMS = 20_000
  const text = 'x'.repeat(1000)
  let folder = ''
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tidewire-sweep-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))
  const sizeOf = (name: string) => statSync(join(folder, name)).size
  const open = () => openTables(join(folder, 'tables.sqlite'))
  const write = (opened: Tables, from: number) => {
    const table = opened.find('log')
    opened.atomically(() => {
      for (let n = from; n < from + ITEMS; n++)
        table?.put(
          { hash: 's', range: String(n).padStart(12, '0') },
          { json: text, size: 1000, expires: NOW },
        )
    })
  }
  const create = (opened: Tables) => {
    const keys = { hashKey: { name: 'id', type: 'S' }, rangeKey: { name: 'n', type: 'N' } } as const
    const settings = { billingMode: 'PAY_PER_REQUEST', createdAt: NOW, timeToLive: 'expires' } as const
    opened.create({ name: 'log', id: 'f1d0b0a0', ...keys, ...settings })
  }
  const sweepAll = (opened: Tables) => {
    while (sweepOnce(opened, NOW * 1000)) {}
  }

  test('become smaller once what expired is deleted', () => {
    const opened = open()
    create(opened)
    write(opened, 0)
    sweepOnce(opened, (NOW - 10) * 1000)
    const full = sizeOf('tables.sqlite') + sizeOf('tables.sqlite-wal')

    sweepAll(opened)

    expect(full).toBeGreaterThan(ITEMS * 1000)
    expect(sizeOf('tables.sqlite')).toBeLessThan(6e6)
    write(opened, ITEMS)
    expect(opened.find('log')?.get({ hash: 's', range: String(ITEMS).padStart(12, '0') })?.json).toBe(text)
    opened.close()
  })

  test('do not grow while as much expires as is written, and the log of SQLite stays small', () => {
    const opened = open()
    create(opened)
    const sizes: number[] = []
    for (let turn = 0; turn < 6; turn++) {
      write(opened, turn * ITEMS)
      sweepAll(opened)
      opened.find('log')?.put({ hash: 'one', range: '' }, { json: text, size: 1000, expires: null })
      sizes.push(sizeOf('tables.sqlite') + sizeOf('tables.sqlite-wal'))
    }

    expect(sizes.at(-1)).toBeLessThan((sizes[1] ?? 0) * 1.2)
    expect(sizeOf('tables.sqlite-wal')).toBeLessThan(10e6)
    opened.close()
  })
})

test('a sweep that fails, as on a full disk, is told and does not end the sweeping', async () => {
  vi.useFakeTimers()
  const full = new Error('database or disk is full')
  let isFull = true
  const failing = {
    ...tables,
    all: () => {
      if (isFull) throw full
      return []
    },
  }
  const failures: unknown[] = []
  const stop = sweepExpired(failing, { onFailure: (error) => failures.push(error) })

  await vi.advanceTimersByTimeAsync(2_500)
  isFull = false
  await vi.advanceTimersByTimeAsync(2_500)
  stop()
  vi.useRealTimers()

  expect(failures).toEqual([full, full])
})
