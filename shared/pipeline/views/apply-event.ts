import { matchesChannel } from '#shared/core/channel.ts'
import { erasureOf } from '#shared/core/erasure.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { approximate } from '#shared/core/json/exact-json.ts'

import { messageOf } from '#shared/core/text/message-of.ts'
import type { View } from '#shared/domain/define-domain.ts'
import { createStateSizes, MAX_STATE_BYTES } from './state-size.ts'

/** The part of a view's state that one partition's events made. `offset` is the last event that it includes. */
export type ViewPart<State = unknown> = {
  readonly key: string
  readonly topic: string
  readonly partition: number
  readonly epoch: string
  readonly offset: number
  readonly state: State
}

/** A part that an event changed, and the state that it had before. */
export type PartChange<State = unknown> = { readonly before: State; readonly after: ViewPart<State> }

/** Called with the reason if an event that a view folds is skipped for one of its states: that of a key, or of any. */
export type OnFault = (reason: string, key?: string) => void

type Input = PositionedEvent & { readonly epoch: string; readonly exactData?: unknown }

/** Returns the size of a state in bytes of JSON. `before`, the state that it was made from, makes it faster. */
export const sizeOf = createStateSizes()

/**
 * Applies an event to the parts of a view that its partition makes; `partOf` returns the part of a key. This is the one
 * rule of folding, for the server and for clients (docs/adr/0010). A part that includes the event, or belongs to a later
 * epoch, stays as it is; a part of an earlier epoch starts from the initial state. An event that the fold throws on, or
 * that makes a state larger than can be stored, changes nothing. An erasure removes from its parts what another event
 * has left in them (docs/adr/0032). Returns the parts that changed.
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

/** Whether a view folds an event: its channel decides, and whether it moves anything. */
function isFolded(view: Pick<View, 'channels'>, input: PositionedEvent): boolean {
  const channel = input.event.category
  if (channel === undefined || movesNothing(input)) return false
  return view.channels.some((pattern) => matchesChannel(pattern, channel))
}

/** Whether an event changes no state, because its time is too far ahead. What was erased stays erased in any case. */
export function movesNothing({ ahead, event }: Pick<PositionedEvent, 'ahead' | 'event'>): boolean {
  return ahead === true && erasureOf(event) === null
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
    const state = applyOrForget(view, before, input, key)
    if (state === before) return []
    const size = sizeOf(state, before)
    if (size > MAX_STATE_BYTES) {
      onFault(`the state of "${key}" would be ${size} bytes; the maximum is ${MAX_STATE_BYTES}`, key)
      return []
    }
    const { topic, partition, offset } = input
    return [{ before, after: { key, topic, partition, epoch, offset, state } }]
  } catch (error) {
    onFault(`apply: ${messageOf(error)}`, key)
    return []
  }
}

function applyOrForget<State>(
  { apply, erasing }: View<State>,
  state: State,
  input: PositionedEvent,
  key: string,
): State {
  const erasure = erasureOf(input.event)
  if (erasure === null) return apply(state, input, key)
  return erasing?.forget ? erasing.forget(state, erasure, key) : state
}

/**
 * Returns an event as folds get it: code that computes needs plain numbers. It is the same one if it has no others.
 */
export function toFoldInput<Positioned extends PositionedEvent>(
  positioned: Positioned,
): Positioned & { readonly exactData?: unknown } {
  const { event } = positioned
  const data = approximate(event.data)
  return data === event.data
    ? positioned
    : { ...positioned, event: { ...event, data }, exactData: event.data }
}

/** Returns the keys of the states that an event belongs to, without duplicates. Throws what the view throws. */
export function keysOf({ keys }: Pick<View, 'keys'>, input: PositionedEvent): readonly string[] {
  if (keys === undefined) return ['']
  return [...new Set(erasureOf(input.event)?.keys ?? keys(input))]
}

/**
 * Returns the keys that an event belongs to and that can be stored; none if the view throws, because no event may stop
 * its partition.
 */
export function keysFor(
  view: Pick<View, 'keys'>,
  input: PositionedEvent,
  onFault: OnFault = () => {},
): readonly string[] {
  try {
    return keysOf(view, input).filter((key) => {
      const reason = keyProblem(key)
      if (reason) onFault(reason, key)
      return reason === null
    })
  } catch (error) {
    onFault(`keys: ${messageOf(error)}`)
    return []
  }
}

/** Returns the keys of the states that may have an event, with those that an earlier version kept them under. */
export function everyKeyOf(
  view: Pick<View, 'keys' | 'formerKeys'>,
  input: PositionedEvent,
): readonly string[] {
  const { keys, formerKeys } = view
  const plain = toFoldInput(input)
  if (keys === undefined || formerKeys === undefined) return keysFor(view, plain)
  return [...new Set([...keysFor(view, plain), ...keysFor({ keys: formerKeys }, plain)])]
}

/** A key is part of a DynamoDB sort key of at most 1,024 bytes, together with the name of the topic. */
const MAX_KEY_BYTES = 512
const encoder = new TextEncoder()

function keyProblem(key: string): string | null {
  const quoted = JSON.stringify(key.slice(0, 80))
  if (key.includes('\0')) return `the key ${quoted} contains the character NUL`
  if (!key.isWellFormed()) return `the key ${quoted} is not valid Unicode`
  const size = key.length * 3 <= MAX_KEY_BYTES ? 0 : encoder.encode(key).length
  return size > MAX_KEY_BYTES ? `the key ${quoted}… is longer than ${MAX_KEY_BYTES} bytes` : null
}

/** Joins the parts of one key, in the order of topic and partition. Returns null if there are none. */
export function mergeParts<State>(view: View<State>, parts: readonly ViewPart<State>[]): State | null {
  const ordered = [...parts].sort((a, b) =>
    a.topic === b.topic ? a.partition - b.partition : a.topic < b.topic ? -1 : 1,
  )
  const [first, ...rest] = ordered
  if (first === undefined) return null
  const { merge } = view
  if (rest.length === 0) return first.state
  if (merge) return rest.reduce((state, part) => merge(state, part.state), first.state)
  // A key whose events share a partition key has one part. If its topic got more partitions, the last changed part is used.
  return ordered.reduce((last, part) => (part.offset > last.offset ? part : last)).state
}
