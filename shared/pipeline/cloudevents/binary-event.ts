import type { CloudEvent } from '#shared/core/event.ts'
import type { Fault } from '#shared/core/refusal.ts'
import { decodeData } from './binary-data.ts'
import { CloudEventError, type CloudEventErrorCode } from './codec-error.ts'
import { faultInName, findFaults, pointerTo } from './find-faults.ts'
import { type CompleteEvent, completeDraft, type EventDraft, validateEvent } from './validate-event.ts'

/** The attributes of a binary-mode message as they are read from its headers, one by one. */
export type BinaryEvent = {
  readonly draft: EventDraft & { datacontenttype?: string }
  readonly faults: Fault[]
}

/** Starts to read a binary-mode message. */
export const startBinaryEvent = (): BinaryEvent => ({ draft: {}, faults: [] })

/**
 * Adds the attribute of one header; `text` is `undefined` if the header could not be decoded. Values stay
 * strings, since a header does not tell `"5"` from `5`: the specification lets an attribute be presented so.
 */
export function addAttribute({ draft, faults }: BinaryEvent, name: string, text: string | undefined): void {
  const detail = RESERVED.get(name) ?? faultInName(name) ?? (text === undefined ? UNDECODABLE : undefined)
  if (detail !== undefined) faults.push({ pointer: pointerTo(name), detail })
  else draft[name] = text
}

/** Puts attributes and body together as a valid event, or throws `CloudEventError` with every fault. */
export function finishBinaryEvent(
  { draft, faults }: BinaryEvent,
  body: Uint8Array | null,
  complete?: CompleteEvent,
): CloudEvent {
  let code: CloudEventErrorCode = 'malformed'
  try {
    Object.assign(draft, decodeData(body, draft.datacontenttype))
  } catch (error) {
    if (!(error instanceof CloudEventError)) throw error
    code = error.code
    faults.push(...error.errors)
  }
  if (faults.length === 0) return validateEvent(draft, complete)
  const told = new Set(faults.map(({ pointer }) => pointer))
  const others = findFaults(completeDraft(draft, complete))
  throw new CloudEventError(code, [...faults, ...others.filter(({ pointer }) => !told.has(pointer))])
}

/** Visits each attribute that becomes a header, with its canonical text. The media type and data are not. */
export function forEachAttribute(event: CloudEvent, visit: (name: string, text: string) => void): void {
  for (const name of Object.keys(event)) {
    const value = event[name]
    if (value === undefined || name === 'datacontenttype' || name === 'data' || name === 'data_base64')
      continue
    visit(name, String(value))
  }
}

const UNDECODABLE = 'is not decodable: send UTF-8, and in HTTP escape all but printable ASCII as %XY.'

const RESERVED: ReadonlyMap<string, string> = new Map([
  ['data', 'must not be a header: the body is the data.'],
  ['data_base64', 'must not be a header: the body is the data.'],
  ['datacontenttype', 'must not be a header of its own: use content-type.'],
])
