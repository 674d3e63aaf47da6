import { mayActOn, mayReadSome, type Subject } from '#shared/core/access/authorize.ts'
import { matchesChannel, patternsOverlap } from '#shared/core/channel.ts'
import { judgedType } from '#shared/core/erasure.ts'
import type { CloudEvent } from '#shared/core/event.ts'
import { Refusal } from '#shared/core/refusal.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'

/** What somebody may see of the stored events. Everything that reads a part of the log takes one. */
export type Access = {
  /** Whether it may see an event. */
  readonly admits: (event: CloudEvent) => boolean
  /**
   * Returns those of the patterns that have a channel of which it may see something. Throws Refusal `forbidden` if none
   * has, which says what it takes.
   */
  readonly readable: (patterns: readonly string[]) => string[]
  /** Returns the topics that may have events of these patterns that it may see, sorted by name. */
  readonly topics: (
    patterns: readonly string[],
    catalog: Pick<Catalog, 'topicsTouched' | 'channelsOf'>,
  ) => string[]
}

/** Returns what the policy lets somebody see; to `export` an event takes the right to read it as well. */
export function accessOf(subject: Subject, action: 'read' | 'export' = 'read'): Access {
  const isGranted = (pattern: string) =>
    subject.grants?.some(
      ({ actions, channels }) => matchesChannel(actions, action) && patternsOverlap(channels, pattern),
    ) ?? true
  const seesSome = (pattern: string) => mayReadSome(subject, pattern) && isGranted(pattern)
  // A page looks at thousands of events of few kinds.
  const known = new Map<string, boolean>()
  const admits = (category: string, type: string) => {
    const kind = `${category.length} ${category} ${type}`
    const verdict = known.get(kind) ?? mayActOn(subject, action, category, type)
    if (known.size < MAX_KNOWN) known.set(kind, verdict)
    return verdict
  }
  return {
    admits: (event) => event.category !== undefined && admits(event.category, judgedType(event)),
    readable: (patterns) => {
      const readable = patterns.filter(seesSome)
      if (readable.length > 0) return readable
      throw unreadable(patterns)
    },
    topics: (patterns, catalog) =>
      catalog.topicsTouched(patterns).filter((topic) => catalog.channelsOf(topic).some(seesSome)),
  }
}

/** Of how many kinds of events, which are pairs of a channel and a type, the verdict is kept. */
const MAX_KNOWN = 1000

/** The maximum number of patterns that a refusal names. */
const NAMED = 5

/** Returns the refusal for patterns of which nothing may be read. */
export function unreadable(patterns: readonly string[]): Refusal {
  const named = patterns.slice(0, NAMED).map((pattern) => `"${pattern}"`)
  const more = patterns.length > NAMED ? ` and ${patterns.length - NAMED} more` : ''
  return new Refusal(
    'forbidden',
    `These credentials may read nothing on ${named.join(', ')}${more}. Ask for other channels, or an administrator for credentials with the scope "read:<channels>".`,
  )
}
