import type { CaseStatus } from '#shared/domain/port/case.ts'
import { Badge, type Tone } from '#web/ui/data/badge.tsx'
import type { ShownCase } from './case-book.ts'

export const STATUS_LABELS: Readonly<Record<CaseStatus, string>> = {
  new: 'New',
  acknowledged: 'Acknowledged',
  'in-progress': 'In progress',
  resolved: 'Resolved',
  closed: 'Closed',
}

const TONES: Readonly<Record<ShownCase['status'], Tone>> = {
  new: 'accent',
  acknowledged: 'busy',
  'in-progress': 'busy',
  resolved: 'good',
  closed: 'plain',
}

/** A status as a word, with an ellipsis until it is confirmed. */
export function StatusBadge({ state }: { state: ShownCase }) {
  if (state.isDeleted) return <Badge tone="bad">{state.isPending ? 'Deleting…' : 'Deleted'}</Badge>
  return (
    <Badge tone={TONES[state.status]}>{`${STATUS_LABELS[state.status]}${state.isPending ? '…' : ''}`}</Badge>
  )
}
