import { describe, expect, it } from 'vitest'
import type { Streams } from '#shared/core/streams.ts'
import { sortRows, topicRows } from './sort-topics.ts'

const topic = (name: string, records: number, recordsPerSecond: number) => ({
  name,
  records,
  recordsPerSecond,
  partitions: [{ partition: 0, earliest: 0, latest: records, leader: 1, replicas: [1], inSync: [1] }],
})
const group = (name: string, lags: Readonly<Record<string, number>>) => ({
  name,
  state: 'Stable',
  members: [],
  lag: 0,
  lagMs: 0,
  offsets: Object.entries(lags).map(([topic, lag]) => ({
    topic,
    partition: 0,
    committed: 0,
    end: lag,
    lag,
    lagMs: 0,
  })),
})
const streams: Streams = {
  brokers: [],
  topics: [topic('b', 5, 1), topic('a', 9, 0), topic('c', 5, 3)],
  groups: [group('x', { a: 2, b: 1 }), group('y', { a: 7 })],
}

describe('the rows of topics', () => {
  it('have the number of groups, and the largest of their lags', () => {
    expect(topicRows(streams)).toMatchObject([
      { name: 'b', groups: 1, lag: 1 },
      { name: 'a', groups: 2, lag: 7 },
      { name: 'c', groups: 0, lag: 0 },
    ])
  })

  it('are sorted by a column, and the other way round', () => {
    const names = (...by: Parameters<typeof sortRows> extends [unknown, ...infer Rest] ? Rest : never) =>
      sortRows(topicRows(streams), ...by)
        .map(({ name }) => name)
        .join('')
    expect(names('name', false)).toBe('abc')
    expect(names('name', true)).toBe('cba')
    expect(names('records', false)).toBe('abc')
    expect(names('rate', false)).toBe('cba')
    expect(names('lag', true)).toBe('cba')
  })
})
