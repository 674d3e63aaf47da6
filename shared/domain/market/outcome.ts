import type { Emission, FoldInput, View } from '#shared/domain/define-domain.ts'

/** What comes of an event: the state after it, and the events that follow. */
export type Outcome<State> = { readonly state: State; readonly emissions: readonly Emission[] }

/**
 * The `apply` and `emit` of a view that decides both at once. A state that events follow from is a new object, even
 * where nothing in it changes: so its part is saved at the position that it has answered.
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
