import { phaseOf, type SubscriptionState } from './subscription-state.ts'

export type TidewireState = 'connecting' | 'live' | 'recovering' | 'polling' | 'closed'

/** What to tell about one subscription. */
export function stateOf(state: SubscriptionState, polling: boolean): TidewireState {
  const phase = phaseOf(state)
  if (phase === 'refused' || phase === 'stopped') return 'closed'
  if (phase === 'live') return 'live'
  if (polling) return 'polling'
  return phase === 'catching_up' || (phase === 'asking' && state.started) ? 'recovering' : 'connecting'
}

/** What to tell about the whole: the least that any subscription has. */
export function overallState(
  states: readonly TidewireState[],
  open: boolean,
  polling: boolean,
): TidewireState {
  if (!open) return polling ? 'polling' : 'connecting'
  const order = ['polling', 'connecting', 'recovering'] as const
  return order.find((state) => states.includes(state)) ?? 'live'
}
