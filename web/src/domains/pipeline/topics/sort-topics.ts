import type { Streams } from '#shared/core/streams.ts'

/** A topic as a row. */
export type TopicRow = {
  readonly name: string
  readonly partitions: number
  readonly records: number
  readonly rate: number
  readonly groups: number
  /** The largest lag of a group in this topic. */
  readonly lag: number
}

export const COLUMNS = [
  ['name', 'Topic'],
  ['partitions', 'Partitions'],
  ['records', 'Records'],
  ['rate', 'Records/s'],
  ['groups', 'Groups'],
  ['lag', 'Largest lag'],
] as const satisfies readonly (readonly [keyof TopicRow, string])[]
export type Column = (typeof COLUMNS)[number][0]

/** Whether a topic is of Kafka itself, such as that of the offsets of groups. */
export function isInternal(name: string): boolean {
  return name.startsWith('__')
}

/** Returns a row for each topic. */
export function topicRows({ topics, groups }: Streams): TopicRow[] {
  const lags = new Map<string, number[]>()
  for (const { offsets } of groups) {
    const own = Map.groupBy(offsets, ({ topic }) => topic)
    for (const [topic, some] of own) {
      const lag = some.reduce((sum, one) => sum + (one.lag ?? 0), 0)
      lags.set(topic, [...(lags.get(topic) ?? []), lag])
    }
  }
  return topics.map(({ name, partitions, records, recordsPerSecond }) => {
    const own = lags.get(name) ?? []
    const counts = { groups: own.length, lag: Math.max(0, ...own) }
    return { name, partitions: partitions.length, records, rate: recordsPerSecond, ...counts }
  })
}

/** Sorts rows by a column: names upwards, numbers from the largest on; the other way round if `isTurned`. */
export function sortRows(rows: readonly TopicRow[], column: Column, isTurned: boolean): TopicRow[] {
  const byName = (left: TopicRow, right: TopicRow) =>
    left.name < right.name ? -1 : left.name > right.name ? 1 : 0
  const compare = (left: TopicRow, right: TopicRow) =>
    column === 'name' ? byName(left, right) : right[column] - left[column] || byName(left, right)
  return rows.toSorted((left, right) => (isTurned ? compare(right, left) : compare(left, right)))
}
