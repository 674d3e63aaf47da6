import { type ReactNode, useMemo, useSyncExternalStore } from 'react'
import type { StateOf, ViewSet, ViewStatus } from '#shared/client/connect.ts'
import { Loading, StateMessage } from '#web/ui/layout/state-message.tsx'
import { useAccess } from './access.tsx'
import { useConnection } from './freshness.tsx'
import { type Deed, rightProblem } from './rights.ts'
import { useTidewire } from './tidewire-provider.tsx'

export type LiveView<State> = {
  /** The state of the requested key, or of a view without keys; null as long as there is none. */
  readonly state: State | null
  /** The state of each key. A state that did not change since the last render is the same object. */
  readonly states: ReadonlyMap<string, State>
  readonly status: ViewStatus
  /** When the states last changed, in epoch milliseconds; null before the first ones. */
  readonly updatedAt: number | null
}

/**
 * Follows a view of a domain live: `useView(portViews, 'statistics')`. The states are those of the fold; the view's
 * `present` derives what depends on the current time. Renders at most once per frame, however much arrives.
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

type BodyProps = {
  /** In words for the middle of a sentence: "the alerts". */
  readonly what: string
  /** Every view that the body shows. */
  readonly of: readonly { readonly status: ViewStatus }[]
  readonly lines?: number
  readonly children: ReactNode
}

/**
 * The body of a widget that shows views. Renders its children once all views are loaded, otherwise why they are not. A
 * stale view is shown: the badge in the head says how old it is.
 */
export function ViewBody({ what, of, lines = 4, children }: BodyProps) {
  const { phase, help } = useConnection()
  if (of.some(({ status }) => status === 'refused'))
    return (
      <StateMessage
        kind="denied"
        title={`You cannot see ${what}`}
        detail="Your account lacks the permission, or this server does not have it. Ask an administrator."
      />
    )
  if (of.every(({ status }) => status !== 'loading')) return children
  if (phase === 'offline' || phase === 'closed')
    return (
      <StateMessage
        kind="offline"
        title={`${what[0]?.toUpperCase()}${what.slice(1)}: not loaded yet`}
        detail={help}
      />
    )
  return <Loading what={what} lines={lines} />
}

const WORDS: { readonly [status in ViewStatus]: string | null } = {
  live: null,
  loading: 'Not loaded yet: wait a moment.',
  stale: 'Out of date: it is being reloaded.',
  refused: 'You cannot see what this would change.',
}

/**
 * Returns why the user may not act on what these views show, in words: the policy does not let the user do it, or the
 * views are out of date. Returns null if the user may. While polling, stale is normal and no reason.
 */
export function useRefusal(of: readonly { readonly status: ViewStatus }[], deed: Deed): string | null {
  const { refusal, phase } = useConnection()
  const problem = rightProblem(useAccess(), deed)
  const late = of.map(({ status }) => (status === 'stale' && phase === 'polling' ? null : WORDS[status]))
  return problem ?? refusal ?? late.find((words) => words !== null) ?? null
}
