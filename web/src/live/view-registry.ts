import type { StateOf, Tidewire, ViewMoment, ViewSet } from '#shared/client/connect.ts'

import type { Pacer } from './pacer.ts'

/** A view shared by components, in the shape of `useSyncExternalStore`. */
export type SharedView<State> = {
  readonly subscribe: (listener: () => void) => () => void
  readonly snapshot: () => ViewMoment<State>
}

export type ViewRegistry = {
  readonly open: <Views extends ViewSet, Name extends keyof Views['views'] & string>(
    domain: Views,
    view: Name,
    key?: string,
  ) => SharedView<StateOf<Views, Name>>
}

/** How long an unused view stays open: the next page may need it at once. */
const LINGER_MS = 5000

const LOADING: ViewMoment<never> = { states: new Map<string, never>(), status: 'loading', updatedAt: null }

/**
 * The views on the screen. Each is followed once, however many components use it, and flushed at its own pace.
 * `onLoaded` is called when a view has loaded or failed to.
 */
export function createViewRegistry(
  tidewire: Pick<Tidewire, 'view'>,
  createPacer: () => Pacer,
  onLoaded: () => void,
): ViewRegistry {
  const shared = new Map<string, SharedView<unknown>>()
  return {
    open: <Views extends ViewSet, Name extends keyof Views['views'] & string>(
      domain: Views,
      view: Name,
      key?: string,
    ) => {
      const name = JSON.stringify([domain.name, view, key])
      const follow = (onChange: () => void) => tidewire.view(domain, view, { key, onChange })
      const left = () => shared.delete(name)
      const known = shared.get(name) ?? shareView({ follow, onLoaded, left }, createPacer())
      shared.set(name, known)
      return known as SharedView<StateOf<Views, Name>>
    },
  }
}

type Sharing = {
  readonly follow: (onChange: () => void) => ReturnType<Tidewire['view']>
  readonly onLoaded: () => void
  readonly left: () => void
}

/** Follows a view while it has listeners, and 5 s longer. */
function shareView<State>({ follow, onLoaded, left }: Sharing, pacer: Pacer): SharedView<State> {
  const listeners = new Set<() => void>()
  let followed: ReturnType<typeof follow> | null = null
  let moment: ViewMoment<State> = LOADING
  let cancelFlush: (() => void) | null = null
  let linger: ReturnType<typeof setTimeout> | undefined

  function flush() {
    cancelFlush = null
    if (followed) moment = followed.current() as ViewMoment<State>
    if (moment.status !== 'loading') onLoaded()
    for (const listener of listeners) listener()
  }
  function change() {
    pacer.note()
    cancelFlush ??= pacer.schedule(flush)
  }
  function leave() {
    followed?.close()
    cancelFlush?.()
    followed = null
    cancelFlush = null
    moment = LOADING
    left()
  }
  return {
    snapshot: () => moment,
    subscribe: (listener) => {
      clearTimeout(linger)
      listeners.add(listener)
      followed ??= follow(change)
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) linger = setTimeout(leave, LINGER_MS)
      }
    },
  }
}
