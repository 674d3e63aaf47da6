import { matchesChannel } from '#shared/core/channel.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { Domain, Lifecycle } from '#shared/domain/define-domain.ts'
import { MOVE_SUFFIX } from '#shared/pipeline/catalog.ts'
import { keysOf } from '#shared/pipeline/views/apply-event.ts'

/** A lifecycle, and the name of the view that keeps its states: `<domain>/<view>`. */
export type KeptLifecycle = {
  readonly lifecycle: Lifecycle
  readonly view: string
  readonly domain: string
  /** Whether the view keeps a state of this event. */
  readonly keeps: (positioned: PositionedEvent) => boolean
  /** Returns the state of an event that is erased without its data: the views may not have folded the erasure yet. */
  readonly forget: (state: unknown, positioned: PositionedEvent) => unknown
}

export type Lifecycles = {
  /** Returns the lifecycle of the events of a channel; null if they have none, as moves. */
  of(channel: string | undefined): KeptLifecycle | null
  /** Whether the events of a channel are moves of a lifecycle. */
  isMove(channel: string | undefined): boolean
  /** The members of a state's summary that lists can be filtered by, of all lifecycles. */
  readonly filters: readonly string[]
}

/** Returns the lifecycles of these domains. */
export function lifecyclesOf(domains: readonly Domain[]): Lifecycles {
  const kept = domains.flatMap(({ name, lifecycle, views = {} }): KeptLifecycle[] => {
    const view = lifecycle && views[lifecycle.view]
    if (lifecycle === undefined || view === undefined) return []
    const keeps = (positioned: PositionedEvent) => keysOf(view, positioned).includes(positioned.event.id)
    const forget = (state: unknown, { event, offset }: PositionedEvent) =>
      view.erasing?.forget ? view.erasing.forget(state, { ...event, offset }, event.id) : state
    return [{ lifecycle, keeps, forget, domain: name, view: `${name}/${lifecycle.view}` }]
  })
  const find = (channel: string) =>
    kept.find(({ lifecycle }) => lifecycle.channels.some((pattern) => matchesChannel(pattern, channel)))
  return {
    of: (channel = '') => (channel.endsWith(MOVE_SUFFIX) ? null : (find(channel) ?? null)),
    isMove: (channel = '') =>
      channel.endsWith(MOVE_SUFFIX) && find(channel.slice(0, -MOVE_SUFFIX.length)) !== undefined,
    filters: [...new Set(kept.flatMap(({ lifecycle }) => lifecycle.filters))],
  }
}

/** Returns the channel of the moves of a channel's events. */
export function moveChannel(channel: string): string {
  return `${channel}${MOVE_SUFFIX}`
}
