import type { CloudEvent } from '#shared/core/event.ts'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { type Fault, faultsRefusal, Refusal } from '#shared/core/refusal.ts'
import { type CompleteEvent, validateEvent } from './validate-event.ts'

// CloudEvents JSON format 1.0.2,
// https://github.com/cloudevents/spec/blob/ce@v1.0.2/cloudevents/formats/json-format.md
//   event = object of attribute* and at most one of "data" (any JSON) and "data_base64" (RFC 4648 §4)
//   batch = "[" [event *("," event)] "]"
const MAX_FAULTS = 1000
const UTF8 = new TextDecoder('utf-8', { fatal: true })

/**
 * Decodes one event in the JSON format. `complete` may fill in what the producer left out. If a member appears
 * twice, the last one counts. Numbers in `data` keep their digits (shared/core/json/exact-json.ts).
 * Throws Refusal: `malformed` if it is not UTF-8 or not JSON, `invalid_event` with all faults.
 */
export function decodeJsonEvent(json: string | Uint8Array, complete?: CompleteEvent): CloudEvent {
  return validateEvent(parseJson(json), complete)
}

/** Encodes one valid event in the JSON format. */
export function encodeJsonEvent(event: CloudEvent): string {
  return JSON.stringify(event)
}

/**
 * Decodes a batch; an empty one is valid. Returns all events or throws Refusal with the faults of all items, each
 * with its index, up to about a thousand. One specversion per batch needs no rule of its own: each must be "1.0".
 */
export function decodeJsonBatch(json: string | Uint8Array, complete?: CompleteEvent): CloudEvent[] {
  const items = parseJson(json)
  if (!Array.isArray(items)) {
    throw faultsRefusal('malformed', [{ pointer: '', detail: 'A batch must be a JSON array of events.' }])
  }
  const events: CloudEvent[] = []
  const faults: Fault[] = []
  for (const [index, item] of items.entries()) {
    try {
      events.push(validateEvent(item, complete))
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      faults.push(...error.faults.map((fault) => ({ ...fault, index })))
      if (faults.length >= MAX_FAULTS) break
    }
  }
  if (faults.length > 0) throw faultsRefusal('invalid_event', faults)
  return events
}

/**
 * Parses JSON from text or UTF-8 bytes; numbers keep their digits. Throws Refusal `malformed` with a fault at `pointer`.
 */
export function parseJson(json: string | Uint8Array, pointer = ''): unknown {
  try {
    return parseExactJson(typeof json === 'string' ? json : UTF8.decode(json))
  } catch (cause) {
    const detail =
      cause instanceof SyntaxError ? 'is not JSON: correct its syntax.' : 'is not UTF-8: encode it so.'
    throw faultsRefusal('malformed', [{ pointer, detail }], { cause })
  }
}
