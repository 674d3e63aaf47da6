import { mayRead } from '#shared/core/access/authorize.ts'
import type { Principal } from '#shared/core/access/principal.ts'
import { judgedType } from '#shared/core/erasure.ts'
import type { Position } from '#shared/core/event.ts'
import { PAINT_LIMITS } from '#shared/core/limits.ts'
import { type Fault, faultsRefusal, Refusal } from '#shared/core/refusal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { EventStore, StoredEvent } from '#shared/pipeline/ports.ts'
import type { Metrics, Tracing } from './telemetry.ts'

/** When a page had an event, began to show it, and had it on the screen: its clock, in milliseconds since 1970. */
export type Paint = Position & { readonly received: number; readonly shown: number; readonly painted: number }

/** The paints of a page. `sent` is its clock when it sent them, against which the difference of the clocks shows. */
export type PaintReport = { readonly sent: number; readonly paints: readonly Paint[] }

const MAX_BODY_BYTES = 16_384
/** A page that was in the background paints late: that says nothing of the pipeline. */
const MAX_AGE_MS = 5 * 60_000

/** Reads the body of a report. Throws Refusal `too_large`, `malformed` or `invalid_event`, with what is wrong. */
export function readPaintReport(body: Uint8Array): PaintReport {
  if (body.length > MAX_BODY_BYTES)
    throw new Refusal('too_large', `The body is larger than ${MAX_BODY_BYTES} bytes; report less at once.`)
  const { sent, paints } = parse(body)
  const faults: Fault[] = []
  if (!isTime(sent)) faults.push({ pointer: '/sent', detail: 'is not a time in milliseconds since 1970.' })
  if (!Array.isArray(paints) || paints.length > PAINT_LIMITS.atOnce)
    faults.push({ pointer: '/paints', detail: `is not a list of at most ${PAINT_LIMITS.atOnce} paints.` })
  else
    for (const [index, paint] of paints.entries())
      if (!isPaint(paint)) faults.push({ pointer: `/paints/${index}`, detail: PAINT_FAULT })
  if (faults.length > 0) throw faultsRefusal('invalid_event', faults)
  return { sent, paints } as PaintReport
}

const PAINT_FAULT =
  'is not {topic, partition, offset, received, shown, painted}, with times in this order in milliseconds since 1970.'

function parse(body: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(body))
    if (typeof json === 'object' && json !== null) return { ...json }
  } catch {
    // The text of the error would quote the body.
  }
  throw new Refusal('malformed', 'The body must be a JSON object {"sent": …, "paints": […]}.')
}

function isPaint(value: unknown): value is Paint {
  if (typeof value !== 'object' || value === null) return false
  const { topic, partition, offset, received, shown, painted } = value as Partial<Paint>
  const isPlace = typeof topic === 'string' && topic.length <= 249 && isCount(partition) && isCount(offset)
  const areTimes = isTime(received) && isTime(shown) && isTime(painted)
  return isPlace && areTimes && received <= shown && shown <= painted
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

function isTime(value: unknown): value is number {
  return Number.isFinite(value) && Number(value) >= 0
}

export type ReportPaintsDeps = {
  readonly store: Pick<EventStore, 'topic' | 'read'>
  readonly catalog: Pick<Catalog, 'names'>
  readonly metrics: Metrics
  /** The spans of pages. */
  readonly tracing: Tracing
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/**
 * Measures what a page reports, and follows the sampled events of it to the screen. Paints of events that the principal may
 * not read, that are not stored or long past are left out, so that nobody adds to what they cannot see. Returns how many
 * were taken. Throws what the store throws.
 */
export async function reportPaints(
  { sent, paints }: PaintReport,
  principal: Principal,
  deps: ReportPaintsDeps,
): Promise<number> {
  const { metrics, tracing, now } = deps
  const skew = now() - sent
  const found = await findEvents(paints, deps)
  let taken = 0
  for (const [index, paint] of paints.entries()) {
    const stored = found[index]
    const category = stored?.event.category
    if (stored === undefined || category === undefined) continue
    const painted = paint.painted + skew
    const isLate = painted - stored.timestamp > MAX_AGE_MS
    if (isLate || !mayRead(principal, category, judgedType(stored.event))) continue
    measure(stored, { received: paint.received + skew, shown: paint.shown + skew, painted })
    taken++
  }
  metrics.count('paints_reported', taken)
  return taken

  function measure(
    { event, topic, partition, offset, timestamp }: StoredEvent,
    { received, shown, painted }: Pick<Paint, 'received' | 'shown' | 'painted'>,
  ): void {
    metrics.observe('append_to_receive', received - timestamp)
    metrics.observe('receive_to_paint', painted - received)
    metrics.observe('accept_to_paint', painted - timestamp)
    const attributes = {
      'service.name': 'page',
      'messaging.system': 'kafka',
      'messaging.operation.type': 'receive',
      'messaging.destination.name': topic,
      'messaging.destination.partition.id': String(partition),
      'messaging.kafka.offset': offset,
    }
    const { traceparent } = event
    if (traceparent === undefined) return
    const times = { start: received, end: painted }
    const parent = tracing.record('receive', { parent: traceparent, kind: 'consumer', attributes, ...times })
    const page = { 'service.name': 'page' }
    tracing.record('paint', { parent, attributes: page, start: shown, end: painted })
  }
}

/** Returns the stored event of each paint; undefined where there is none. The topics are read once each. */
async function findEvents(
  paints: readonly Paint[],
  { store, catalog }: Pick<ReportPaintsDeps, 'store' | 'catalog'>,
): Promise<readonly (StoredEvent | undefined)[]> {
  const topics = new Map<string, ReturnType<EventStore['topic']>>()
  return Promise.all(
    paints.map(async ({ topic, partition, offset }) => {
      // The store begins a topic that it does not know.
      if (!catalog.names.includes(topic)) return undefined
      const reading = topics.get(topic) ?? store.topic(topic)
      topics.set(topic, reading)
      const { epoch, heads } = await reading
      if ((heads.get(partition)?.offset ?? -1) < offset) return undefined
      const range = { after: offset - 1, upTo: offset, limit: 1 }
      const [stored] = await store.read({ topic, epoch, partition }, range)
      return stored
    }),
  )
}
