import { mayReadAll, mayReadOwnOnly, mayReadSome, type Subject } from '#shared/core/access/authorize.ts'
import { unreadable } from '#shared/pipeline/history/access.ts'
import type { NamedView } from './views.ts'

/** Which keys of a view are shown: all, only one, or those that pass. */
export type ShownKeys = 'all' | { readonly only: string } | { readonly admits: (key: string) => boolean }

/** What is asked of a view: one key or its list, and whether the parts themselves or what the view presents of them. */
export type ViewAsk = { readonly key?: string | undefined; readonly isRaw: boolean }

/**
 * Returns which keys of a view somebody may see. The state of a key takes the right to read all of its channels, because
 * it may have a trace of each event; what an aggregate view presents takes the right to read some of them. Throws Refusal
 * `forbidden`, for one key whether it exists or not.
 */
export function shownKeys(subject: Subject, { view }: NamedView, { key, isRaw }: ViewAsk): ShownKeys {
  const isAggregate = view.isAggregate === true && !isRaw
  const mayRead = (channels: readonly string[]) =>
    isAggregate
      ? channels.some((pattern) => mayReadSome(subject, pattern))
      : channels.every((pattern) => mayReadAll(subject, pattern))
  const { channels, channelsOf } = view
  if (channels.every((pattern) => mayReadAll(subject, pattern))) return 'all'
  if (channelsOf === undefined || key !== undefined) {
    const own = (key !== undefined && channelsOf?.(key)) || channels
    if (mayRead(own)) return 'all'
    throw unreadable(own)
  }
  const maySeeAKey = isAggregate
    ? channels.some((pattern) => mayReadSome(subject, pattern))
    : channels.every((pattern) => mayReadSome(subject, pattern))
  if (!maySeeAKey) throw unreadable(channels)
  const admits = (of: string) => mayRead(channelsOf(of))
  // The keys of such a view are users. Nobody else's is looked at, of which there may be very many.
  if (channels.every((pattern) => mayReadOwnOnly(subject, pattern)))
    return admits(subject.name) ? { only: subject.name } : { admits }
  return { admits }
}
