import { useMemo, useSyncExternalStore } from 'react'
import type { ViewStatus } from '#shared/client/follow-view.ts'
import type { StateOf, ViewSet } from '#shared/client/view-set.ts'
import { useTidewire } from './tidewire-provider.tsx'

export type LiveView<State> = {
  /** The state of the key that was asked for, or of a view without keys; null as long as there is none. */
  readonly state: State | null
  /** The state of each key. What did not change since the last render is the same object. */
  readonly states: ReadonlyMap<string, State>
  readonly status: ViewStatus
  /** When the states last changed, in epoch milliseconds; null before the first ones. */
  readonly updatedAt: number | null
}

/**
 * A view of a domain, live: `useView(portViews, 'statistics')`. The states are as the fold makes them; a view's
 * `present` gives what depends on the time of day. At most one render per frame, whatever arrives.
 */
export function useView<Views extends ViewSet, Name extends keyof Views['views'] & string>(
  domain: Views,
  view: Name,
  key?: string,
): LiveView<StateOf<Views, Name>> {
  const { views } = useTidewire()
  const shared = useMemo(() => views.open(domain, view, key), [views, domain, view, key])
  const moment = useSyncExternalStore(shared.subscribe, shared.snapshot)
  return { ...moment, state: moment.states.get(key ?? '') ?? null }
}
