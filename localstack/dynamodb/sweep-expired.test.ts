import { afterEach, expect, test, vi } from 'vitest'
import { runOperation } from './operations/run-operation.ts'
import { openTables } from './storage/open-tables.ts'
import { sweepExpired } from './sweep-expired.ts'

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
  const stop = sweepExpired(tables, () => NOW * 1000)

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
  const stop = sweepExpired(tables, () => NOW * 1000)

  vi.advanceTimersByTime(1500)

  expect(idsOf('kept-for-ever')).toEqual(['expired'])
  stop()
})

test('a sweep of many leaves room for requests, and goes on until all are deleted', async () => {
  vi.useFakeTimers()
  createTable('many')
  enable('many', true)
  for (let index = 0; index < 450; index++) put('many', `${index}`, { N: `${NOW - 1}` })
  const stop = sweepExpired(tables, () => NOW * 1000)
  const left: number[] = []

  vi.advanceTimersByTime(1000)
  for (let turn = 0; turn < 4; turn++) {
    left.push(idsOf('many').length)
    vi.advanceTimersToNextTimer()
  }

  expect(left).toEqual([250, 50, 0, 0])
  stop()
})
