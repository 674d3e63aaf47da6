import type { TidewireState } from '#shared/client/client-state.ts'
import type { Clock } from '#shared/client/clock.ts'
import type { Tidewire } from '#shared/client/connect.ts'

/** The state of the connection as it is told to people. */
export type CalmState = {
  readonly state: () => TidewireState
  /** Whether anything was caught up with: before that there is nothing to *re*connect. */
  readonly isSettled: () => boolean
  /** A first widget has what it asked for. */
  readonly settle: () => void
  readonly subscribe: (listener: () => void) => () => void
}

/** A widget that opens asks for a moment: that is no trouble of the connection. */
const PATIENCE_MS = 250
const MOMENTARY: readonly TidewireState[] = ['connecting', 'recovering']

/**
 * The client calls itself live as soon as a socket is open and nothing is under way. People are told so only once the
 * first widget is caught up, and no more of each short asking of those that open later.
 */
export function createCalmState(
  source: Pick<Tidewire, 'state' | 'onState'>,
  clock: Pick<Clock, 'after'>,
): CalmState {
  const listeners = new Set<() => void>()
  let isSettled = false
  let told = source.state
  let cancel: (() => void) | null = null

  function tell(state: TidewireState) {
    cancel?.()
    cancel = null
    if (state === told) return
    told = state
    for (const listener of [...listeners]) listener()
  }
  function follow() {
    const { state } = source
    if (!isSettled) tell(state === 'live' ? 'recovering' : state)
    else if (told === 'live' && MOMENTARY.includes(state))
      cancel ??= clock.after(PATIENCE_MS, () => tell(source.state))
    else tell(state)
  }
  source.onState(follow)
  return {
    state: () => told,
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
