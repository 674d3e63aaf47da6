import type { OutgoingEvent } from '../publish/encode-record.ts'
import type { TimedEvent } from './simulate-domains.ts'

/**
 * The CloudEvent of a simulated event. With `begin` the simulated time is its time; without, the moment it is due at.
 * A simulator that dates an event earlier or later than it happens is followed.
 */
export function encodeEvent(
  { domain, id, event, elapsedMs, dueAt }: TimedEvent & { readonly dueAt: number },
  { begin, isDated }: { readonly begin: number; readonly isDated: boolean },
): OutgoingEvent {
  const happened = begin + elapsedMs
  const shift = event.time === undefined ? 0 : Date.parse(event.time) - happened
  const time = new Date((isDated ? happened : dueAt) + shift).toISOString()
  const source = `urn:tidewire:simulator:${domain}`
  const json = JSON.stringify({ specversion: '1.0', id, source, ...event, time })
  return { at: `${domain} ${id}`, key: event.partitionkey, json, bytes: Buffer.byteLength(json) }
}
