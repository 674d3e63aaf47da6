import type { CloudEvent } from '#shared/core/event.ts'
import { CloudEventError } from './codec-error.ts'
import { findFaults } from './find-faults.ts'

/** An event as it arrived: nothing about it is known but that it is an object. */
export type EventDraft = { [name: string]: unknown }

/** Fills in what a producer may leave out; it is called before validation, with a draft it may change. */
export type CompleteEvent = (draft: EventDraft) => EventDraft

/**
 * Returns `value` as an event of CloudEvents 1.0.2, or throws a `CloudEventError` with every fault there is.
 * A `null` attribute counts as left out (JSON format §2.2) and is dropped; `data: null` is a value and stays.
 * The same object is returned where nothing has to be dropped. Attributes that are not known are kept.
 */
export function validateEvent(value: unknown, complete?: CompleteEvent): CloudEvent {
  if (!isDraft(value)) {
    throw new CloudEventError('invalid_event', [{ pointer: '', detail: 'must be a JSON object.' }])
  }
  const event = completeDraft(value, complete)
  const errors = findFaults(event)
  if (errors.length > 0) throw new CloudEventError('invalid_event', errors)
  return event as CloudEvent
}

/** Drops what is not set, and lets `complete` fill in what it can. */
export function completeDraft(value: EventDraft, complete?: CompleteEvent): EventDraft {
  const draft = omitUnset(value)
  return complete === undefined ? draft : omitUnset(complete(draft))
}

function isDraft(value: unknown): value is EventDraft {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function omitUnset(draft: EventDraft): EventDraft {
  for (const name of Object.keys(draft)) {
    if (isUnset(name, draft[name])) return copySet(draft)
  }
  return draft
}

function copySet(draft: EventDraft): EventDraft {
  return Object.fromEntries(Object.entries(draft).filter(([name, value]) => !isUnset(name, value)))
}

function isUnset(name: string, value: unknown): boolean {
  return value === undefined || (value === null && name !== 'data')
}
