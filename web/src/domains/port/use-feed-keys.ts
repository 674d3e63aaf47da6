import { useAccess } from '#web/live/access.tsx'
import { useShortcut } from '#web/ui/state/shortcuts.ts'
import type { FeedRow } from './feed-row.ts'
import type { FeedSnapshot } from './feed-store.ts'
import type { MakeMove } from './use-moves.ts'

type Options = {
  readonly snapshot: FeedSnapshot
  readonly active: number | null
  readonly activate: (index: number) => void
  readonly open: (index: number) => void
  /** The row that actions are about: the active one, or the open one. */
  readonly target: () => FeedRow | undefined
  readonly makeMove: MakeMove
  readonly isPaused: boolean
  readonly pause: () => void
  readonly goLive: () => void
}

/** The keys of the feed. */
export function useFeedKeys(options: Options): void {
  const { snapshot, active, activate, open, target, makeMove, isPaused, pause, goLive } = options
  const { name } = useAccess()
  const group = 'Feed'
  const go = (step: number) => {
    if (snapshot.count > 0) activate(Math.max(0, Math.min(snapshot.count - 1, (active ?? -1) + step)))
  }
  const move = (...[kind, body]: [Parameters<MakeMove>[1], Parameters<MakeMove>[2]?]) => {
    const row = target()
    if (row) void makeMove(row, kind, body)
  }
  useShortcut({ keys: 'j', label: 'Next event', group }, () => go(1))
  useShortcut({ keys: 'k', label: 'Event before', group }, () => go(-1))
  useShortcut({ keys: 'o', label: 'Open the event', group }, () => active !== null && open(active))
  useShortcut({ keys: 'Space', label: 'Pause or resume the feed', group }, () =>
    isPaused ? goLive() : pause(),
  )
  useShortcut({ keys: 'n', label: 'Show what is new', group }, goLive)
  useShortcut({ keys: 'a', label: 'Acknowledge', group }, () => move('acknowledge'))
  useShortcut({ keys: 's', label: 'Start', group }, () => move('start'))
  useShortcut({ keys: 'r', label: 'Resolve', group }, () => move('resolve'))
  useShortcut({ keys: 'c', label: 'Close the event', group }, () => move('close'))
  useShortcut({ keys: 'm', label: 'Assign to me', group }, () => move('assign', { assignee: name }))
}
