import { countOf, formatCount } from '../printable.ts'

/** How many refusals are kept to be listed; beyond that they are counted. */
const LISTED = 100

export type Refusal = { readonly at: string; readonly detail: string }
export type Placed = { readonly topic: string; readonly partition: number }

/** What happened so far. */
export type Tally = {
  readonly read: () => void
  readonly placed: (events: readonly Placed[]) => void
  readonly refused: (refusal: Refusal) => void
  readonly counts: () => { readonly records: number; readonly published: number; readonly refused: number }
  readonly report: (seconds: number) => Report
}

/** What `--json` prints; `topics` holds topic → partition → events. */
export type Report = {
  readonly records: number
  readonly published: number
  readonly refused: number
  readonly seconds: number
  readonly topics: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly refusals: readonly Refusal[]
}

/** Counts records, events per partition, and refusals; `onRefused` hears of each refusal with its number from 1. */
export function createTally(onRefused: (refusal: Refusal, count: number) => void): Tally {
  let records = 0
  let published = 0
  let refused = 0
  const topics = new Map<string, Map<number, number>>()
  const refusals: Refusal[] = []
  return {
    read: () => {
      records++
    },
    placed: (events) => {
      published += events.length
      for (const { topic, partition } of events) {
        const partitions = topics.get(topic) ?? new Map<number, number>()
        topics.set(topic, partitions.set(partition, (partitions.get(partition) ?? 0) + 1))
      }
    },
    refused: (refusal) => {
      refused++
      if (refusals.length < LISTED) refusals.push(refusal)
      onRefused(refusal, refused)
    },
    counts: () => ({ records, published, refused }),
    report: (seconds) => ({
      records,
      published,
      refused,
      seconds: Math.round(seconds * 1000) / 1000,
      topics: toObject(topics),
      refusals,
    }),
  }
}

/** The one line at the end: `published 5,821 of 5,821 records (0 refused) to 2 topics in 3.1 s`. */
export function summarize({ records, published, refused, seconds, topics }: Report): string {
  const done = `published ${formatCount(published)} of ${countOf(records, 'record')} (${formatCount(refused)} refused)`
  return `${done} to ${countOf(Object.keys(topics).length, 'topic')} in ${seconds.toFixed(1)} s`
}

function toObject(topics: ReadonlyMap<string, ReadonlyMap<number, number>>): Report['topics'] {
  const sorted = [...topics].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([topic, partitions]) => [topic, Object.fromEntries(partitions)]))
}
