import type { View } from '#shared/domain/define-domain.ts'

/** What readers get of a live state: the view's `present`, which the caller knows to make a `Shown`. */
export function presentView<Shown, State>(
  view: View<State>,
  state: State,
  key: string,
  now = Date.now(),
): Shown {
  return (view.present ? view.present(state, now, key) : state) as Shown
}
