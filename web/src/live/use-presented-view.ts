import { useEffect, useMemo, useSyncExternalStore } from 'react'
import { ApiError, useApi } from './api.ts'
import { createPresentedView, type PresentedMoment, type ReadFailure } from './presented-view.ts'

/**
 * Returns what the server presents of one key of a view: for a view of which a user may read the sum, but not every
 * event. `changes` are values that tell that it may have changed; it is then read again, at most once a second.
 */
export function usePresentedView<Shown>(
  domain: string,
  view: string,
  key: string,
  changes: readonly unknown[],
): PresentedMoment<Shown> {
  const api = useApi()
  const presented = useMemo(() => {
    const path = `/views/${[domain, view, key].map(encodeURIComponent).join('/')}`
    const read = async (signal: AbortSignal) =>
      (await api.get<{ readonly state: Shown }>(path, { signal })).state
    return createPresentedView({ read, failureOf, isHidden: () => document.hidden, now: Date.now })
  }, [api, domain, view, key])
  useEffect(() => {
    document.addEventListener('visibilitychange', presented.readAgain)
    return () => document.removeEventListener('visibilitychange', presented.readAgain)
  }, [presented])
  // biome-ignore lint/correctness/useExhaustiveDependencies: the changes are the reason to read
  useEffect(presented.readAgain, [presented, ...changes])
  return useSyncExternalStore(presented.subscribe, presented.snapshot)
}

function failureOf(error: unknown): ReadFailure {
  const status = error instanceof ApiError ? error.problem.status : 0
  return status === 404 ? 'absent' : status === 403 ? 'refused' : 'later'
}
