import { isDeepStrictEqual } from 'node:util'
import type { Principal } from '#shared/core/access/principal.ts'
import type { CloudEvent, Position } from '#shared/core/event.ts'
import { type Fault, faultsRefusal, Refusal } from '#shared/core/refusal.ts'
import { authorFaults, isReservedSource, sourceFault } from '#shared/pipeline/accept/authorship.ts'
import { checkData, checkEvent, completeEvent, isTooLarge } from '#shared/pipeline/accept/check-event.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { type EventDraft, validateEvent } from '#shared/pipeline/cloudevents/validate-event.ts'
import type { DeadLetter } from '#shared/pipeline/dead-letters/dead-letter.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'

type MendDeps = {
  readonly deadLetters: Pick<DeadLetterStore, 'get'>
  readonly catalog: Catalog
  /** Milliseconds since 1970. */
  readonly now: () => number
  readonly newId: () => string
}

/**
 * Returns the event that takes the place of a dead letter, complete and valid as if the principal had posted it. It keeps
 * the id and the source of its record if these can be read, but for a source that nobody may give. Throws Refusal
 * `not_found`, `conflict` for a letter that is settled, and `invalid_event` or `forbidden` with the faults.
 */
export async function mendLetter(
  position: Position,
  given: Readonly<Record<string, unknown>>,
  principal: Principal,
  { deadLetters, catalog, now, newId }: MendDeps,
): Promise<CloudEvent> {
  const letter = await deadLetters.get(position)
  if (letter === null)
    throw new Refusal(
      'not_found',
      `There is no dead letter at ${position.topic}/${position.partition}/${position.offset}.`,
    )
  if (letter.status !== 'open')
    throw new Refusal(
      'conflict',
      `The dead letter is ${letter.status} already; only an open one can be mended.`,
    )
  const kept = keptOf(letter)
  const changed = (['id', 'source'] as const).filter(
    (name) => kept[name] !== undefined && given[name] != null && !isDeepStrictEqual(given[name], kept[name]),
  )
  if (changed.length > 0)
    throw faultsRefusal(
      'invalid_event',
      changed.map((name) => ({
        pointer: `/event/${name}`,
        detail: `is ${JSON.stringify(kept[name])} in the record, and stays so: leave it out.`,
      })),
    )
  const event = validateEvent({ ...given, ...kept } as EventDraft, (draft) =>
    completeEvent(draft, { catalog, newId, now: () => new Date(now()), actor: principal.name }),
  )
  assertFaultless('invalid_event', [...checkEvent(event), ...checkData(event, catalog), ...sizeFaults(event)])
  const own = given.source == null ? [] : sourceFault(event.source)
  assertFaultless('forbidden', [...own, ...authorFaults(event, principal, catalog)])
  return event
}

function keptOf({ id, source }: DeadLetter): { readonly id?: string; readonly source?: string } {
  return {
    ...(id !== undefined && { id }),
    ...(source !== undefined && !isReservedSource(source) && { source }),
  }
}

function sizeFaults(event: CloudEvent): Fault[] {
  return isTooLarge(new TextEncoder().encode(JSON.stringify(event)))
    ? [{ pointer: '', detail: 'is larger than 128 KB.' }]
    : []
}

function assertFaultless(code: 'invalid_event' | 'forbidden', faults: readonly Fault[]): void {
  if (faults.length === 0) return
  throw faultsRefusal(
    code,
    faults.map(({ pointer, detail }) => ({ pointer: `/event${pointer}`, detail })),
  )
}
