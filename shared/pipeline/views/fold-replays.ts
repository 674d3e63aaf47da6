import { type Claim, type ClaimStore, isSameEvent } from '#shared/pipeline/claim-store.ts'
import { claimOf, isHeldBy } from '#shared/pipeline/consume/consume.ts'
import type { DeadLetter, UnfoldedPart } from '#shared/pipeline/dead-letters/dead-letter.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import type { StoredEvent, Stream } from '#shared/pipeline/ports.ts'

type ReplayDeps = {
  readonly claims: Pick<ClaimStore, 'claim' | 'find'>
  readonly deadLetters: Pick<DeadLetterStore, 'get'>
}

/** The source of the claims by which the parts of a letter get its event once. Their ids name the letters. */
const CLAIMS_SOURCE = 'urn:tidewire:replays'

/**
 * Returns what replays change whose event was in the log already when its dead letter was found: the parts of views that
 * it is missing in, once, however often the letter is replayed; by the offset of the replay (docs/adr/0035). Every other
 * replay is an event like any other. A rebuild folds the first record again, so it needs a replay only where that is
 * another event, or was never stored.
 */
export async function replayedParts(
  events: readonly StoredEvent[],
  stream: Stream,
  isRebuilder: boolean,
  { claims, deadLetters }: ReplayDeps,
): Promise<ReadonlyMap<number, readonly UnfoldedPart[]>> {
  const found = new Map<number, readonly UnfoldedPart[]>()
  for (const stored of events) {
    const letter = stored.replayOf && (await deadLetters.get(stored.replayOf))
    if (!letter || !isOfLog(letter) || !isOf(letter, stored)) continue
    if (!isRebuilder) found.set(stored.offset, await partsOnce(letter, stored))
    else {
      const [holder = null] = await claims.find([stored.event])
      if (!isHeldBy(stored, holder))
        found.set(stored.offset, isSameEvent(holder, stored) ? [] : (letter.unfolded ?? []))
    }
  }
  return found

  async function partsOnce(letter: DeadLetter, stored: StoredEvent): Promise<readonly UnfoldedPart[]> {
    const { topic, partition, offset, timestamp, unfolded = [] } = letter
    if (unfolded.length === 0) return []
    const key = { source: CLAIMS_SOURCE, id: `${topic}/${partition}/${offset}@${timestamp}` }
    const claim: Claim = await claims.claim(key, claimOf(stored, stream))
    return isHeldBy(stored, claim) ? unfolded : []
  }
}

/** Whether the record of a letter could be decoded, so that every consumer but the one that failed may have used it. */
function isOfLog({ code }: DeadLetter): boolean {
  return code === 'fold_failed' || code === 'deliver_failed'
}

function isOf({ source, id }: DeadLetter, { event }: StoredEvent): boolean {
  return source === event.source && id === event.id
}
