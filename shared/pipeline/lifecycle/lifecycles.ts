import { isOwnChannel, matchesChannel } from '#shared/core/channel.ts'
import type { CloudEvent, PositionedEvent } from '#shared/core/event.ts'
import { type Fault, Refusal } from '#shared/core/refusal.ts'
import type { Domain, Lifecycle } from '#shared/domain/define-domain.ts'
import { keysOf } from '#shared/pipeline/views/apply-event.ts'

/** The channel of a move is that of its event with this suffix. */
const MOVE_SUFFIX = '.lifecycle'

/** A lifecycle, and the name of the view that keeps its states: `<domain>/<view>`. */
export type KeptLifecycle = {
  readonly lifecycle: Lifecycle
  readonly view: string
  readonly domain: string
  /** Whether the view keeps a state of this event. */
  readonly keeps: (positioned: PositionedEvent) => boolean
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
    return [{ lifecycle, keeps, domain: name, view: `${name}/${lifecycle.view}` }]
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

/**
 * Checks that nobody posts what only Tidewire writes: moves, which have requests of their own that know the caller and
 * its role, and Tidewire's own events. Throws Refusal `invalid_event` naming each such event.
 */
export function assertUnreserved(events: readonly CloudEvent[], lifecycles: Lifecycles): void {
  const isBatch = events.length !== 1
  const faults: Fault[] = events.flatMap(({ category }, index) => {
    const detail = reservedProblem(category, lifecycles)
    return detail === null ? [] : [{ ...(isBatch && { index }), pointer: '/category', detail }]
  })
  if (faults.length === 0) return
  const detail = 'Events of a category that is reserved for Tidewire cannot be posted; nothing was written.'
  throw new Refusal('invalid_event', detail, { faults })
}

function reservedProblem(category: string | undefined, lifecycles: Lifecycles): string | null {
  if (lifecycles.isMove(category))
    return 'is for the moves of a lifecycle; make them with POST /events/{id}/<move>.'
  if (category === 'tidewire' || isOwnChannel(category))
    return 'begins with "tidewire", which is reserved for Tidewire; choose another.'
  return null
}
