import { CHANNEL_LIMITS } from './limits.ts'

const SEGMENT_CHARACTERS = 'A-Za-z0-9_~-'
const SEGMENT = new RegExp(`^[${SEGMENT_CHARACTERS}]+$`)

/**
 * Checks a channel (`port.container`) or, with `patterns`, a pattern (`port.*`, `market.tick.**`).
 * `*` matches one segment; `**` is only valid at the end and matches any number of segments, including none. A pattern
 * has at most two `*`, because the server looks up every pattern that can match an event by key.
 * Returns the reason why the text is invalid, or null.
 */
export function channelProblem(text: string, { patterns = false } = {}): string | null {
  const segments = text.split('.')
  if (segments.length > CHANNEL_LIMITS.segments)
    return `has ${segments.length} segments; at most ${CHANNEL_LIMITS.segments} are allowed`
  let wildcards = 0
  for (const [index, segment] of segments.entries()) {
    if (patterns && segment === '**' && index === segments.length - 1) continue
    if (patterns && segment === '*') wildcards++
    else if (segment.length > CHANNEL_LIMITS.segmentLength)
      return `has a segment longer than ${CHANNEL_LIMITS.segmentLength} characters`
    else if (!SEGMENT.test(segment)) return refuseSegment(segment, patterns)
  }
  if (wildcards > CHANNEL_LIMITS.wildcards)
    return `has ${wildcards} single-segment wildcards; at most ${CHANNEL_LIMITS.wildcards} are allowed`
  return null
}

function refuseSegment(segment: string, patterns: boolean): string {
  if (segment === '') return 'has an empty segment; separate segments with single dots'
  if (patterns && segment === '**') return 'has "**" before its end; "**" must be the last segment'
  const allowed = patterns
    ? 'letters, digits, "-", "_", "~", or the wildcards "*" and "**"'
    : 'letters, digits, "-", "_" and "~"'
  return `has the segment ${JSON.stringify(segment)}; a segment is made of ${allowed}`
}

/** Whether a pattern covers a channel. */
export function matchesChannel(pattern: string, channel: string): boolean {
  const wanted = pattern.split('.')
  const actual = channel.split('.')
  for (const [index, segment] of wanted.entries()) {
    if (segment === '**') return true
    if (index >= actual.length || (segment !== '*' && segment !== actual[index])) return false
  }
  return wanted.length === actual.length
}

/** Whether a pattern covers every channel that another covers. */
export function coversPattern(wide: string, narrow: string): boolean {
  const a = wide.split('.')
  const b = narrow.split('.')
  for (const [index, segment] of a.entries()) {
    if (segment === '**') return true
    const other = b[index]
    if (other === undefined || other === '**' || (segment !== '*' && segment !== other)) return false
  }
  return a.length === b.length
}

/** Whether at least one channel is covered by both patterns. */
export function patternsOverlap(left: string, right: string): boolean {
  const a = left.split('.')
  const b = right.split('.')
  for (let index = 0; ; index++) {
    if (a[index] === '**' || b[index] === '**') return true
    if (index === a.length || index === b.length) return a.length === b.length
    if (a[index] !== b[index] && a[index] !== '*' && b[index] !== '*') return false
  }
}

/** Every legal pattern that covers the channel: 11 for two segments, 21 for three, 129 for eight. */
export function patternsCovering(channel: string): string[] {
  const segments = channel.split('.')
  const patterns: string[] = []
  let prefixes: { text: string; wildcards: number }[] = [{ text: '', wildcards: 0 }]
  for (let length = 0; length <= segments.length; length++) {
    for (const { text } of prefixes) {
      if (length < CHANNEL_LIMITS.segments) patterns.push(`${text}**`)
      if (length === segments.length) patterns.push(text.slice(0, -1))
    }
    prefixes = extendPrefixes(prefixes, segments[length] ?? '')
  }
  return patterns
}

function extendPrefixes(prefixes: { text: string; wildcards: number }[], segment: string) {
  return prefixes.flatMap(({ text, wildcards }) => {
    const literal = { text: `${text}${segment}.`, wildcards }
    if (wildcards === CHANNEL_LIMITS.wildcards) return [literal]
    return [literal, { text: `${text}*.`, wildcards: wildcards + 1 }]
  })
}

const { segments, segmentLength, wildcards } = CHANNEL_LIMITS
const SEGMENT_EXPRESSION = `[${SEGMENT_CHARACTERS}]{1,${segmentLength}}`
const STAR = `(?:${SEGMENT_EXPRESSION}|\\*)`
const TOO_MANY_STARS = `(?:(?:[^.]*\\.)*?\\*(?:\\.|$)){${wildcards + 1}}`

/** The rules of `channelProblem` for a channel as a regular expression, for the published JSON Schemas. */
export const CHANNEL_EXPRESSION = `^${SEGMENT_EXPRESSION}(?:\\.${SEGMENT_EXPRESSION}){0,${segments - 1}}$`

/** The rules of `channelProblem` for a pattern as a regular expression. */
export const PATTERN_EXPRESSION = `^(?!${TOO_MANY_STARS})(?:\\*\\*|${STAR}(?:\\.${STAR}){0,${segments - 2}}(?:\\.(?:${STAR}|\\*\\*))?)$`

/** Whether a channel, or a pattern, begins with `tidewire.`: the channels of Tidewire's own events. */
export function isOwnChannel(channel: string | undefined): boolean {
  return channel?.startsWith('tidewire.') ?? false
}

/**
 * Returns a name, such as a symbol or a sensor, as one segment of a channel: characters that are invalid become `-`.
 */
export function channelSegment(name: string): string {
  return name.replaceAll(new RegExp(`[^${SEGMENT_CHARACTERS}]`, 'g'), '-').slice(0, 64)
}

/**
 * A user's name as one segment of a channel: what a segment may not hold is written as `~` and the hexadecimal of its
 * bytes, so that no two users ever share a channel. Null for no name, and one that gets longer than a segment may be.
 */
export function userSegment(user: string): string | null {
  if (!user.isWellFormed()) return null
  const hex = (character: string) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`
  const segment = encodeURIComponent(user)
    .replaceAll(/[.!'()*~]/g, hex)
    .replaceAll('%', '~')
  return segment === '' || segment.length > 64 ? null : segment
}
