import { Buffer } from 'node:buffer'
import type { PositionedEvent } from '#shared/core/event.ts'
import { FRAME_LIMITS } from '#shared/core/limits.ts'

/** An event written once, for every frame that carries it. */
export type WrittenEvent = { readonly json: string; readonly bytes: number }

/** Writes an event with its position as CONTRACT.md shows it. */
export function writeEvent({ topic, partition, offset, event }: PositionedEvent): WrittenEvent {
  const json = JSON.stringify({ topic, partition, offset, event })
  return { json, bytes: Buffer.byteLength(json) }
}

export type FrameHead = { readonly ids: readonly string[]; readonly attempt?: number; readonly replay?: true }

/** Frames in order. `complete` is false when an event was too large for any frame: it and what follows are left out. */
export type Frames = { readonly frames: readonly string[]; readonly complete: boolean }

/**
 * Packs events into as few frames as stay under 32 KB, which is one metering unit of the gateway; a larger event gets
 * a frame of its own, up to the gateway's 128 KB.
 */
export function buildFrames(head: FrameHead, events: readonly WrittenEvent[]): Frames {
  const opening = `${JSON.stringify({ type: 'events', ...head }).slice(0, -1)},"events":[`
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
