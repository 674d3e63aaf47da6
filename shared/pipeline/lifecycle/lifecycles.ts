import { isOwnChannel, matchesChannel } from '#shared/core/channel.ts'
import type { CloudEvent, PositionedEvent } from '#shared/core/event.ts'
import { type Fault, Refusal } from '#shared/core/refusal.ts'
import type { Domain, Lifecycle } from '#shared/domain/define-domain.ts'
import { keysOf } from '#shared/pipeline/views/apply-event.ts'

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

/**
 * Refuses what nobody may post as an event: moves, which are made by their own calls, since these know who asks and
 * whether he may; and what Tidewire tells of itself. Throws Refusal.
 */
export function refuseReserved(events: readonly CloudEvent[], lifecycles: Lifecycles): void {
  const isBatch = events.length !== 1
  const faults: Fault[] = events.flatMap(({ category }, index) => {
    const detail = reasonAgainst(category, lifecycles)
    return detail === null ? [] : [{ ...(isBatch && { index }), pointer: '/category', detail }]
  })
  if (faults.length === 0) return
  const detail = 'Events of a category that is kept for Tidewire cannot be posted; nothing was written.'
  throw new Refusal('invalid_event', detail, { faults })
}

function reasonAgainst(category: string | undefined, lifecycles: Lifecycles): string | null {
  if (lifecycles.isMove(category))
    return 'is of the moves of a lifecycle; make them with POST /events/{id}/<move>.'
  if (category === 'tidewire' || isOwnChannel(category))
    return 'begins with "tidewire", which Tidewire uses for what it tells of itself; choose another.'
  return null
}
