import { Buffer } from 'node:buffer'
import { channelProblem } from '#shared/core/channel.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { approximate, digitsOf } from '#shared/core/json/exact-json.ts'
import { isAhead } from '#shared/core/lead.ts'
import { ACCEPT_LIMITS, FAULTS_LIMIT } from '#shared/core/limits.ts'
import type { Fault } from '#shared/core/refusal.ts'
import { SEVERITIES } from '#shared/core/severity.ts'
import { parseTimestamp } from '#shared/core/time.ts'
import type { Derived } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import { tidyMediaType } from '#shared/pipeline/cloudevents/media-type.ts'
import { type EventDraft, isDraft } from '#shared/pipeline/cloudevents/validate-event.ts'

/** The source of an event whose producer gave none. */
export const DEFAULT_SOURCE = 'urn:tidewire:api'

export type CompleteDeps = {
  readonly catalog: Catalog
  readonly now: () => Date
  readonly newId: () => string
  /** The trace of an event without one. */
  readonly traceparent?: string
  /** Who sends the event. Data that says who acted, and does not say it yet, gets this name. */
  readonly actor?: string
}

/**
 * Returns the draft with what its producer left out: id, source and time, and what the catalog derives from type and
 * data (category, severity, partition key). An event of an unknown type without a category has its type as category.
 */
export function completeEvent(
  given: EventDraft,
  { catalog, now, newId, traceparent, actor }: CompleteDeps,
): EventDraft {
  const definition = typeof given.type === 'string' ? catalog.definitionOf(given.type) : undefined
  const draft = withTidyMediaType(nameActor(given, definition?.actor, actor))
  const key = draft.partitionkey ?? whereFits(draft, definition?.key, catalog)
  return {
    specversion: '1.0',
    id: draft.id ?? newId(),
    source: DEFAULT_SOURCE,
    type: draft.type,
    time: now().toISOString(),
    ...(traceparent !== undefined && { traceparent }),
    ...withoutNull(deriveCategory(draft, catalog)),
    ...(key !== undefined && { partitionkey: key }),
  }
}

/** Senders copy the header of a request, which may have more than an attribute may. */
function withTidyMediaType(draft: EventDraft): EventDraft {
  const { datacontenttype: given } = draft
  const tidy = typeof given === 'string' ? tidyMediaType(given) : given
  return tidy === given ? draft : { ...draft, datacontenttype: tidy }
}

/** Data of bytes, or of no members, is refused later where the type needs an actor. */
function nameActor(draft: EventDraft, member: string | undefined, actor: string | undefined): EventDraft {
  const { data = {}, data_base64 } = draft
  if (member === undefined || actor === undefined || data_base64 != null) return draft
  if (!isDraft(data) || Object.hasOwn(data, member)) return draft
  const datacontenttype = draft.data === undefined ? 'application/json' : draft.datacontenttype
  return { ...draft, datacontenttype, data: { ...data, [member]: actor } }
}

/** Makes ids, and remembers them: an event with one of these cannot have been sent before. */
export function createIdMaker(newId: () => string): { newId(): string; made(): ReadonlySet<string> } {
  const made = new Set<string>()
  return {
    newId() {
      const id = newId()
      made.add(id)
      return id
    },
    made: () => made,
  }
}

/** `null` is the same as a missing attribute, except for data. */
function withoutNull(draft: EventDraft): EventDraft {
  return Object.fromEntries(
    Object.entries(draft).filter(([name, value]) => value !== null || name === 'data'),
  )
}

/**
 * Returns the draft with the category and severity that the catalog derives from type and data: always the same for
 * the same event.
 */
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

/** Derives from data that fits the type's schema. Other data is refused later, with every fault named. */
function whereFits(
  { type, data }: EventDraft,
  derive: ((data: unknown) => string | undefined) | undefined,
  catalog: Catalog,
): string | undefined {
  if (derive === undefined || typeof type !== 'string') return undefined
  return catalog.issuesOf(type, data).length === 0 ? derive(approximate(data)) || undefined : undefined
}

function typeAsCategory(type: unknown): string | undefined {
  return typeof type === 'string' && channelProblem(type) === null ? type : undefined
}

/** Returns what breaks Tidewire's own rules for an event: a category that is a channel, a known severity, short ids. */
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

/** Whether the JSON of an event is larger than the limit. */
export function isTooLarge(json: Uint8Array): boolean {
  return json.length > ACCEPT_LIMITS.eventBytes
}

/**
 * Returns what breaks the rules of the catalog: `data` must fit the schema of its type. Bytes cannot be checked, so
 * `data_base64` is refused under a type of the catalog; folds and other consumers rely on `data`. Types that no domain
 * defines are refused if the deployment refuses them.
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
  const issues = catalog.issuesOf(event.type, event.data).slice(0, FAULTS_LIMIT)
  return issues.map(({ path, message }) => ({
    pointer: ['/data', ...path.map(escapePointer)].join('/'),
    detail: describeIssue(valueAt(event.data, path), message),
  }))
}

const SHOWN_DIGITS = 40

/** A number that was sent with more digits than the schema saw is named as it was sent. */
function describeIssue(value: unknown, message: string): string {
  if (value === undefined) return 'is required: add it.'
  const digits = digitsOf(value)
  if (digits === undefined) return `is not right: ${message}.`
  const shown = digits.length > SHOWN_DIGITS ? `${digits.slice(0, SHOWN_DIGITS)}…` : digits
  const isTooLong = /^-?\d+$/.test(digits) && Number.isFinite(Number(digits)) && Number(digits) !== 0
  const limit = isTooLong
    ? ` A whole number that is computed with is at most ${Number.MAX_SAFE_INTEGER}.`
    : ''
  return `is ${shown}, which is not right: ${message}.${limit}`
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

/**
 * Returns a warning for each event that was accepted and moves nothing, because its time is too far ahead: its producer
 * would not notice that its clock is fast. `now` is the time of the log, in milliseconds since 1970. Of several events
 * each has its index, as in a refusal.
 */
export function leadWarnings(
  events: readonly CloudEvent[],
  now: number,
  catalog: Pick<Catalog, 'topicOf' | 'maxLeadOf'>,
): Fault[] {
  const isBatch = events.length !== 1
  const found = events.flatMap((event, index): Fault[] => {
    const maxLead = catalog.maxLeadOf(catalog.topicOf(event.category ?? ''))
    if (!isAhead(event, now, maxLead)) return []
    const seconds = Math.round(((parseTimestamp(event.time) ?? now) - now) / 1000)
    const detail = `is ${seconds} s ahead of the time here, more than ${maxLead} s: the event is stored and marked "ahead", and moves no view. Is the producer's clock right?`
    return [{ ...(isBatch && { index }), pointer: '/time', detail }]
  })
  return found.slice(0, FAULTS_LIMIT)
}
