import { countOf, formatCount, printable } from './printable.ts'

/** Number of refusals in the report. Further ones are only counted. */
const LISTED = 100
/** Number of refusals that are printed when they happen. */
const PRINTED = 20

export type Refusal = { readonly at: string; readonly detail: string }
/** Where an accepted event is in the log. */
export type Placed = { readonly topic: string; readonly partition: number }
export type Counts = { readonly records: number; readonly published: number; readonly refused: number }

/** Counts what happened so far. */
export type Tally = {
  readonly read: () => void
  readonly placed: (events: readonly Placed[]) => void
  readonly refused: (refusal: Refusal) => void
  /** Notes an event that was accepted, and why it will not do what its producer may expect. */
  readonly warned: (warning: Refusal) => void
  readonly counts: () => Counts
  readonly report: (seconds: number) => Report
}

/** What `--json` prints. In `topics`: topic → partition → number of events. */
export type Report = Counts & {
  readonly seconds: number
  readonly topics: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly refusals: readonly Refusal[]
  /** Warnings about events that were published, and the first of them. */
  readonly warned: number
  readonly warnings: readonly Refusal[]
}

/** Returns a tally that prints the first refusals with `print`, one line each. */
export function createTally(print: (line: string) => void): Tally {
  let records = 0
  let published = 0
  let refused = 0
  const topics = new Map<string, Map<number, number>>()
  const refusals: Refusal[] = []
  let warned = 0
  const warnings: Refusal[] = []
  const counts = (): Counts => ({ records, published, refused })
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
      if (refused <= PRINTED) print(printable(`refused: ${refusal.at} ${refusal.detail}`))
      if (refused === PRINTED) print(`${formatCount(PRINTED)} refusals shown; further ones are only counted`)
    },
    warned: (warning) => {
      warned++
      if (warnings.length < LISTED) warnings.push(warning)
      if (warned <= PRINTED) print(printable(`warning: ${warning.at} ${warning.detail}`))
      if (warned === PRINTED) print(`${formatCount(PRINTED)} warnings shown; further ones are only counted`)
    },
    counts,
    report: (seconds) => ({
      ...counts(),
      seconds: Math.round(seconds * 1000) / 1000,
      topics: toObject(topics),
      refusals,
      warned,
      warnings,
    }),
  }
}

/** The summary of a report: `published 5,821 of 5,821 records (0 refused) to 2 topics in 3.1 s`. */
export function summarize({ records, published, refused, seconds, topics }: Report): string {
  const done = `published ${formatCount(published)} of ${countOf(records, 'record')} (${formatCount(refused)} refused)`
  return `${done} to ${countOf(Object.keys(topics).length, 'topic')} in ${seconds.toFixed(1)} s`
}

function toObject(topics: ReadonlyMap<string, ReadonlyMap<number, number>>): Report['topics'] {
  const sorted = [...topics].sort(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(sorted.map(([topic, partitions]) => [topic, Object.fromEntries(partitions)]))
}
