import type { Emission, FoldInput, View } from '#shared/domain/define-domain.ts'

/** The result of an event: the state after it, and the events that follow. */
export type Outcome<State> = { readonly state: State; readonly emissions: readonly Emission[] }

/**
 * Returns the `apply` and `emit` of a view that decides both at once. A state from which events follow is a new object
 * even if nothing in it changes, so that its part is saved at the position of the event.
 */
export function viewOf<State extends object>(
  decide: (state: State, input: FoldInput, key: string) => Outcome<State>,
): Required<Pick<View<State>, 'apply' | 'emit'>> {
  return {
    apply: (before, input, key) => {
      const { state, emissions } = decide(before, input, key)
      return state === before && emissions.length > 0 ? { ...state } : state
    },
    emit: (before, input, _after, key) => decide(before, input, key).emissions,
  }
}
