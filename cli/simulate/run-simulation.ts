import type { CliContext } from '../lib/cli-context.ts'
import type { Clock } from '../lib/clock.ts'
import type { Connection } from '../lib/connection.ts'
import { openEventSender } from '../lib/event-sender.ts'
import type { OutgoingEvent } from '../lib/send-in-lanes.ts'
import type { Report } from '../lib/tally.ts'
import type { TimedEvent } from './event-sources.ts'

/** How fast simulated events are sent: so many per second, so many times faster than their own time, or at once. */
export type Rate =
  | { readonly kind: 'per second'; readonly value: number }
  | { readonly kind: 'times'; readonly value: number }
  | { readonly kind: 'max' }

export type SimulationJob = {
  readonly events: Iterable<TimedEvent> | AsyncIterable<TimedEvent>
  /** The simulated time of the beginning, in milliseconds since 1970. */
  readonly begin: number
  /** Whether events have their simulated time; otherwise they have the time at which they are due. */
  readonly isDated: boolean
  readonly rate: Rate
  /** Maximum of events. */
  readonly count: number | undefined
  readonly durationMs: number | undefined
}

export type SimulationReport = Report & { readonly domains: Readonly<Record<string, number>> }

/** An event with the moment at which it is due, in milliseconds since 1970. */
type DueEvent = TimedEvent & { readonly dueAt: number }

const PROGRESS_MS = 10_000
/** If an event is later than this, no burst follows: all later events are moved. */
const PATIENCE_MS = 1000

/**
 * Sends simulated events in order until they end, the count or the duration is reached, or the command is interrupted.
 * Waits while the stack is down. Throws CliError on a refused request.
 */
export async function runSimulation(
  job: SimulationJob,
  connection: Connection,
  context: Pick<CliContext, 'stderr' | 'signal' | 'clock'>,
): Promise<SimulationReport> {
  const { count, durationMs } = job
  const over = durationMs === undefined ? [] : [AbortSignal.timeout(Math.ceil(durationMs))]
  const ended = AbortSignal.any([context.signal, ...over])
  const failed = new AbortController()
  const signal = AbortSignal.any([ended, failed.signal])
  const sender = openEventSender({
    connection,
    context,
    lanes: 1,
    timeoutMs: Number.POSITIVE_INFINITY,
    isPatient: true,
    progress: {
      everyMs: PROGRESS_MS,
      share: ({ published }) => (count === undefined ? null : published / count),
    },
    signal,
    onFailure: (error) => failed.abort(error),
  })
  const domains = new Map<string, number>()
  let report: Report
  try {
    for await (const event of paceEvents(job, context.clock, signal)) {
      sender.tally.read()
      domains.set(event.domain, (domains.get(event.domain) ?? 0) + 1)
      await sender.add(encodeEvent(event, job))
      if (sender.tally.counts().records === count) break
    }
    await sender.end()
  } catch (error) {
    if (failed.signal.aborted) throw failed.signal.reason
    if (!ended.aborted) throw error
  } finally {
    report = await sender.stop()
  }
  return { ...report, domains: Object.fromEntries(domains) }
}

/** Yields each event when it is due. */
async function* paceEvents(
  { events, rate }: SimulationJob,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<DueEvent> {
  let beginAt = clock.elapsed()
  let count = 0
  for await (const event of events) {
    const afterMs = waitOf(rate, event.elapsedMs, count++)
    const now = clock.elapsed()
    if (afterMs === null || now - beginAt - afterMs > PATIENCE_MS) beginAt = now - (afterMs ?? 0)
    const waitMs = beginAt + (afterMs ?? 0) - now
    if (waitMs > 0) await clock.sleep(waitMs, signal)
    signal.throwIfAborted()
    // By the time of day after the wait, during which it may have been set.
    yield { ...event, dueAt: clock.now() - Math.max(0, clock.elapsed() - now - waitMs) }
  }
}

/** Returns after how many milliseconds an event is due; null for at once. */
function waitOf(rate: Rate, elapsedMs: number, count: number): number | null {
  if (rate.kind === 'max') return null
  return rate.kind === 'times' ? elapsedMs / rate.value : (count * 1000) / rate.value
}

/** A time of the event itself that is earlier or later than the simulated time moves it by the same difference. */
function encodeEvent(
  { domain, id, event, elapsedMs, dueAt }: DueEvent,
  { begin, isDated }: SimulationJob,
): OutgoingEvent {
  const happened = begin + elapsedMs
  const shift = event.time === undefined ? 0 : Date.parse(event.time) - happened
  const time = new Date((isDated ? happened : dueAt) + shift).toISOString()
  const source = `/tidewire-simulator/${domain}`
  const json = JSON.stringify({ specversion: '1.0', id, source, ...event, time })
  return { at: `${domain} ${id}`, key: event.partitionkey, json, bytes: Buffer.byteLength(json) }
}
