import { matchesChannel } from '#shared/core/channel.ts'
import type { Domain, View } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'

/** A view by its name in the store: `<domain>/<view>`. */
export type NamedView = { readonly name: string; readonly view: View }

export type Views = {
  readonly all: readonly NamedView[]
  /** Returns the views that fold the events of a channel. */
  of(channel: string): readonly NamedView[]
  /** Returns the topics that may have events which a view folds. */
  topics(catalog: Pick<Catalog, 'topicsTouched'>): ReadonlySet<string>
  /** Returns a view of a domain, or null if there is none. */
  find(domain: string, view: string): NamedView | null
}

/** The maximum number of channels that are remembered; a deployment has a few thousand. */
const MAX_CHANNELS = 10_000

/** Returns the views of these domains. */
export function viewsOf(domains: readonly Domain[]): Views {
  const all = domains.flatMap(({ name, views = {} }) =>
    Object.entries(views).map(([view, definition]) => ({ name: `${name}/${view}`, view: definition })),
  )
  const known = new Map<string, readonly NamedView[]>()
  let touched: { readonly catalog: object; readonly topics: ReadonlySet<string> } | undefined
  const match = (channel: string) =>
    all.filter(({ view }) => view.channels.some((pattern) => matchesChannel(pattern, channel)))
  return {
    all,
    of(channel) {
      const found = known.get(channel) ?? match(channel)
      if (known.size >= MAX_CHANNELS) known.clear()
      known.set(channel, found)
      return found
    },
    topics(catalog) {
      if (touched?.catalog !== catalog) {
        const topics = catalog.topicsTouched(all.flatMap(({ view }) => view.channels))
        touched = { catalog, topics: new Set(topics) }
      }
      return touched.topics
    },
    find: (domain, view) => all.find(({ name }) => name === `${domain}/${view}`) ?? null,
  }
}
