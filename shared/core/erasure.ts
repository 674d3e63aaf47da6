import type { CloudEvent } from './event.ts'

/**
 * The type of the event that erases another one (docs/adr/0032). It has the channel and the partition of that event, so
 * that a reader of the one gets the other after it.
 */
export const ERASED_TYPE = 'tidewire.erased'

/** The source of erasures. */
export const ERASURE_SOURCE = 'urn:tidewire:erasure'

/** An event that was erased, as the states know it that it went into. */
export type ErasedEvent = {
  readonly id: string
  readonly source: string
  readonly type: string
  /** Its offset, in the partition of the erasure. */
  readonly offset: number
}

/** What an erasure says. Nothing in it is of the data that was erased, but the names of the states it went into. */
export type Erasure = ErasedEvent & {
  /** The keys of the states, of views with keys, that the event went into. */
  readonly keys: readonly string[]
  /** The events that repeated its data, and were erased with it. */
  readonly also: readonly { readonly id: string; readonly source: string }[]
  /** Who erased it, and when (RFC 3339). */
  readonly by: string
  readonly at: string
}

type Given = Pick<CloudEvent, 'type' | 'data'>

/** Returns what an erasure says; null for any other event. Its data was checked on its way into the log. */
export function erasureOf({ type, data }: Given): Erasure | null {
  return type === ERASED_TYPE && typeof data === 'object' && data !== null ? (data as Erasure) : null
}

/** The type by which the policy and filters judge an event: an erasure counts as what it erases. */
export function judgedType(event: Given): string {
  return erasureOf(event)?.type ?? event.type
}

/** Returns what is left of an event that is erased at a time (RFC 3339): what it was and where it belonged. */
export function erasedForm(
  { id, source, type, time, category, severity }: CloudEvent,
  at: string,
): CloudEvent {
  return {
    specversion: '1.0',
    id,
    source,
    type,
    ...(time !== undefined && { time }),
    ...(category !== undefined && { category }),
    ...(severity !== undefined && { severity }),
    erased: at,
  }
}

/** Whether the data of an event was erased. */
export function isErased({ erased, data, data_base64 }: Readonly<Record<string, unknown>>): boolean {
  return erased !== undefined && data === undefined && data_base64 === undefined
}
