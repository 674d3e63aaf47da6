import { Buffer } from 'node:buffer'
import { channelProblem } from '#shared/core/channel.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { ACCEPT_LIMITS } from '#shared/core/limits.ts'
import type { Fault } from '#shared/core/refusal.ts'
import { SEVERITIES } from '#shared/core/severity.ts'

/** What Tidewire asks of an event beyond CloudEvents: a category that is a channel, a known severity. */
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

/** Whether an event's JSON is larger than may be accepted. */
export function isTooLarge(json: Uint8Array): boolean {
  return json.length > ACCEPT_LIMITS.eventBytes
}
