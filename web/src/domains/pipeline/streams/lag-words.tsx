import type { GroupState } from '#shared/core/streams.ts'
import { Badge, type Tone } from '#web/ui/data/badge.tsx'
import { judgeGroup, type LagSample, type Verdict } from './judge-group.ts'

const VERDICTS: Readonly<Record<Verdict, readonly [tone: Tone, word: string]>> = {
  normal: ['plain', 'Normal'],
  lagging: ['bad', 'Lagging'],
  recovering: ['busy', 'Recovering'],
  recovered: ['good', 'Recovered'],
}

/** Whether a group is behind, as a word. */
export function LagBadge({ samples }: { readonly samples: readonly LagSample[] | undefined }) {
  const [tone, word] = VERDICTS[judgeGroup(samples ?? [])]
  return <Badge tone={tone}>{word}</Badge>
}

/** A duration in words: `340 ms`, `4.2 s`, `12 min`; a dash if it is unknown. */
export function sayDuration(ms: number | null): string {
  if (ms === null) return '—'
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${Math.round(ms / 100) / 10} s`
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min`
  const hours = Math.floor(ms / 3_600_000)
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`
}

/** The age of a group's lag. */
export function sayLagAge({ lag, lagMs }: Pick<GroupState, 'lag' | 'lagMs'>): string {
  return lag === 0 ? 'none' : sayDuration(lagMs)
}
