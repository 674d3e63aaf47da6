import { parseCursor } from '#shared/core/cursor.ts'
import type { PositionedEvent } from '#shared/core/event.ts'
import { parseReceived } from '#shared/core/json/received-event.ts'
import type { ServerFrame } from '#shared/core/messages.ts'

type Fields = Readonly<Record<string, unknown>>

/** Reads one text frame of the server; null for what is no frame or of a type that this client does not know. */
export function parseFrame(data: unknown): ServerFrame | null {
  if (typeof data !== 'string') return null
  try {
    const frame: unknown = parseReceived(data)
    return isFields(frame) && isServerFrame(frame) ? frame : null
  } catch {
    // Text that is no JSON, or a cursor that is none: a later ask gets a better answer.
    return null
  }
}

function isServerFrame(frame: Fields): frame is ServerFrame & Fields {
  switch (frame.type) {
    case 'events':
      return (
        isStrings(frame.ids) &&
        isPositionedEvents(frame.events) &&
        (frame.epochs === undefined || isCursor(frame.epochs))
      )
    case 'replay':
      return typeof frame.replay === 'string' && isPositionedEvents(frame.events)
    case 'subscribed':
      return typeof frame.id === 'string' && isCursor(frame.cursor) && typeof frame.recovered === 'boolean'
    case 'gap':
      return isStrings(frame.ids)
    case 'error':
      return typeof frame.code === 'string'
    case 'refreshed':
      return typeof frame.expires === 'string' && !Number.isNaN(Date.parse(frame.expires))
    case 'pong':
    case 'unsubscribed':
      return true
    default:
      return false
  }
}

/** Whether a value is a list of events with their positions. */
export function isPositionedEvents(value: unknown): value is PositionedEvent[] {
  return Array.isArray(value) && value.every(isPositionedEvent)
}

function isPositionedEvent(value: unknown): boolean {
  return (
    isFields(value) &&
    typeof value.topic === 'string' &&
    Number.isSafeInteger(value.partition) &&
    Number.isSafeInteger(value.offset) &&
    isFields(value.event)
  )
}

function isCursor(value: unknown): boolean {
  return typeof value === 'string' && parseCursor(value) !== null
}

function isStrings(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** Whether a value is a JSON object. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
