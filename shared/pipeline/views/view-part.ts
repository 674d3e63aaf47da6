import { matchesChannel } from '#shared/core/channel.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { View } from '#shared/domain/define-domain.ts'

/** The part of a view's state that one partition's events made. `offset` is the last event that it includes. */
export type ViewPart<State = unknown> = {
  readonly key: string
  readonly topic: string
  readonly partition: number
  readonly epoch: string
  readonly offset: number
  readonly state: State
}

/** Whether a view folds an event. Only channels decide. */
export function isFolded(view: Pick<View, 'channels'>, { event }: PositionedEvent): boolean {
  const channel = event.category
  return channel !== undefined && view.channels.some((pattern) => matchesChannel(pattern, channel))
}

/** A key is a sort key of the stored parts, which DynamoDB limits to 1,024 bytes, the name of the topic included. */
const MOST_KEY_BYTES = 512
const encoder = new TextEncoder()

/** Why no part can be stored under a key, or null. */
export function refuseKey(key: string): string | null {
  const quoted = JSON.stringify(key.slice(0, 80))
  if (key.includes('\0')) return `the key ${quoted} contains the character NUL`
  if (!key.isWellFormed()) return `the key ${quoted} is no Unicode`
  const size = key.length * 3 <= MOST_KEY_BYTES ? 0 : encoder.encode(key).length
  return size > MOST_KEY_BYTES ? `the key ${quoted}… is longer than ${MOST_KEY_BYTES} bytes` : null
}

/** The keys of the states that an event belongs to. */
export function keysOf(view: Pick<View, 'keys'>, input: PositionedEvent): readonly string[] {
  return view.keys ? [...new Set(view.keys(input))] : ['']
}

/** Joins the parts of one key, in the order of topic and partition; null where there are none. */
export function mergeParts<State>(view: View<State>, parts: readonly ViewPart<State>[]): State | null {
  const ordered = [...parts].sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  )
  const [first, ...rest] = ordered
  if (first === undefined) return null
  const { merge } = view
  if (rest.length === 0) return first.state
  if (merge) return rest.reduce((state, part) => merge(state, part.state), first.state)
  // A key whose events share a partition key has one part; after its topic got more partitions, the last one to change counts.
  return ordered.reduce((last, part) => (part.offset > last.offset ? part : last)).state
}
