import { isOwnChannel } from '#shared/core/channel.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { type Fault, Refusal } from '#shared/core/refusal.ts'
import type { Lifecycles } from './lifecycles.ts'

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
