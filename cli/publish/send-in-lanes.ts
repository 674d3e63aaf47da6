import { createHash } from 'node:crypto'
import type { OutgoingEvent } from './encode-record.ts'

/** CONTRACT: up to 500 events and 1 MB; what is left below 1 MB is for headers and what a gateway adds. */
const BATCH_LIMITS = { events: 500, bytes: 900 * 1024 }

export type LaneOptions = {
  /** Sends one batch. A rejection ends the lane: nothing of it is sent any more. */
  readonly send: (batch: readonly OutgoingEvent[]) => Promise<void>
  /** How many batches may be in flight. */
  readonly lanes: number
  /** A batch that is not full goes out after this long, so that a slow input is not held back. */
  readonly lingerMs: number
}

/** Takes events in order. */
export type Lanes = {
  /** Waits while the event's lane is full. Throws what `send` threw. */
  readonly add: (event: OutgoingEvent) => Promise<void>
  /** Sends what is left and waits for all answers. Throws what `send` threw. */
  readonly end: () => Promise<void>
  /** Forgets what is not in flight and waits for what is. Never throws. */
  readonly stop: () => Promise<void>
}

/**
 * Sends events in batches over several lanes. A key always takes the same lane and a lane has one batch in flight,
 * so order is kept per key; events without a key share the first lane.
 */
export function sendInLanes({ send, lanes, lingerMs }: LaneOptions): Lanes {
  const all = Array.from({ length: lanes }, () => createLane(send, lingerMs))
  return {
    add: async (event) => all[event.key === undefined ? 0 : laneOf(event.key, lanes)]?.add(event),
    end: async () => {
      const outcomes = await Promise.allSettled(all.map((lane) => lane.end()))
      const failed = outcomes.find((outcome) => outcome.status === 'rejected')
      if (failed !== undefined) throw failed.reason
    },
    stop: async () => {
      await Promise.all(all.map((lane) => lane.stop()))
    },
  }
}

function laneOf(key: string, lanes: number): number {
  return lanes === 1 ? 0 : createHash('sha256').update(key).digest().readUInt32BE(0) % lanes
}

type LaneState = {
  open: OutgoingEvent[]
  bytes: number
  timer: NodeJS.Timeout | undefined
  busy: boolean
  /** Whether the open batch is to go out as soon as the one in flight is answered. */
  due: boolean
  inFlight: Promise<void>
}

function createLane(send: LaneOptions['send'], lingerMs: number): Lanes {
  const lane: LaneState = {
    open: [],
    bytes: 0,
    timer: undefined,
    busy: false,
    due: false,
    inFlight: Promise.resolve(),
  }
  return {
    add: async (event) => {
      while (lane.open.length === BATCH_LIMITS.events || lane.bytes + event.bytes + 2 > BATCH_LIMITS.bytes) {
        flush(lane, send)
        await lane.inFlight
      }
      lane.open.push(event)
      lane.bytes += event.bytes + 1
      lane.timer ??= setTimeout(flush, lingerMs, lane, send)
    },
    end: async () => {
      while (lane.busy || lane.open.length > 0) {
        flush(lane, send)
        await lane.inFlight
      }
    },
    stop: async () => {
      lane.open = []
      clearTimeout(lane.timer)
      await lane.inFlight.catch(() => {})
    },
  }
}

function flush(lane: LaneState, send: LaneOptions['send']): void {
  clearTimeout(lane.timer)
  lane.timer = undefined
  lane.due = lane.busy
  if (lane.busy || lane.open.length === 0) return
  const batch = lane.open
  lane.open = []
  lane.bytes = 0
  lane.busy = true
  // After a rejection the lane stays busy, so that nothing overtakes the batch that failed.
  lane.inFlight = send(batch).then(() => {
    lane.busy = false
    if (lane.due) flush(lane, send)
  })
  // The next add or end throws it; until then it must not count as unhandled.
  lane.inFlight.catch(() => {})
}
