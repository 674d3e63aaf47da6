import type { PositionedEvent } from '#shared/core/event.ts'
import { messageOf } from '#shared/core/message-of.ts'
import type { View } from '#shared/domain/define-domain.ts'
import { createStateSizes, MOST_STATE_BYTES } from './state-size.ts'
import { isFolded, keysOf, refuseKey, type ViewPart } from './view-part.ts'

/** A part that an event changed, and the state that it had before. */
export type PartChange<State = unknown> = { readonly before: State; readonly after: ViewPart<State> }

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
