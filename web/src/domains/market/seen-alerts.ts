import type { AlertRecord } from '#shared/domain/market/user-alerts-view.ts'
import { createStore, readStored, writeStored } from '#web/ui/state/store.ts'

const KEY = 'tidewire.market.seen-alerts'

type Seen = { readonly ids: readonly string[] }

/** The triggered alerts that this browser's reader has seen. */
export const seenAlerts = createStore<Seen>(readSeen(readStored(KEY)), writeSeen)

function readSeen(kept: unknown): Seen {
  return { ids: Array.isArray(kept) ? kept.filter((id) => typeof id === 'string') : [] }
}

function writeSeen({ ids }: Seen): void {
  writeStored(KEY, ids)
}

/** The triggered alerts that nobody has seen yet. */
export function newlyTriggered(alerts: readonly AlertRecord[], seen: readonly string[]): AlertRecord[] {
  return alerts.filter(({ status, alertId }) => status === 'triggered' && !seen.includes(alertId))
}

/** What is seen once all of these alerts are: the ids of those that are still kept, so that the list stays small. */
export function markSeen(alerts: readonly AlertRecord[]): void {
  const ids = alerts.filter(({ status }) => status === 'triggered').map(({ alertId }) => alertId)
  seenAlerts.set({ ids })
}
