import type { ReceivedEvent } from '#shared/client/connect.ts'
import { foldText } from '#shared/core/text/fold-text.ts'
import { parseTimestamp } from '#shared/core/time.ts'
import type { Case } from '#shared/domain/port/case.ts'
import { nameEvent } from '#shared/domain/port/event-name.ts'
import { cases } from '#shared/domain/port/port-views.ts'

/** An event of the feed. Rows never change; the case book has what people did to them, by name. */
export type FeedRow = {
  /** Its position: unique. */
  readonly key: string
  /** `<id>@<source>`, as the key of its case and in the address of the page. */
  readonly name: string
  readonly positioned: ReceivedEvent
  /** Grows with each live row from 1; falls from -1 with each row of the history; 0 for a row that is in neither. */
  readonly arrival: number
  readonly severity: string
  readonly category: string
  readonly time: number
  /** Everything that is searched, in lower case. Made once, so that searching 10,000 rows takes less than a frame. */
  readonly text: string
}

/** Makes a row of an event. */
export function createRow(positioned: ReceivedEvent, arrival: number): FeedRow {
  const { topic, partition, offset, event } = positioned
  return {
    key: `${topic}/${partition}/${offset}`,
    name: nameEvent(event),
    positioned,
    arrival,
    severity: event.severity ?? 'info',
    category: event.category ?? '',
    time: parseTimestamp(event.time) ?? Number.NaN,
    text: searchedText(positioned),
  }
}

/** Returns the case of an event before its first move; null if it has none. */
export function openCaseOf({ positioned, name }: FeedRow): Case | null {
  return positioned.ahead ? null : cases.apply(null, positioned, name)
}

/** Returns the latest critical row. An event that is ahead of the log alarms nobody. */
export function findCritical(rows: readonly FeedRow[]): FeedRow | undefined {
  return rows.findLast(({ severity, positioned }) => severity === 'critical' && !positioned.ahead)
}

function searchedText({ event }: ReceivedEvent): string {
  const { title, description } = (
    typeof event.data === 'object' && event.data !== null ? event.data : {}
  ) as {
    readonly title?: unknown
    readonly description?: unknown
  }
  const parts = [title, description, event.type, event.subject, event.id]
  return foldText(parts.filter((part) => typeof part === 'string').join('\n'))
}
