import { Buffer } from 'node:buffer'
import { refuseChannel } from '#shared/core/channel.ts'
import { type CloudEvent, SEVERITIES } from '#shared/core/event.ts'
import type { Fault } from '#shared/core/refusal.ts'

/**
 * Limits of what is accepted (CONTRACT.md). Bytes of JSON; `keyBytes` are the bytes of an id or a source, which are
 * the key of a claim: DynamoDB sorts by at most 1,024.
 */
export const ACCEPT_LIMITS = {
  bodyBytes: 1_000_000,
  eventBytes: 128 * 1024,
  batchEvents: 500,
  keyBytes: 1024,
} as const

/** What Tidewire asks of an event beyond CloudEvents: a category that is a channel, a known severity. */
export function checkEvent(event: CloudEvent): Fault[] {
  const faults: Fault[] = []
  const { category, severity } = event
  if (category === undefined) {
    const detail =
      'is missing and cannot be derived from the type; give a dotted channel such as "port.container".'
    faults.push({ pointer: '/category', detail })
  } else {
    const reason = refuseChannel(category)
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
