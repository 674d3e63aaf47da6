import type { View } from '#shared/domain/define-domain.ts'
import type { ViewHandlers } from './follow-view.ts'

/**
 * What a domain exports for its panels: its name and its views, without the schemas of its events. Write it
 * `as const`, so that each view keeps the type of its state.
 */
export type ViewSet = {
  readonly name: string
  // A view's functions take its own state, of which this type knows nothing.
  // biome-ignore lint/suspicious/noExplicitAny: method parameters of different states have no common type
  readonly views: { readonly [view: string]: View<any> }
}

/** The type of a view's state. */
export type StateOf<Views extends ViewSet, Name extends keyof Views['views']> =
  Views['views'][Name] extends View<infer State> ? State : never

export type ViewOptions = ViewHandlers & {
  /** One state of a collection; without it all of them. */
  readonly key?: string | undefined
}

/** The definition of a view. Throws for a name that the domain does not have. */
export function definitionOf<Views extends ViewSet, Name extends keyof Views['views'] & string>(
  { name, views }: Views,
  view: Name,
): View<StateOf<Views, Name>> {
  const definition = views[view]
  if (definition === undefined) throw new Error(`the domain ${name} has no view ${view}`)
  return definition
}
