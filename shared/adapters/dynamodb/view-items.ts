import type { Stream } from '#shared/pipeline/ports.ts'
import type { FoldProgress, PartKey, StoredPart } from '#shared/pipeline/views/view-store.ts'
import type { Item } from './batch.ts'

// One table, key (view, part); NUL stands in no key and sorts below everything, so that keys come in order:
//   (port/cases, <key> NUL port-events NUL 0000000002)   a part: epoch, offset, its state as JSON, when it expires
//   (progress#port-events, 0000000002)                   how far partition 2 is folded: epoch, offset, isRebuilding,
//                                                        rebuilds, and how far it was folded when the last began

/** Ends the key in a part's name; what begins with a key and AFTER_KEY comes after all of its parts. */
export const END_OF_KEY = '\u0000'
export const AFTER_KEY = '\u0001'

/** The item of a part. */
export function partKey({ view, key, topic, partition }: PartKey) {
  return { view, part: [key, topic, padded(partition)].join(END_OF_KEY) }
}

/** What the progress of a topic stands under instead of a view. */
export function progressOf(topic: string): string {
  return `progress#${topic}`
}

/** The item of a stream's progress. */
export function progressKey({ topic, partition }: Stream) {
  return { view: progressOf(topic), part: padded(partition) }
}

function padded(partition: number): string {
  return String(partition).padStart(10, '0')
}

export function toPart({ view, key, topic, partition, epoch, offset, state }: Item): StoredPart {
  return {
    view: String(view),
    key: String(key),
    topic: String(topic),
    partition: Number(partition),
    epoch: String(epoch),
    offset: Number(offset),
    state: JSON.parse(String(state)),
  }
}

export function toProgress({ epoch, offset, isRebuilding, rebuilds }: Item): FoldProgress {
  return {
    epoch: String(epoch),
    offset: Number(offset),
    isRebuilding: isRebuilding === true,
    ...(rebuilds !== undefined && { rebuilds: Number(rebuilds) }),
  }
}
