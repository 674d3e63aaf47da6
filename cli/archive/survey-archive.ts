import { ERASED_TYPE, isErased } from '#shared/core/erasure.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { domains } from '#shared/domain/catalog.ts'
import { authorFaults, sourceFault } from '#shared/pipeline/accept/authorship.ts'
import type { ArchivedRecord } from '#shared/pipeline/archive/archive-file.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import { identityOf } from '#shared/pipeline/claim-store.ts'
import { type ArchivePartition, readPartition } from './read-archive.ts'

/** Which records to replay, by when Kafka got them, in milliseconds since 1970. */
export type TimeRange = { readonly from: number; readonly to: number }

/** What is not replayed: erased events, what Tidewire alone writes, and records that are no event. */
export type LeftOut = { readonly erased: number; readonly internal: number; readonly noEvent: number }

export type Survey = {
  readonly count: number
  readonly byTopic: Readonly<Record<string, number>>
  readonly leftOut: LeftOut
  /** Returns the event of a record that is to be replayed, null for any other. */
  readonly eventOf: (record: ArchivedRecord) => CloudEvent | null
}

/** May publish everything, and say who acted: what this author may not, the server alone may. */
const ANY_AUTHOR = { name: '', role: 'admin', actsForOthers: true } as const

/** Reads all files, and returns what of them is to be replayed. Throws as `readPartition` does. */
export async function surveyArchive(
  partitions: readonly ArchivePartition[],
  { from, to }: TimeRange,
): Promise<Survey> {
  const catalog = createCatalog(domains)
  const erased = await findErased(partitions)
  const kindOf = (record: ArchivedRecord): keyof LeftOut | 'event' | 'other time' => {
    if (record.timestamp < from || record.timestamp >= to) return 'other time'
    if (!('event' in record)) return 'noEvent'
    const { event } = record
    if (isErased(event) || erased.has(identityOf(event))) return 'erased'
    const faults = [...sourceFault(event.source), ...authorFaults(event, ANY_AUTHOR, catalog)]
    return faults.length > 0 ? 'internal' : 'event'
  }
  const byTopic: Record<string, number> = {}
  const leftOut = { erased: 0, internal: 0, noEvent: 0 }
  for (const partition of partitions)
    for await (const record of readPartition(partition)) {
      const kind = kindOf(record)
      if (kind === 'event') byTopic[record.topic] = (byTopic[record.topic] ?? 0) + 1
      else if (kind !== 'other time') leftOut[kind]++
    }
  return {
    count: Object.values(byTopic).reduce((sum, count) => sum + count, 0),
    byTopic,
    leftOut,
    eventOf: (record) => ('event' in record && kindOf(record) === 'event' ? record.event : null),
  }
}

/** A copy of the archive may be older than an erasure that it has itself, at any time. */
async function findErased(partitions: readonly ArchivePartition[]): Promise<ReadonlySet<string>> {
  const erased = new Set<string>()
  for (const partition of partitions)
    for await (const record of readPartition(partition)) {
      if (!('event' in record) || record.event.type !== ERASED_TYPE) continue
      const { id, source } = record.event.data as { readonly id: string; readonly source: string }
      erased.add(identityOf({ id, source }))
    }
  return erased
}
