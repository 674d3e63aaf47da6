import { matchesChannel, patternsOverlap } from '#shared/core/channel.ts'
import { approximate } from '#shared/core/json/exact-json.ts'
import { MAX_LEAD_SECONDS } from '#shared/core/lead.ts'
import type { Domain, EventDefinition } from '#shared/domain/define-domain.ts'

/** The topic of every channel that is not in a domain. */
export const UNCLAIMED_TOPIC = 'events'
/** The channel of a move is that of its event with this suffix. */
export const MOVE_SUFFIX = '.lifecycle'
/** The topic of so many channels is kept, because it is asked for every event. Producers may invent channels. */
const KEPT_CHANNELS = 10_000

/** All domains: their topics, event types and schemas. */
export type Catalog = {
  /** The names of all topics. */
  readonly names: readonly string[]
  /** Returns the topic of a channel. */
  topicOf(channel: string): string
  /** Returns the patterns of the channels that a topic may have. */
  channelsOf(topic: string): readonly string[]
  /** Returns every topic that may have a channel of these patterns, sorted by name. */
  topicsTouched(patterns: readonly string[]): string[]
  /** Returns how many seconds the times of a topic's events may be ahead of their records'. */
  maxLeadOf(topic: string): number
  /** Whether the events of a channel are moves of a lifecycle. */
  isMove(channel: string): boolean
  /** Returns the definition of an event type; undefined if no domain defines it. */
  definitionOf(type: string): EventDefinition | undefined
  /**
   * Returns what is wrong with the data of an event; an empty list if it fits the schema of the type, or no domain
   * defines the type. The same data is checked only once. A number with more digits than a double is checked as the
   * double that is next to it.
   */
  issuesOf(type: string, data: unknown): readonly DataIssue[]
  /** Members of event data that a search looks in: those of every domain, for events of any domain. */
  readonly searched: readonly string[]
  /** Members of event data, or of a state's summary, that an export has a column for: those of every domain. */
  readonly exported: readonly string[]
  /** Whether events of a type that no domain defines are accepted. */
  readonly unknownTypes: UnknownTypes
}

/** One thing that is wrong with data, and where. */
export type DataIssue = { readonly path: readonly PropertyKey[]; readonly message: string }

export type UnknownTypes = 'accept' | 'refuse'

/** Returns the catalog of these domains. If several topics match a channel, the first one has it. */
export function createCatalog(
  domains: readonly Domain[],
  { unknownTypes = 'accept' }: { unknownTypes?: UnknownTypes } = {},
): Catalog {
  const claims = domains.flatMap(({ topics }) => Object.entries(topics))
  const definitions = new Map(domains.flatMap(({ events }) => Object.entries(events)))
  const topics = new Map<string, string>()
  const topicOf = (channel: string) => {
    const known = topics.get(channel)
    if (known !== undefined) return known
    const claim = claims.find(([, patterns]) => patterns.some((pattern) => matchesChannel(pattern, channel)))
    const topic = claim?.[0] ?? UNCLAIMED_TOPIC
    if (topics.size < KEPT_CHANNELS) topics.set(channel, topic)
    return topic
  }
  const leads = new Map(
    domains.flatMap(({ topics: own, maxLead = MAX_LEAD_SECONDS }) =>
      Object.keys(own).map((topic) => [topic, maxLead] as const),
    ),
  )
  const moved = domains.flatMap(({ lifecycle }) => lifecycle?.channels ?? [])
  const isMove = (channel: string) =>
    channel.endsWith(MOVE_SUFFIX) &&
    moved.some((pattern) => matchesChannel(pattern, channel.slice(0, -MOVE_SUFFIX.length)))
  const touchedBy = (pattern: string): string[] => {
    if (!pattern.includes('*')) return [topicOf(pattern)]
    const claimed = claims.filter(([, patterns]) => patterns.some((claim) => patternsOverlap(claim, pattern)))
    return [
      ...claimed.map(([topic]) => topic),
      ...(isWhollyClaimed(pattern, claims) ? [] : [UNCLAIMED_TOPIC]),
    ]
  }
  return {
    names: [...new Set([...claims.map(([topic]) => topic), UNCLAIMED_TOPIC])],
    topicOf,
    channelsOf: (topic) => {
      const patterns = claims.flatMap(([name, own]) => (name === topic ? own : []))
      return topic === UNCLAIMED_TOPIC ? [...patterns, '**'] : patterns
    },
    topicsTouched: (patterns) => [...new Set(patterns.flatMap(touchedBy))].sort(),
    maxLeadOf: (topic) => leads.get(topic) ?? MAX_LEAD_SECONDS,
    isMove,
    definitionOf: (type) => definitions.get(type),
    issuesOf: dataChecker(definitions),
    searched: [...new Set(domains.flatMap(({ searched = [] }) => searched))],
    exported: [...new Set(domains.flatMap(({ exported = [] }) => exported))],
    unknownTypes,
  }
}

/** Caches the result for each object, because an event is checked at several steps on its way in. */
function dataChecker(definitions: ReadonlyMap<string, EventDefinition>): Catalog['issuesOf'] {
  const verdicts = new WeakMap<object, { readonly type: string; readonly issues: readonly DataIssue[] }>()
  const check = (type: string, data: unknown) =>
    definitions.get(type)?.schema.safeParse(approximate(data)).error?.issues ?? []
  return (type, data) => {
    if (typeof data !== 'object' || data === null) return check(type, data)
    const known = verdicts.get(data)
    if (known?.type === type) return known.issues
    const issues = check(type, data)
    verdicts.set(data, { type, issues })
    return issues
  }
}

function isWhollyClaimed(
  pattern: string,
  claims: readonly (readonly [string, readonly string[]])[],
): boolean {
  const first = pattern.split('.')[0]
  return claims.some(([, patterns]) => patterns.includes(`${first}.**`))
}
