import { matchesChannel, patternsOverlap } from '#shared/core/channel.ts'
import type { Domain, EventDefinition } from '#shared/domain/define-domain.ts'

/** The topic of every channel that no domain claims. */
export const UNCLAIMED_TOPIC = 'events'

/** Which topic carries a channel, and which topics a subscription's patterns can touch. */
export type Catalog = {
  readonly names: readonly string[]
  /** The one topic that carries this channel. */
  topicOf(channel: string): string
  /** Every topic that may carry a channel of these patterns. */
  topicsTouched(patterns: readonly string[]): string[]
  /** What the catalog derives for an event type, if a domain defines it. */
  definitionOf(type: string): EventDefinition | undefined
  /**
   * What is wrong with the data of a type's event; nothing where it fits, or no domain defines the type. Data is read
   * once, however often it is asked for.
   */
  issuesOf(type: string, data: unknown): readonly DataIssue[]
  /** Whether events of a type that no domain defines are taken. */
  readonly unknownTypes: UnknownTypes
}

/** One thing that is wrong with data, and where. */
export type DataIssue = { readonly path: readonly PropertyKey[]; readonly message: string }

export type UnknownTypes = 'accept' | 'refuse'

/** Reads the domains' claims into a routing table. A domain's earlier topic wins over a later one. */
export function createCatalog(
  domains: readonly Domain[],
  { unknownTypes = 'accept' }: { unknownTypes?: UnknownTypes } = {},
): Catalog {
  const claims = domains.flatMap(({ topics }) => Object.entries(topics))
  const definitions = new Map(domains.flatMap(({ events }) => Object.entries(events)))
  const topicOf = (channel: string) =>
    claims.find(([, patterns]) => patterns.some((pattern) => matchesChannel(pattern, channel)))?.[0] ??
    UNCLAIMED_TOPIC
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
    topicsTouched: (patterns) => [...new Set(patterns.flatMap(touchedBy))].sort(),
    definitionOf: (type) => definitions.get(type),
    issuesOf: dataChecker(definitions),
    unknownTypes,
  }
}

/** Remembers the verdict on each object for as long as it lives: an event is checked at several steps of its way in. */
function dataChecker(definitions: ReadonlyMap<string, EventDefinition>): Catalog['issuesOf'] {
  const verdicts = new WeakMap<object, { readonly type: string; readonly issues: readonly DataIssue[] }>()
  const check = (type: string, data: unknown) =>
    definitions.get(type)?.schema.safeParse(data).error?.issues ?? []
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
