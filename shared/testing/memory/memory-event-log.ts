import type { EventLog, NewRecord } from '#shared/pipeline/ports.ts'

/** An EventLog in memory, for tests: every topic has one partition. `records` are all records in the order of their writes. */
export function memoryEventLog(): EventLog & { readonly records: readonly NewRecord[] } {
  const records: NewRecord[] = []
  const lengthOf = (topic: string) => records.filter((record) => record.topic === topic).length
  return {
    records,
    async append(wanted) {
      return wanted.map((record) => {
        const position = { topic: record.topic, partition: 0, offset: lengthOf(record.topic) }
        records.push(record)
        return position
      })
    },
  }
}
