import { type Fault, Refusal } from '../errors.ts'
import type { CloudEvent } from '../event.ts'
import type { Lifecycles } from './lifecycles.ts'

/** Moves are made by their own calls, which know who asks and whether he may: nobody writes them as events. Throws Refusal. */
export function refuseMoves(events: readonly CloudEvent[], lifecycles: Lifecycles): void {
  const isBatch = events.length !== 1
  const detail = 'is of the moves of a lifecycle; make them with POST /events/{id}/<move>.'
  const faults: Fault[] = events.flatMap(({ category }, index) =>
    lifecycles.isMove(category) ? [{ ...(isBatch && { index }), pointer: '/category', detail }] : [],
  )
  if (faults.length > 0)
    throw new Refusal(
      'invalid_event',
      'Moves of a lifecycle cannot be posted as events; nothing was written.',
      {
        faults,
      },
    )
}
