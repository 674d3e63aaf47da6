import type { PositionedEvent } from '#shared/core/event.ts'
import type { Interest } from '#shared/core/interest.ts'
import type { Since } from '#shared/core/messages.ts'
import type { TidewireState } from './client-state.ts'
import { type CursorStorage, type CursorStore, createCursorStore } from './cursor-store.ts'
import type { Settings } from './options.ts'
import type { ClientError, Gap, Hub, Subscriber } from './subscriber.ts'
import {
  createSubscriptionState,
  resumeFrom,
  type SubscriptionDefinition,
  type SubscriptionOutput,
  type SubscriptionState,
} from './subscription-state.ts'

/** An event with its position, as callbacks get it. */
export type ReceivedEvent = PositionedEvent

export type SubscribeRequest = Interest & {
  /** `latest` (the default), `earliest`, a cursor or an RFC 3339 time. A stored cursor goes before it. */
  readonly since?: Since
}
export type SubscribeHandlers = {
  /** Events were lost to this subscription: they are older than the log, or the topic was created anew. */
  readonly onGap?: (gap: Gap) => void
  readonly onState?: (state: TidewireState) => void
  readonly onError?: (error: ClientError) => void
  /** Under which key of `storage` to keep the cursor across page loads. */
  readonly key?: string
}

/** Makes a subscription ready to ask: its callbacks guarded, its stored cursor read. Throws CursorError. */
export function createSubscriber(
  { settings, hub }: { readonly settings: Settings; readonly hub: Hub },
  definition: SubscriptionDefinition,
  onEvent: (positioned: ReceivedEvent) => void,
  { onGap, onError, key }: SubscribeHandlers,
): Subscriber {
  const report = onError ?? settings.onError
  const guard =
    <T>(callback: (value: T) => void) =>
    (value: T) => {
      try {
        callback(value)
      } catch (cause) {
        report({ code: 'callback_failed', detail: 'a callback of the subscriber threw', cause })
      }
    }
  const guarded = guard(onEvent)
  const output: SubscriptionOutput = {
    event: (positioned) => {
      store?.touch()
      guarded(positioned)
    },
    gap: guard((gap: Gap) => onGap?.(gap)),
    error: report,
  }
  const { storage, clock } = settings
  const kept = storage && key !== undefined ? { storage, key } : null
  const state = createState(definition, kept && readStored(kept), output)
  const store: CursorStore | null =
    kept && createCursorStore({ ...kept, clock }, () => (state.started ? resumeFrom(state) : null))
  return { state, hub, store, report, aborter: new AbortController(), cancelAsk: null, unanswered: 0 }
}

function readStored({ storage, key }: { storage: CursorStorage; key: string }): string | null {
  try {
    return storage.getItem(key)
  } catch {
    return null // a browser may forbid storage
  }
}

function createState(
  definition: SubscriptionDefinition,
  stored: string | null,
  output: SubscriptionOutput,
): SubscriptionState {
  if (stored?.includes('@'))
    try {
      return createSubscriptionState({ ...definition, since: stored }, output)
    } catch {
      // What somebody else left in the storage is no position of ours.
    }
  return createSubscriptionState(definition, output)
}
