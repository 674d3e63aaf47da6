import { createHash } from 'node:crypto'
import type { CloudEvent } from '#shared/core/event.ts'
import { canonicalJson } from '#shared/pipeline/accept/event-digest.ts'
import type { EventDraft } from './map-record.ts'

const FIRST_SLOTS = 1024

/**
 * Returns a function that gives an id to events that have none. It is derived from the content: half of the SHA-256 of
 * the canonical JSON, and `-2`, `-3`… for further records of the same content. So equal rows are separate events, and
 * a second run of the same file makes the same ids and adds nothing.
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

/**
 * Returns a function that counts how often each 64-bit fingerprint was seen, in 12 bytes per slot. A Map would need
 * ten times that and is limited to 16 million entries, which a file of 1 GB can exceed. Two records that share a
 * fingerprint share a count, and their ids still differ.
 */
export function countOccurrences(): (high: number, low: number) => number {
  let slots = FIRST_SLOTS
  let used = 0
  // Three words per slot: high, low, count. A slot with a count of 0 is free.
  let table = new Uint32Array(slots * 3)

  function slotOf(high: number, low: number): number {
    let slot = low & (slots - 1)
    while (table[slot * 3 + 2] !== 0 && (table[slot * 3] !== high || table[slot * 3 + 1] !== low))
      slot = (slot + 1) & (slots - 1)
    return slot * 3
  }

  function grow(): void {
    const old = table
    slots *= 2
    table = new Uint32Array(slots * 3)
    for (let at = 0; at < old.length; at += 3)
      if (old[at + 2] !== 0) table.set(old.subarray(at, at + 3), slotOf(old[at] ?? 0, old[at + 1] ?? 0))
  }

  return (high, low) => {
    if (used * 4 > slots * 3) grow()
    const at = slotOf(high, low)
    const count = (table[at + 2] ?? 0) + 1
    if (count === 1) used++
    table.set([high, low, count], at)
    return count
  }
}
