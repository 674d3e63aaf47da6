import { parseTimestamp } from '#shared/core/time.ts'
import { fieldAt, readPayload, textOf } from './payload.ts'
import type { Timestamp } from './scheme.ts'
import type { WebhookRequest } from './signed-content.ts'

const DEFAULT_TOLERANCE = 300
const DIGITS = /^[0-9]{1,15}$/

/** The timestamp's text if the request is recent enough (undefined if it has none and needs none), or why it is not. */
export function checkTimestamp(
  { header, field, pair = '', unit, tolerance = DEFAULT_TOLERANCE, optional }: Timestamp,
  { headers, body }: WebhookRequest,
  pairs: ReadonlyMap<string, readonly string[]>,
  now: Date,
): { text: string | undefined } | { reason: string } {
  const texts = pairs.get(pair) ?? []
  if (header === undefined && field === undefined && texts.length > 1)
    return { reason: 'The signature names its time twice.' }
  const text =
    header !== undefined
      ? headers[header]
      : field !== undefined
        ? textOf(fieldAt(readPayload(headers['content-type'], body), field))
        : texts[0]
  const name = header
    ? `header "${header}"`
    : field
      ? `field "${field}" of the body`
      : `"${pair}" of the signature`
  if (!text) return optional ? { text: undefined } : { reason: `The ${name} is missing.` }
  const signedAt = parseTime(text, unit)
  if (signedAt === null) return { reason: `The ${name} is no time that this scheme uses.` }
  const seconds = Math.abs(now.getTime() - signedAt) / 1000
  if (!(seconds <= tolerance))
    return { reason: `The ${name} is more than ${tolerance} seconds away from the time here.` }
  return { text }
}

function parseTime(text: string, unit: Timestamp['unit']): number | null {
  if (unit === 'iso') return parseTimestamp(text)
  if (!DIGITS.test(text)) return null
  return unit === 's' ? Number(text) * 1000 : Number(text)
}
