import { createHash } from 'node:crypto'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'

/** An event to send: its place in the input, its partition key, its JSON, and the size of that in bytes. */
export type OutgoingEvent = {
  readonly at: string
  readonly key: string | undefined
  readonly json: string
  readonly bytes: number
}

export type LaneOptions = {
  /** Sends one batch. A rejection ends the lane: nothing more of it is sent. */
  readonly send: (batch: readonly OutgoingEvent[]) => Promise<void>
  /** Maximum of batches in flight. */
  readonly lanes: number
  /** A batch that is not full is sent after this time, so that a slow input is not delayed. */
  readonly lingerMs: number
}

export type Lanes = {
  /** Takes the next event, and waits while its lane is full. Throws what `send` threw. */
  readonly add: (event: OutgoingEvent) => Promise<void>
  /** Sends the rest and waits until all of it was sent. Throws what `send` threw. */
  readonly end: () => Promise<void>
  /** Drops what is not in flight and waits for what is. Never throws. */
  readonly stop: () => Promise<void>
}

/** Less than `ACCEPT_LIMITS.bodyBytes`, to leave room for what a gateway adds. */
const BATCH_BYTES = 900 * 1024

/**
 * Sends events in batches over several lanes. All events of a key take the same lane, and a lane has one batch in
 * flight, so that order is kept per key. Events without a key share the first lane.
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

function createLane(send: LaneOptions['send'], lingerMs: number): Lanes {
  let open: OutgoingEvent[] = []
  let bytes = 0
  let timer: NodeJS.Timeout | undefined
  let isBusy = false
  /** Whether the open batch must be sent as soon as the one in flight is done. */
  let isDue = false
  let inFlight = Promise.resolve()

  function flush(): void {
    clearTimeout(timer)
    timer = undefined
    isDue = isBusy
    if (isBusy || open.length === 0) return
    const batch = open
    open = []
    bytes = 0
    isBusy = true
    // After a rejection the lane stays busy, so that no batch overtakes the one that failed.
    inFlight = send(batch).then(() => {
      isBusy = false
      if (isDue) flush()
    })
    // The next add or end throws it. Until then it must not count as unhandled.
    inFlight.catch(() => {})
  }

  return {
    add: async (event) => {
      // JSON of a batch: brackets around the events, commas between them.
      while (open.length === ACCEPT_LIMITS.batchEvents || bytes + event.bytes + 2 > BATCH_BYTES) {
        flush()
        await inFlight
      }
      open.push(event)
      bytes += event.bytes + 1
      timer ??= setTimeout(flush, lingerMs)
    },
    end: async () => {
      while (isBusy || open.length > 0) {
        flush()
        await inFlight
      }
    },
    stop: async () => {
      open = []
      clearTimeout(timer)
      await inFlight.catch(() => {})
    },
  }
}
