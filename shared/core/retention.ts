import { AUDIT_TOPIC } from './audit.ts'

/**
 * The one setting of how long things are kept (docs/delivery.md, "How long things are kept"). It is text: a default, then
 * the topics and the views that differ from it, such as `7d,market-ticks=2d,port/cases=90d`. A name with a slash is a
 * view. All durations are whole seconds.
 */
export type Retention = {
  /** How long the events of a topic are promised: a cursor of that age is good. */
  ofTopic(topic: string): number
  /** How long a state of a view is kept after its last change; undefined: as long as its domain says. */
  ofView(view: string): number | undefined
  /** The longest of all topics but the audit trail. */
  readonly longest: number
  /**
   * How long a claim is kept: longer than any event, so that no event is in the log without its claim. Those of the audit
   * trail need none for long: only Tidewire writes them, each under an id of its own.
   */
  readonly claims: number
  /** The names that the setting names, to be compared with those that exist. */
  readonly named: { readonly topics: readonly string[]; readonly views: readonly string[] }
}

/** The setting where nothing else is set. */
export const DEFAULT_RETENTION = '7d'

export const DAY_SECONDS = 86_400

/** How long the audit trail is kept at least, unless the setting names its topic. */
const AUDIT_SECONDS = 90 * DAY_SECONDS

/** The limits of every duration: one minute and ten years. Seconds. */
export const RETENTION_LIMITS = { least: 60, most: 3650 * DAY_SECONDS } as const

const SECONDS_OF_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: DAY_SECONDS }
const DURATION = /^(\d{1,10})([smhd])$/
const NAME = /^[\w.~-]+(?:\/[\w.~-]+)?$/
const MOST_GRACE = 7200
const EXAMPLE = '"7d" or "7d,market-ticks=2d,port/cases=90d"'

/**
 * Returns for how many seconds an event stays stored after its retention. Readers judge its age themselves; the grace
 * absorbs differences of clocks and late deletion.
 */
export function graceOf(seconds: number): number {
  return Math.min(MOST_GRACE, seconds)
}

/** Returns for how many seconds something is stored that is promised for `seconds`. */
export function storedFor(seconds: number): number {
  return seconds + graceOf(seconds)
}

/**
 * Reads a setting, without looking at what its names mean (shared/pipeline/deployed-retention.ts does). Throws an error
 * that lists everything that is wrong.
 */
export function parseRetention(text: string): Retention {
  const [first = '', ...entries] = text.split(',').map((entry) => entry.trim())
  const problems: string[] = []
  const seconds = readDuration(first, problems)
  const named = new Map<string, number>()
  for (const entry of entries) {
    const [, name = '', duration = ''] = /^([^=]*)=(.*)$/.exec(entry) ?? []
    if (!NAME.test(name))
      problems.push(`${JSON.stringify(entry)} is not "<topic>=<duration>" or "<domain>/<view>=<duration>"`)
    else if (named.has(name)) problems.push(`${name} is set twice`)
    else named.set(name, readDuration(duration, problems, `${name}=`))
  }
  if (problems.length > 0)
    throw new Error(`${JSON.stringify(text)} is not a retention such as ${EXAMPLE}: ${problems.join('; ')}`)
  const names = [...named.keys()]
  const topics = names.filter((name) => !name.includes('/'))
  const others = topics.filter((topic) => topic !== AUDIT_TOPIC)
  const longest = Math.max(seconds, ...others.map((topic) => named.get(topic) ?? seconds))
  const unnamed = (topic: string) => (topic === AUDIT_TOPIC ? Math.max(seconds, AUDIT_SECONDS) : seconds)
  return {
    ofTopic: (topic) => named.get(topic) ?? unnamed(topic),
    ofView: (view) => named.get(view),
    longest,
    claims: storedFor(longest),
    named: { topics, views: names.filter((name) => name.includes('/')) },
  }
}

/** Returns a duration in the largest unit that divides it, as a setting is written: `604800` is `7d`. */
export function formatDuration(seconds: number): string {
  const [unit = 's', size = 1] =
    Object.entries(SECONDS_OF_UNIT)
      .reverse()
      .find(([, size]) => seconds % size === 0) ?? []
  return `${seconds / size}${unit}`
}

function readDuration(text: string, problems: string[], before = ''): number {
  const [, count = '', unit = ''] = DURATION.exec(text) ?? []
  const seconds = Number(count) * (SECONDS_OF_UNIT[unit] ?? Number.NaN)
  const { least, most } = RETENTION_LIMITS
  const what = before + text
  if (Number.isNaN(seconds) || count === '')
    problems.push(`${JSON.stringify(what)} has no duration of a whole number and a unit: d, h, m or s`)
  else if (seconds < least) problems.push(`${what} is less than ${formatDuration(least)}`)
  else if (seconds > most) problems.push(`${what} is more than ${formatDuration(most)} (ten years)`)
  return seconds
}
