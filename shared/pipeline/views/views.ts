import { matchesChannel } from '#shared/core/channel.ts'
import type { Domain, View } from '#shared/domain/define-domain.ts'

/** A view by its name in the store: `<domain>/<view>`. */
export type NamedView = { readonly name: string; readonly view: View }

export type Views = {
  readonly all: readonly NamedView[]
  /** The views that fold the events of a channel. */
  of(channel: string): readonly NamedView[]
  /** The view of a domain; null where there is none. */
  find(domain: string, view: string): NamedView | null
}

/** So many channels are remembered; a deployment has a few thousand. */
const CHANNELS_KEPT = 10_000

/** The views of these domains. */
export function viewsOf(domains: readonly Domain[]): Views {
  const all = domains.flatMap(({ name, views = {} }) =>
    Object.entries(views).map(([view, definition]) => ({ name: `${name}/${view}`, view: definition })),
  )
  const known = new Map<string, readonly NamedView[]>()
  const match = (channel: string) =>
    all.filter(({ view }) => view.channels.some((pattern) => matchesChannel(pattern, channel)))
  return {
    all,
    of(channel) {
      const found = known.get(channel) ?? match(channel)
      if (known.size >= CHANNELS_KEPT) known.clear()
      known.set(channel, found)
      return found
    },
    find: (domain, view) => all.find(({ name }) => name === `${domain}/${view}`) ?? null,
  }
}
