import type { Clock, Tidewire, TidewireState } from '#shared/client/connect.ts'

/** The state of the connection as it is shown to users. */
export type CalmState = {
  readonly state: () => TidewireState
  /** Whether a first view was caught up: before that, a connection is not *re*connected. */
  readonly isSettled: () => boolean
  /** To be called when a view has loaded. */
  readonly settle: () => void
  readonly subscribe: (listener: () => void) => () => void
}

/** How long a live connection may recover before it is shown: each widget that opens subscribes for a moment. */
const PATIENCE_MS = 250
const MOMENTARY: readonly TidewireState[] = ['connecting', 'recovering']

/**
 * Smooths the client's state. The client is `live` as soon as a socket is open and no subscription is pending; this is
 * live only after the first view is caught up, and then ignores the short recoveries of views that open later.
 */
export function createCalmState(
  source: Pick<Tidewire, 'state' | 'onState'>,
  clock: Pick<Clock, 'after'>,
): CalmState {
  const listeners = new Set<() => void>()
  let isSettled = false
  let shown = source.state
  let cancel: (() => void) | null = null

  function show(state: TidewireState) {
    cancel?.()
    cancel = null
    if (state === shown) return
    shown = state
    for (const listener of [...listeners]) listener()
  }
  function follow() {
    const { state } = source
    if (!isSettled) show(state === 'live' ? 'recovering' : state)
    else if (shown === 'live' && MOMENTARY.includes(state))
      cancel ??= clock.after(PATIENCE_MS, () => show(source.state))
    else show(state)
  }
  source.onState(follow)
  return {
    state: () => shown,
    isSettled: () => isSettled,
    settle: () => {
      if (isSettled) return
      isSettled = true
      follow()
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
