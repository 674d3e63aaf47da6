import { logError } from '#shared/pipeline/log-error.ts'
import { addHistograms, bucketOf, type Histogram } from './histogram.ts'

/** What was sent to a connection within the window, and when the last of it was (milliseconds since 1970). */
export type Flow = { readonly frames: number; readonly events: number; readonly last: number }

/** What one instance of a function did in the window of time that ends at `at` (milliseconds since 1970). */
export type InstanceReport = {
  /** Names the instance. */
  readonly instance: string
  readonly at: number
  /** What was sent, by connection. */
  readonly frames: ReadonlyMap<string, Flow>
  /** The latencies by hop. */
  readonly hops: ReadonlyMap<string, Histogram>
}

/** How long the window is. Rates are an average over it. */
export const REPORT_WINDOW_MS = 30_000
/** How long a report is read after it was written. */
export const REPORT_KEPT_MS = 60_000
/** An instance writes no report sooner than this after the last one. */
export const REPORT_INTERVAL_MS = 5000

/**
 * The reports of all instances. They are written only while somebody reads them, so that nothing is spent on numbers that
 * nobody sees.
 */
export type ReportStore = {
  /** Replaces the report of an instance. It is read for `REPORT_KEPT_MS`. */
  put(report: InstanceReport): Promise<void>
  /** Returns the reports of all instances. From then on `isWatched` returns true for a minute. */
  list(): Promise<InstanceReport[]>
  /** Whether reports were read in the last minute; it may be two seconds late. */
  isWatched(): Promise<boolean>
}

/** Gathers the report of one instance in memory. */
export type InstanceReporter = {
  /**
   * Finds out whether somebody reads the reports. Where it is called in the turn of another read with a joined reader, it
   * costs no request of its own. Throws what the store throws.
   */
  look(): Promise<void>
  /** Counts what was sent to a connection. */
  countFrames(connection: string, sent: { readonly frames: number; readonly events: number }): void
  /** Counts a latency of a hop, in milliseconds. */
  countHop(hop: string, ms: number): void
  /**
   * Writes the report if somebody reads it, there is something new, and the interval has passed. A function awaits it at
   * the end of a batch, when all is posted: it does not run on after its response. Errors are logged only, since a report
   * must not fail the work that it is about.
   */
  write(): Promise<void>
}

type ReporterDeps = {
  readonly store: Pick<ReportStore, 'put' | 'isWatched'>
  readonly instance: string
  /** Milliseconds since 1970. */
  readonly now: () => number
}

const SLOT_MS = 5000
/** A report of more connections would not fit into an item. Those that were sent something last are in it. */
const MOST_CONNECTIONS = 10_000
/** A long report costs more, so it is written less often: each connection adds so much to the interval. */
const INTERVAL_PER_CONNECTION_MS = 2

/** What was counted in one slot of the window. */
type Slot = {
  readonly index: number
  readonly frames: Map<string, Flow>
  readonly hops: Map<string, number[]>
}

/** Returns what gathers the report of this instance. */
export function createInstanceReporter({ store, instance, now }: ReporterDeps): InstanceReporter {
  let slots: Slot[] = []
  let isWatched = false
  let isNew = false
  let nextWrite = 0

  /** Returns the slot of this moment, and forgets those that left the window. */
  const slotNow = (): Slot => {
    const index = Math.floor(now() / SLOT_MS)
    const last = slots.at(-1)
    if (last?.index === index) return last
    const slot: Slot = { index, frames: new Map(), hops: new Map() }
    // After the clock was set back the slots of the future are none of the window either.
    slots = [...slots.filter((one) => one.index < index && one.index > index - SLOTS), slot]
    return slot
  }

  return {
    async look() {
      isWatched = await store.isWatched()
    },

    countFrames(connection, { frames, events }) {
      const { frames: counted } = slotNow()
      const known = counted.get(connection)
      counted.set(connection, {
        frames: frames + (known?.frames ?? 0),
        events: events + (known?.events ?? 0),
        last: now(),
      })
      isNew = true
    },

    countHop(hop, ms) {
      const { hops } = slotNow()
      const counts = hops.get(hop) ?? []
      hops.set(hop, counts)
      const bucket = bucketOf(ms)
      while (counts.length <= bucket) counts.push(0)
      counts[bucket] = (counts[bucket] ?? 0) + 1
      isNew = true
    },

    async write() {
      const at = now()
      const isDue = at >= nextWrite || nextWrite - at > REPORT_KEPT_MS // the clock was set back
      if (!isWatched || !isNew || !isDue) return
      slotNow()
      const frames = addFlows(slots.map((slot) => slot.frames))
      const hops = addHops(slots.map((slot) => slot.hops))
      isNew = false
      nextWrite = at + Math.max(REPORT_INTERVAL_MS, frames.size * INTERVAL_PER_CONNECTION_MS)
      try {
        await store.put({ instance, at, frames, hops })
      } catch (error) {
        logError('the report of this instance could not be written', error)
      }
    },
  }
}

const SLOTS = REPORT_WINDOW_MS / SLOT_MS

function addFlows(all: readonly ReadonlyMap<string, Flow>[]): Map<string, Flow> {
  const sums = new Map<string, Flow>()
  for (const [connection, flow] of all.flatMap((flows) => [...flows])) {
    const { frames = 0, events = 0, last = 0 } = sums.get(connection) ?? {}
    sums.set(connection, {
      frames: frames + flow.frames,
      events: events + flow.events,
      last: Math.max(last, flow.last),
    })
  }
  if (sums.size <= MOST_CONNECTIONS) return sums
  return new Map([...sums].sort(([, a], [, b]) => b.last - a.last).slice(0, MOST_CONNECTIONS))
}

function addHops(all: readonly ReadonlyMap<string, Histogram>[]): Map<string, Histogram> {
  const byHop = Map.groupBy(
    all.flatMap((hops) => [...hops]),
    ([hop]) => hop,
  )
  return new Map(
    [...byHop].map(([hop, entries]) => [hop, addHistograms(entries.map(([, histogram]) => histogram))]),
  )
}

/** What a connection got lately: per second, and when the last frame was (milliseconds since 1970). */
export type ConnectionRate = {
  readonly framesPerSecond: number
  readonly eventsPerSecond: number
  readonly last?: number
}

/** What all instances did together. */
export type MergedReports = {
  readonly rateOf: (connection: string) => ConnectionRate
  readonly hops: ReadonlyMap<string, Histogram>
}

/**
 * Adds up the reports of all instances. One whose instance wrote no later one counts the less the older it is, and not at
 * all when its window is over. `now` is in milliseconds since 1970.
 */
export function mergeReports(reports: readonly InstanceReport[], now: number): MergedReports {
  const fresh = reports.filter(({ at }) => shareOf(at, now) > 0)
  return {
    rateOf(connection) {
      const flows = fresh.flatMap(({ at, frames }) => {
        const flow = frames.get(connection)
        return flow ? [{ ...flow, share: shareOf(at, now) }] : []
      })
      const perSecond = (counted: (flow: Flow) => number) => {
        const sum = flows.reduce((total, flow) => total + counted(flow) * flow.share, 0)
        return Number((sum / (REPORT_WINDOW_MS / 1000)).toPrecision(3))
      }
      return {
        framesPerSecond: perSecond(({ frames }) => frames),
        eventsPerSecond: perSecond(({ events }) => events),
        ...(flows.length > 0 && { last: Math.max(...flows.map(({ last }) => last)) }),
      }
    },
    hops: addHops(fresh.map(({ hops }) => hops)),
  }
}

/** How much of the window of a report is still in the window of its reader, from 0 to 1. */
function shareOf(at: number, now: number): number {
  const unreported = Math.max(0, now - at - REPORT_INTERVAL_MS)
  return Math.max(0, 1 - unreported / REPORT_WINDOW_MS)
}
