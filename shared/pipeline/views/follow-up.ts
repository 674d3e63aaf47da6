import { createHash } from 'node:crypto'
import type { Position } from '#shared/core/event.ts'
import { FOLLOW_UP_SOURCE } from '#shared/core/lead.ts'
import type { ClaimKey } from '#shared/pipeline/claim-store.ts'

/**
 * Returns the source and id of an event that follows from another: the `index`th that a view emits for a key. The id is
 * a hash of the view, the key and the position that it follows from. So the same pair is written if the same event is
 * folded again, and it can be found from the event.
 */
export function followUp(
  view: string,
  key: string,
  { topic, epoch, partition, offset }: Position & { readonly epoch: string },
  index: number,
): ClaimKey {
  const name = JSON.stringify([view, key, topic, epoch, partition, offset, index])
  return { id: createHash('sha256').update(name).digest('base64url'), source: `${FOLLOW_UP_SOURCE}${view}` }
}
