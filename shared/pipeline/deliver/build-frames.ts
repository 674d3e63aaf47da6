import { Buffer } from 'node:buffer'
import type { PositionedEvent } from '#shared/core/event.ts'
import { FRAME_LIMITS } from '#shared/core/limits.ts'

/** An event serialised once, for every frame that carries it. */
export type WrittenEvent = { readonly json: string; readonly bytes: number }

/** Serialises an event with its position: an item of an `events` frame (shared/core/messages.ts). */
export function writeEvent(positioned: PositionedEvent): WrittenEvent {
  const { topic, partition, offset, ahead, event, replayOf } = positioned
  const json = JSON.stringify({ topic, partition, offset, ahead, event, replayOf })
  return { json, bytes: Buffer.byteLength(json) }
}

export type FrameHead = {
  readonly ids: readonly string[]
  readonly attempt?: number
  readonly replay?: true
  /** In a replay, the epochs of the topics as a cursor without offsets. */
  readonly epochs?: string
}

/**
 * Frames in order. `complete` is false if an event was too large for any frame: it and all later events are omitted.
 */
export type Frames = { readonly frames: readonly string[]; readonly complete: boolean }

/**
 * Packs events into frames of at most 32 KB, one metering unit of the gateway. A larger event gets a frame of its own,
 * up to the gateway's limit of 128 KB.
 */
export function buildFrames(head: FrameHead, events: readonly WrittenEvent[]): Frames {
  return packEvents({ type: 'events', ...head }, events)
}

/** The same for frames of any type: `head` is their other members. */
export function packEvents(head: object, events: readonly WrittenEvent[]): Frames {
  const opening = `${JSON.stringify(head).slice(0, -1)},"events":[`
  const overhead = Buffer.byteLength(opening) + 2
  const frames: string[] = []
  let pending: string[] = []
  let size = overhead
  const flush = () => {
    if (pending.length > 0) frames.push(`${opening}${pending.join(',')}]}`)
    pending = []
    size = overhead
  }
  for (const { json, bytes } of events) {
    if (overhead + bytes > FRAME_LIMITS.hardBytes) {
      flush()
      return { frames, complete: false }
    }
    if (pending.length > 0 && size + bytes + 1 > FRAME_LIMITS.softBytes) flush()
    pending.push(json)
    size += bytes + 1
  }
  flush()
  return { frames, complete: true }
}
