type Target = {
  addEventListener(type: string, listener: () => void): void
  removeEventListener(type: string, listener: () => void): void
}

/** Calls `changed` when the browser says that the network came or went, and `leaving` when the page goes away. */
export function listenToHints(
  target: unknown,
  { changed, leaving }: { readonly changed: () => void; readonly leaving: () => void },
): () => void {
  if (!isTarget(target)) return () => {} // Node has no such events
  const listeners = [
    ['online', changed],
    ['offline', changed],
    ['pagehide', leaving],
  ] as const
  for (const [type, listener] of listeners) target.addEventListener(type, listener)
  return () => {
    for (const [type, listener] of listeners) target.removeEventListener(type, listener)
  }
}

function isTarget(value: unknown): value is Target {
  return typeof (value as { addEventListener?: unknown } | null)?.addEventListener === 'function'
}
