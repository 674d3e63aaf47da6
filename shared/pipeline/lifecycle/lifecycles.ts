import { matchesChannel } from '#shared/core/channel.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import type { Domain, Lifecycle } from '#shared/domain/define-domain.ts'
import { keysOf } from '#shared/pipeline/views/view-part.ts'

/** A move stands on the channel of its event with this after it. */
const MOVE_SUFFIX = '.lifecycle'

/** A lifecycle, and the view that its states are kept under: `<domain>/<view>`. `keeps`: whether an event has a state at all. */
export type KeptLifecycle = {
  readonly lifecycle: Lifecycle
  readonly view: string
  readonly keeps: (positioned: PositionedEvent) => boolean
}

export type Lifecycles = {
  /** The lifecycle of the events of a channel; null where they have none, as moves do not. */
  of(channel: string | undefined): KeptLifecycle | null
  /** Whether the events of a channel are moves of a lifecycle. */
  isMove(channel: string | undefined): boolean
}

/** The lifecycles of these domains. */
export function lifecyclesOf(domains: readonly Domain[]): Lifecycles {
  const kept = domains.flatMap(({ name, lifecycle, views = {} }): KeptLifecycle[] => {
    const view = lifecycle && views[lifecycle.view]
    if (lifecycle === undefined || view === undefined) return []
    const keeps = (positioned: PositionedEvent) => keysOf(view, positioned).includes(positioned.event.id)
    return [{ lifecycle, keeps, view: `${name}/${lifecycle.view}` }]
  })
  const find = (channel: string) =>
    kept.find(({ lifecycle }) => lifecycle.channels.some((pattern) => matchesChannel(pattern, channel)))
  return {
    of: (channel = '') => (channel.endsWith(MOVE_SUFFIX) ? null : (find(channel) ?? null)),
    isMove: (channel = '') =>
      channel.endsWith(MOVE_SUFFIX) && find(channel.slice(0, -MOVE_SUFFIX.length)) !== undefined,
  }
}

/** The channel of the moves of a channel's events. */
export function moveChannel(channel: string): string {
  return `${channel}${MOVE_SUFFIX}`
}
