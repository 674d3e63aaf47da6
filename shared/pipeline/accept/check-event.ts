import { Buffer } from 'node:buffer'
import { channelProblem } from '#shared/core/channel.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import type { Fault } from '#shared/core/refusal.ts'
import { SEVERITIES } from '#shared/core/severity.ts'
import type { Derived } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { EventDraft } from '#shared/pipeline/cloudevents/validate-event.ts'

/** The source of an event whose producer named none. */
export const DEFAULT_SOURCE = 'urn:tidewire:api'

export type CompleteDeps = {
  readonly catalog: Catalog
  readonly now: () => Date
  readonly newId: () => string
  /** Collects the ids that were made here: these cannot have been sent before. */
  readonly madeIds: Set<string>
  /** The trace of an event that names none. */
  readonly traceparent?: string
}

/**
 * Fills in what a producer may leave out: id, source and time, and what the catalog derives from type and data
 * (category, severity, partition key). An event of an unknown type without a category takes its type as the category.
 */
export function completeEvent(draft: EventDraft, deps: CompleteDeps): EventDraft {
  const { catalog, now, newId, madeIds, traceparent } = deps
  const definition = typeof draft.type === 'string' ? catalog.definitionOf(draft.type) : undefined
  const id = draft.id ?? newId()
  if (draft.id === undefined || draft.id === null) madeIds.add(String(id))
  const key = draft.partitionkey ?? whereFits(draft, definition?.key, catalog)
  return {
    specversion: '1.0',
    id,
    source: DEFAULT_SOURCE,
    type: draft.type,
    time: now().toISOString(),
    ...(traceparent !== undefined && { traceparent }),
    ...withoutNull(deriveCategory(draft, catalog)),
    ...(key !== undefined && { partitionkey: key }),
  }
}

/** `null` counts as left out, except as data. */
function withoutNull(draft: EventDraft): EventDraft {
  return Object.fromEntries(
    Object.entries(draft).filter(([name, value]) => value !== null || name === 'data'),
  )
}

/** Fills in the category and severity that the catalog derives of type and data; the same event always gets the same. */
export function deriveCategory(draft: EventDraft, catalog: Catalog): EventDraft {
  if (draft.category != null && draft.severity != null) return draft
  const definition = typeof draft.type === 'string' ? catalog.definitionOf(draft.type) : undefined
  const derive = (value: Derived<unknown> | undefined) =>
    typeof value === 'string' ? value : whereFits(draft, value?.of, catalog)
  return {
    ...draft,
    category: draft.category ?? derive(definition?.category) ?? typeAsCategory(draft.type),
    severity: draft.severity ?? derive(definition?.severity) ?? 'info',
  }
}

/** What is derived of data that fits the type's schema. Other data is refused later, with every fault named. */
function whereFits(
  { type, data }: EventDraft,
  derive: ((data: unknown) => string | undefined) | undefined,
  catalog: Catalog,
): string | undefined {
  if (derive === undefined || typeof type !== 'string') return undefined
  return catalog.issuesOf(type, data).length === 0 ? derive(data) || undefined : undefined
}

function typeAsCategory(type: unknown): string | undefined {
  return typeof type === 'string' && channelProblem(type) === null ? type : undefined
}

/** What Tidewire asks of an event beyond CloudEvents: a category that is a channel, a known severity. */
export function checkEvent(event: CloudEvent): Fault[] {
  const faults: Fault[] = []
  const { category, severity } = event
  if (category === undefined) {
    const detail =
      'is missing and cannot be derived from the type; give a dotted channel such as "port.container".'
    faults.push({ pointer: '/category', detail })
  } else {
    const reason = channelProblem(category)
    if (reason) faults.push({ pointer: '/category', detail: `${reason}.` })
  }
  if (severity !== undefined && !(SEVERITIES as readonly string[]).includes(severity))
    faults.push({ pointer: '/severity', detail: `is not one of ${SEVERITIES.join(', ')}.` })
  for (const name of ['id', 'source'] as const)
    if (Buffer.byteLength(event[name]) > ACCEPT_LIMITS.keyBytes)
      faults.push({ pointer: `/${name}`, detail: `is longer than ${ACCEPT_LIMITS.keyBytes} bytes.` })
  return faults
}

/** Whether an event's JSON is larger than may be accepted. */
export function isTooLarge(json: Uint8Array): boolean {
  return json.length > ACCEPT_LIMITS.eventBytes
}

/** After so many faults the rest is not told: an answer that long helps nobody. */
const MAX_FAULTS = 100

/**
 * What the catalog asks of an event: that `data` fits its type's schema. Bytes cannot be checked, so `data_base64` is
 * refused under a type of the catalog; folds and other consumers rely on `data`. Where the deployment refuses types
 * that no domain defines, so does this.
 */
export function checkData(event: CloudEvent, catalog: Catalog): Fault[] {
  const definition = catalog.definitionOf(event.type)
  if (definition === undefined) {
    if (catalog.unknownTypes === 'accept') return []
    return [{ pointer: '/type', detail: 'is not a type of the catalog; GET /catalog lists them.' }]
  }
  if (event.data_base64 !== undefined) {
    const detail = `must be left out: send "data" as JSON (in binary mode with a JSON content type), since "${event.type}" has a schema.`
    return [{ pointer: '/data_base64', detail }]
  }
  const issues = catalog.issuesOf(event.type, event.data).slice(0, MAX_FAULTS)
  return issues.map(({ path, message }) => ({
    pointer: ['/data', ...path.map(escapePointer)].join('/'),
    detail: valueAt(event.data, path) === undefined ? 'is required: add it.' : `is not right: ${message}.`,
  }))
}

function escapePointer(name: PropertyKey): string {
  return String(name).replaceAll('~', '~0').replaceAll('/', '~1')
}

function valueAt(data: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, name) => (value as Record<PropertyKey, unknown> | null | undefined)?.[name],
    data,
  )
}
