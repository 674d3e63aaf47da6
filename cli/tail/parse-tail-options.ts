import { channelProblem } from '#shared/core/channel.ts'
import { CursorError, parseCursor } from '#shared/core/cursor.ts'
import type { Filter } from '#shared/core/interest.ts'
import type { Since } from '#shared/core/messages.ts'
import { SEVERITIES } from '#shared/core/severity.ts'
import { usageError } from '../cli-error.ts'
import { isRfc3339 } from '../publish/parse-time.ts'

const FILTERS = ['severity', 'type', 'subject'] as const

/** Checks channel patterns. Throws a usage error with the reason. */
export function checkChannels(channels: readonly string[]): readonly string[] {
  for (const channel of channels) {
    const reason = channelProblem(channel, { patterns: true })
    if (reason !== null) throw usageError(`the channel ${JSON.stringify(channel)} ${reason}`)
  }
  return channels
}

/** Checks where to start: `latest`, `earliest`, a cursor or an RFC 3339 time. Throws a usage error. */
export function parseSince(text: string): Since {
  if (text === 'latest' || text === 'earliest' || isRfc3339(text)) return text
  try {
    if (text !== '' && parseCursor(text)) return text
  } catch (error) {
    if (!(error instanceof CursorError)) throw error
  }
  throw usageError(
    `--since ${JSON.stringify(text)} is neither latest, earliest, a time such as 2026-05-17T08:00:00Z, nor a cursor`,
  )
}

/**
 * Adds one `--filter name=value,value` to those before it. Subjects may hold commas, so they are given one at a time.
 * Throws a usage error on an unknown name or a value that can never match.
 */
export function collectFilter(text: string, known: Filter = {}): Filter {
  const separator = text.indexOf('=')
  const name = FILTERS.find((filter) => filter === text.slice(0, separator))
  if (name === undefined)
    throw usageError(`--filter ${JSON.stringify(text)} is not severity=…, type=… or subject=…`)
  const given = text.slice(separator + 1)
  const values = name === 'subject' ? [given] : given.split(',').map((value) => value.trim())
  for (const value of values) checkValue(name, value)
  return { ...known, [name]: [...(known[name] ?? []), ...values] }
}

function checkValue(name: (typeof FILTERS)[number], value: string): void {
  if (value === '') throw usageError(`--filter ${name}= lacks a value`)
  if (name === 'severity' && !SEVERITIES.some((severity) => severity === value))
    throw usageError(`--filter severity=${value}: a severity is ${SEVERITIES.join(', ')}`)
  const reason = name === 'type' ? channelProblem(value, { patterns: true }) : null
  if (reason !== null) throw usageError(`--filter type=${value}: the pattern ${reason}`)
}
