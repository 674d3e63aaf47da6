import { createHash } from 'node:crypto'
import type { CloudEvent } from '#shared/core/event.ts'
import { canonicalJson } from './canonical-json.ts'
import { countOccurrences } from './count-occurrences.ts'
import type { EventDraft } from './map-record.ts'

/**
 * Gives events that lack an id one that is derived from their content: half of the SHA-256 of the canonical JSON,
 * and `-2`, `-3`… for further records of the same content. So identical rows are events of their own,
 * and a second run of the same file makes the same ids and adds nothing.
 */
export function deriveIds(): (draft: EventDraft) => CloudEvent {
  const occurrence = countOccurrences()
  return (draft) => {
    const { id, specversion, ...rest } = draft
    if (id !== undefined) return { ...draft, id }
    const digest = createHash('sha256')
      .update(canonicalJson({ specversion, ...rest }))
      .digest()
    const count = occurrence(digest.readUInt32BE(0), digest.readUInt32BE(4))
    const name = digest.toString('hex', 0, 16)
    return { specversion, id: count === 1 ? name : `${name}-${count}`, ...rest }
  }
}
