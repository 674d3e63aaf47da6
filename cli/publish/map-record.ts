import type { CloudEvent } from '#shared/core/event.ts'
import { isJsonObject, type JsonObject, RecordError } from './input-record.ts'
import { toRfc3339 } from './parse-time.ts'

/**
 * How records become events. The texts are templates: `{field}` stands for a field's value,
 * `{a.b}` for a nested one.
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

const PLACEHOLDER = /\{([^{}]+)\}/g

/**
 * Whether a record is an event already: it says so with `specversion`, or it has a `type` and nothing contradicts
 * that. With `--type`, a `type` of its own only counts beside `data`, else it is a field of a plain record.
 */
export function isEvent(record: JsonObject, mapping: Mapping): boolean {
  if (record.specversion !== undefined) return true
  if (typeof record.type !== 'string') return false
  return mapping.type === undefined || record.data !== undefined || record.data_base64 !== undefined
}

/**
 * Makes an event of a record. An event is kept as it is and only filled where something is missing; any other record
 * becomes the data of a new one. Throws RecordError with the reason.
 */
export function mapRecord(record: JsonObject, mapping: Mapping): EventDraft {
  const plain = !isEvent(record, mapping)
  const attributes: Record<string, unknown> = plain ? {} : withoutNulls(record)
  const fill = (template: string): string => fillTemplate(template, record, plain)
  if (plain && mapping.type === undefined)
    throw new RecordError('has no "type"; give --type to publish it as the data of an event')
  attributes.specversion ??= '1.0'
  for (const name of ['type', 'source', 'category', 'subject', 'partitionkey', 'id'] as const) {
    const template = mapping[name]
    if (template !== undefined && attributes[name] === undefined) attributes[name] = fill(template)
  }
  if (mapping.timeField !== undefined) attributes.time ??= readTime(record, mapping.timeField, plain)
  if (plain) attributes.data = { ...record, ...mapping.set }
  return attributes as EventDraft
}

function withoutNulls(record: JsonObject): Record<string, unknown> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== null))
}

function fillTemplate(template: string, record: JsonObject, plain: boolean): string {
  return template.replace(PLACEHOLDER, (_, field: string) => {
    const value = findField(record, field, plain)
    if (typeof value === 'object')
      throw new RecordError(`has an object in the field "${field}", where text is needed`)
    return String(value)
  })
}

function readTime(record: JsonObject, field: string, plain: boolean): string {
  const value = findField(record, field, plain)
  const time = toRfc3339(value)
  if (time === null) throw new RecordError(`has no time in the field "${field}": ${JSON.stringify(value)}`)
  return time
}

/** An event's fields are looked up in its data first, then among its attributes. */
function findField(record: JsonObject, field: string, plain: boolean): unknown {
  const inData = plain ? undefined : lookUp(record.data, field)
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
