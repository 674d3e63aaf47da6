import type { CloudEvent } from '#shared/core/event.ts'
import { approximate, numberText } from '#shared/core/json/exact-json.ts'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import { type InputRecord, isJsonObject, type JsonObject } from '../lib/input/input-record.ts'
import { toRfc3339 } from '../lib/parse-time.ts'
import type { OutgoingEvent } from '../lib/send-in-lanes.ts'

/**
 * How records become events. The texts are templates: `{field}` is replaced by the value of a field,
 * `{a.b}` by that of a nested one.
 */
export type Mapping = {
  readonly type?: string | undefined
  readonly category?: string | undefined
  readonly source: string
  readonly subject?: string | undefined
  readonly partitionkey?: string | undefined
  readonly id?: string | undefined
  readonly timeField?: string | undefined
  /** Fields that are added to the data of plain records. */
  readonly set: JsonObject
}

/** An event that may still lack its id. */
export type EventDraft = Pick<CloudEvent, 'specversion' | 'type' | 'source'> & {
  readonly id?: string
  readonly partitionkey?: string
  readonly [attribute: string]: unknown
}

/** Thrown for one record that cannot become an event. The message is the reason; the next records are not concerned. */
export class RecordError extends Error {
  readonly code = 'record_refused'
}

const PLACEHOLDER = /\{([^{}]+)\}/g

/** Returns the event to send for a record. Throws RecordError if the record cannot be sent. */
export function encodeRecord(
  record: InputRecord,
  mapping: Mapping,
  giveId: (draft: EventDraft) => CloudEvent,
): OutgoingEvent {
  if ('refused' in record) throw new RecordError(record.refused)
  try {
    const event = giveId(mapRecord(record.value, mapping))
    const json = JSON.stringify(event)
    const bytes = Buffer.byteLength(json)
    if (bytes > ACCEPT_LIMITS.eventBytes)
      throw new RecordError(
        `makes an event of ${Math.ceil(bytes / 1024)} KB; the maximum is ${ACCEPT_LIMITS.eventBytes / 1024} KB`,
      )
    return { at: record.at, key: event.partitionkey, json, bytes }
  } catch (error) {
    // The engine throws this when values are nested thousands of levels deep.
    if (error instanceof RangeError) throw new RecordError('is nested too deeply', { cause: error })
    throw error
  }
}

/**
 * Whether a record is already an event: it has a `specversion`, or it has a `type` and nothing contradicts that.
 * With `--type`, a `type` of the record only counts beside `data`; otherwise it is a field of a plain record.
 */
export function isEvent(record: JsonObject, mapping: Mapping): boolean {
  if (record.specversion !== undefined) return true
  if (typeof record.type !== 'string') return false
  return mapping.type === undefined || record.data !== undefined || record.data_base64 !== undefined
}

/**
 * Returns the event of a record. A record that is an event keeps its attributes, and missing ones are added; any other
 * record becomes the data of a new event. Throws RecordError with the reason.
 */
function mapRecord(record: JsonObject, mapping: Mapping): EventDraft {
  const isPlain = !isEvent(record, mapping)
  const attributes: Record<string, unknown> = isPlain ? {} : withoutNulls(record)
  const fill = (template: string): string => fillTemplate(template, record, isPlain)
  if (isPlain && mapping.type === undefined)
    throw new RecordError('has no "type"; give --type to publish it as the data of an event')
  attributes.specversion ??= '1.0'
  for (const name of ['type', 'source', 'category', 'subject', 'partitionkey', 'id'] as const) {
    const template = mapping[name]
    if (template !== undefined && attributes[name] === undefined) attributes[name] = fill(template)
  }
  if (mapping.timeField !== undefined) attributes.time ??= readTime(record, mapping.timeField, isPlain)
  if (isPlain) attributes.data = { ...record, ...mapping.set }
  return attributes as EventDraft
}

function withoutNulls(record: JsonObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null))
}

function fillTemplate(template: string, record: JsonObject, isPlain: boolean): string {
  return template.replace(PLACEHOLDER, (_, field: string) => {
    const found = findField(record, field, isPlain)
    const value = numberText(found) ?? found
    if (typeof value === 'object')
      throw new RecordError(`has an object in the field "${field}", where text is needed`)
    return String(value)
  })
}

function readTime(record: JsonObject, field: string, isPlain: boolean): string {
  const value = findField(record, field, isPlain)
  const time = toRfc3339(approximate(value))
  if (time === null) throw new RecordError(`has no time in the field "${field}": ${JSON.stringify(value)}`)
  return time
}

/** The fields of an event are looked up in its data first, then among its attributes. */
function findField(record: JsonObject, field: string, isPlain: boolean): unknown {
  const inData = isPlain ? undefined : lookUp(record.data, field)
  const value = inData ?? lookUp(record, field)
  if (value === undefined || value === null || value === '') throw new RecordError(`has no field "${field}"`)
  return value
}

function lookUp(value: unknown, path: string): unknown {
  if (!isJsonObject(value)) return undefined
  if (Object.hasOwn(value, path)) return value[path]
  const dot = path.indexOf('.')
  const head = path.slice(0, dot)
  return dot > 0 && Object.hasOwn(value, head) ? lookUp(value[head], path.slice(dot + 1)) : undefined
}
