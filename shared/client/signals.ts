/** What a client does about what its surroundings report. */
export type SignalListener = {
  /** The network has changed: the connection may be dead, or a new one possible. */
  readonly changed: () => void
  /** The page is seen again, after it was hidden, frozen or behind others: its socket may have died meanwhile. */
  readonly returned: () => void
  /** Somebody uses the page: what it shows must be true. */
  readonly attended: () => void
  /** The page is hidden or closed. */
  readonly leaving: () => void
}

/** What reports to a client. Returns the function that ends the reports. */
export type Signals = (listener: SignalListener) => () => void

/** A page may keep an event from bubbling up to the window. */
const CAPTURE = { capture: true } as const

type Listener = (event: { readonly target: unknown }) => void
type Target = {
  addEventListener(type: string, listener: Listener, options: typeof CAPTURE): void
  removeEventListener(type: string, listener: Listener, options: typeof CAPTURE): void
}

/** The objects of a browser that report, each of which may be missing: Node has none, and not every browser the last. */
type Surroundings = {
  readonly document?: { readonly visibilityState?: unknown }
  readonly navigator?: { readonly connection?: { readonly type?: unknown } }
}

/**
 * The signals of a browser's window, document and network. `surroundings` is usually `globalThis`; what it does not have
 * reports nothing.
 */
export function browserSignals(surroundings: unknown): Signals {
  return ({ changed, returned, attended, leaving }) => {
    const { document, navigator } = (surroundings ?? {}) as Surroundings
    const connection = navigator?.connection
    let network = connection?.type
    /** A browser reports its estimates of the network's speed as well, again and again. */
    const networkChanged = () => {
      if (connection?.type === network) return
      network = connection?.type
      changed()
    }
    const becameVisible = () => {
      if (document?.visibilityState === 'visible') returned()
    }
    const stops = [
      listen(surroundings, ['online', 'offline'], changed),
      // A page that comes out of the back/forward cache gets `pageshow`: https://web.dev/articles/bfcache
      listen(surroundings, ['pageshow'], returned),
      // Captured at the window, the focus of each element comes by too.
      listen(surroundings, ['focus'], ({ target }) => target === surroundings && returned()),
      listen(surroundings, ['pointerdown', 'keydown'], attended),
      listen(surroundings, ['pagehide'], leaving),
      // `resume` ends the freeze of a page: https://wicg.github.io/page-lifecycle/
      listen(document, ['visibilitychange', 'resume'], becameVisible),
      listen(connection, ['change'], networkChanged),
    ]
    return () => {
      for (const stop of stops) stop()
    }
  }
}

function listen(target: unknown, types: readonly string[], listener: Listener): () => void {
  if (!isTarget(target)) return () => {}
  for (const type of types) target.addEventListener(type, listener, CAPTURE)
  return () => {
    for (const type of types) target.removeEventListener(type, listener, CAPTURE)
  }
}

function isTarget(value: unknown): value is Target {
  return typeof (value as { addEventListener?: unknown } | null | undefined)?.addEventListener === 'function'
}
