import { isOwnChannel, matchesChannel } from '#shared/core/channel.ts'
import { ERASED_TYPE } from '#shared/core/erasure.ts'
import type { CloudEvent, PositionedEvent } from '#shared/core/event.ts'
import type { Interest } from '#shared/core/interest.ts'
import { foldText } from '#shared/core/text/fold-text.ts'
import type { StateSummary } from '#shared/domain/define-domain.ts'
import type { Catalog } from '#shared/pipeline/catalog.ts'
import type { Row, Selection } from '#shared/pipeline/history/list-events.ts'
import type { ViewStore } from '#shared/pipeline/views/view-store.ts'
import type { Lifecycles } from './lifecycles.ts'
import { loadStates } from './load-states.ts'

/** What a list asks for beyond its interest. */
export type RowQuery = Interest & {
  /**
   * For members of a state's summary, the values of which one must match. What no lifecycle can be filtered by is
   * ignored.
   */
  readonly state?: { readonly [member: string]: readonly string[] }
  /** A text to search for, in any case and however it is composed. */
  readonly text?: string
}

/**
 * Returns which events a list shows, and with which summary of their state. Deleted events are omitted. So are moves
 * of lifecycles, unless a pattern of the query's channels or types has the segment "lifecycle", and Tidewire's own
 * events, unless a channel of the query begins with "tidewire", and erasures, unless their type is asked for.
 */
export function selectRows(
  query: RowQuery,
  {
    catalog,
    lifecycles,
    viewStore,
  }: {
    readonly catalog: Pick<Catalog, 'searched'>
    readonly lifecycles: Lifecycles
    readonly viewStore: Pick<ViewStore, 'load'>
  },
): Selection {
  const text = query.text === undefined ? undefined : foldText(query.text)
  const filters = lifecycles.filters.flatMap((member) => {
    const values = query.state?.[member]
    return values ? [{ member, values }] : []
  })
  return {
    admits: (event) =>
      (!lifecycles.isMove(event.category) || asksForMoves(query, event)) &&
      (event.type !== ERASED_TYPE || query.filter?.type?.includes(ERASED_TYPE) === true) &&
      (!isOwnChannel(event.category) || query.channels.some(isOwnChannel)) &&
      (text === undefined || hasText(event, text, catalog.searched)),
    select: async (events) => {
      const states = await loadSummaries(events)
      return events.flatMap((positioned, index): Row[] => {
        const state = states[index] ?? null
        if (state?.isDeleted || !filters.every((filter) => passes(filter, state))) return []
        return [state ? { ...positioned, state } : positioned]
      })
    },
  }

  async function loadSummaries(events: readonly PositionedEvent[]): Promise<(StateSummary | null)[]> {
    const wanted = events.flatMap((positioned) => {
      const kept = lifecycles.of(positioned.event.category)
      return kept ? [{ positioned, kept }] : []
    })
    const parts = await loadStates(wanted, viewStore)
    const summaries = new Map(
      wanted.map(({ positioned, kept }, index) => {
        const state = parts[index]?.state
        return [positioned, state == null ? null : kept.lifecycle.summary(state)]
      }),
    )
    return events.map((positioned) => summaries.get(positioned) ?? null)
  }
}

type Filter = { readonly member: string; readonly values: readonly string[] }

function passes({ member, values }: Filter, state: StateSummary | null): boolean {
  const value = state?.[member]
  return value !== undefined && values.includes(String(value))
}

function asksForMoves({ channels, filter }: Interest, { category, type }: CloudEvent): boolean {
  const names = (pattern: string) => pattern.split('.').includes('lifecycle')
  return (
    channels.some((pattern) => names(pattern) && matchesChannel(pattern, category ?? '')) ||
    (filter?.type?.some((pattern) => names(pattern) && matchesChannel(pattern, type)) ?? false)
  )
}

/**
 * Whether an event's type, subject, id, or one of the searched members of its data has a text, which is
 * folded.
 */
function hasText(
  { id, type, subject, data }: CloudEvent,
  text: string,
  searched: readonly string[],
): boolean {
  const members = new Map(typeof data === 'object' && data !== null ? Object.entries(data) : [])
  return [...searched.map((member) => members.get(member)), type, subject, id].some(
    (part) => typeof part === 'string' && foldText(part).includes(text),
  )
}
