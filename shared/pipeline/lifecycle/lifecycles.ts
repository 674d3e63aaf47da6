import { matchesChannel } from '#shared/core/channel.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { Domain, Lifecycle } from '#shared/domain/define-domain.ts'
import { MOVE_SUFFIX } from '#shared/pipeline/catalog.ts'
import { everyKeyOf } from '#shared/pipeline/views/apply-event.ts'

/** A lifecycle, and the name of the view that keeps its states: `<domain>/<view>`. */
export type KeptLifecycle = {
  readonly lifecycle: Lifecycle
  readonly view: string
  readonly domain: string
  /** The keys that the view may keep the state of an event under, the present one first; none if it keeps none. */
  readonly keysOf: (positioned: PositionedEvent) => readonly string[]
  /** Returns the state of an event that is erased without its data: the views may not have folded the erasure yet. */
  readonly forget: (state: unknown, positioned: PositionedEvent) => unknown
}

export type Lifecycles = {
  /** Returns the lifecycle of the events of a channel; null if they have none, as moves. */
  of(channel: string | undefined): KeptLifecycle | null
  /** Whether the events of a channel are moves of a lifecycle. */
  isMove(channel: string | undefined): boolean
  /** The names of the views that keep the states. */
  readonly views: ReadonlySet<string>
  /** The members of a state's summary that lists can be filtered by, of all lifecycles. */
  readonly filters: readonly string[]
}

/** Returns the lifecycles of these domains. */
export function lifecyclesOf(domains: readonly Domain[]): Lifecycles {
  const kept = domains.flatMap(({ name, lifecycle, views = {} }): KeptLifecycle[] => {
    const view = lifecycle && views[lifecycle.view]
    if (lifecycle === undefined || view === undefined) return []
    const keysOf = (positioned: PositionedEvent) => everyKeyOf(view, positioned)
    const forget = (state: unknown, positioned: PositionedEvent) => {
      const [key = ''] = keysOf(positioned)
      const { event, offset } = positioned
      return view.erasing?.forget ? view.erasing.forget(state, { ...event, offset }, key) : state
    }
    return [{ lifecycle, keysOf, forget, domain: name, view: `${name}/${lifecycle.view}` }]
  })
  const find = (channel: string) =>
    kept.find(({ lifecycle }) => lifecycle.channels.some((pattern) => matchesChannel(pattern, channel)))
  return {
    of: (channel = '') => (channel.endsWith(MOVE_SUFFIX) ? null : (find(channel) ?? null)),
    isMove: (channel = '') =>
      channel.endsWith(MOVE_SUFFIX) && find(channel.slice(0, -MOVE_SUFFIX.length)) !== undefined,
    views: new Set(kept.map(({ view }) => view)),
    filters: [...new Set(kept.flatMap(({ lifecycle }) => lifecycle.filters))],
  }
}

/** Returns the channel of the moves of a channel's events. */
export function moveChannel(channel: string): string {
  return `${channel}${MOVE_SUFFIX}`
}
