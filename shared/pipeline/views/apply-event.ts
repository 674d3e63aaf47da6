import { matchesChannel } from '#shared/core/channel.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { messageOf } from '#shared/core/message-of.ts'
import type { View } from '#shared/domain/define-domain.ts'
import { createStateSizes, MOST_STATE_BYTES } from './state-size.ts'

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
function isFolded(view: Pick<View, 'channels'>, { event }: PositionedEvent): boolean {
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

/** A part that an event changed, and the state that it had before. */
type PartChange<State = unknown> = { readonly before: State; readonly after: ViewPart<State> }

/** Called where an event that a view folds is left out of a state of it, with the reason. */
export type OnFault = (reason: string) => void

type Input = PositionedEvent & { readonly epoch: string }

const sizeOf = createStateSizes()

/**
 * Applies an event to the parts of a view that its partition makes, `partOf` a key: the one rule of folding, for the
 * server and for clients (docs/adr/0010). A part that includes the event, or belongs to a later epoch, stays as it
 * is; one of an earlier epoch begins anew. An event that the fold throws at, or that makes a state larger than may
 * be stored, changes nothing. Answers what has changed.
 */
export function applyEvent<State>(
  view: View<State>,
  input: Input,
  partOf: (key: string) => ViewPart<State> | null,
  onFault: OnFault = () => {},
): PartChange<State>[] {
  if (!isFolded(view, input)) return []
  return keysFor(view, input, onFault).flatMap((key) => applyToPart(view, input, key, partOf(key), onFault))
}

/** The keys of the states that an event belongs to; none where the view cannot say: whatever the event is, it must not stop its partition. */
export function keysFor(
  view: Pick<View, 'keys'>,
  input: PositionedEvent,
  onFault: OnFault = () => {},
): readonly string[] {
  try {
    return keysOf(view, input).filter((key) => {
      const reason = refuseKey(key)
      if (reason) onFault(reason)
      return reason === null
    })
  } catch (error) {
    onFault(`keys: ${messageOf(error)}`)
    return []
  }
}

function applyToPart<State>(
  view: View<State>,
  { epoch, ...input }: Input,
  key: string,
  part: ViewPart<State> | null,
  onFault: OnFault,
): PartChange<State>[] {
  if (part && (part.epoch > epoch || (part.epoch === epoch && part.offset >= input.offset))) return []
  try {
    const before = part?.epoch === epoch ? part.state : view.initial(key)
    const state = view.apply(before, input, key)
    if (state === before) return []
    const size = sizeOf(state, before)
    if (size > MOST_STATE_BYTES) {
      onFault(`the state of "${key}" would be ${size} bytes; a state is ${MOST_STATE_BYTES} at most`)
      return []
    }
    const { topic, partition, offset } = input
    return [{ before, after: { key, topic, partition, epoch, offset, state } }]
  } catch (error) {
    onFault(`apply: ${messageOf(error)}`)
    return []
  }
}
