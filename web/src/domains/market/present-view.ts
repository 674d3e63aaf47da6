import type { View } from '#shared/domain/define-domain.ts'

/** Returns what readers get of a live state: the result of the view's `present`, which the caller knows to be a `Shown`. */
export function presentView<Shown, State>(
  view: View<State>,
  state: State,
  key: string,
  now = Date.now(),
): Shown {
  return (view.present ? view.present(state, now, key) : state) as Shown
}
