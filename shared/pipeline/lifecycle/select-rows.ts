import { isOwnChannel, matchesChannel } from '#shared/core/channel.ts'
import type { CloudEvent, PositionedEvent } from '#shared/core/event.ts'
import type { Interest } from '#shared/core/interest.ts'
import type { Row, Selection } from '#shared/pipeline/history/list-events.ts'
import type { ViewStore } from '#shared/pipeline/views/view-store.ts'
import { partKeyOf } from './get-event.ts'
import type { Lifecycles } from './lifecycles.ts'

/** What a list asks for beyond its interest: statuses, assignees, and a text (any case) that people look for. */
export type CaseQuery = Interest & {
  readonly status?: readonly string[]
  readonly assignee?: readonly string[]
  readonly text?: string
}

/**
 * The rows of a list: without what was deleted, and without moves of lifecycles unless a pattern of the query's
 * channels or types has the segment "lifecycle", and without Tidewire's own unless a channel begins so. Events with a lifecycle carry what its summary says of their state.
 */
export function selectCases(
  query: CaseQuery,
  { lifecycles, viewStore }: { readonly lifecycles: Lifecycles; readonly viewStore: ViewStore },
): Selection {
  const text = query.text?.toLowerCase()
  return {
    admits: (event) =>
      (!lifecycles.isMove(event.category) || asksForMoves(query, event)) &&
      (!isOwnChannel(event.category) || query.channels.some(isOwnChannel)) &&
      (text === undefined || holds(event, text)),
    select: async (events) => {
      const states = await loadSummaries(events)
      return events.flatMap((positioned, index): Row[] => {
        const state = states[index]
        if (state?.isDeleted || !fits(query, state)) return []
        return [state ? { ...positioned, state } : positioned]
      })
    },
  }

  async function loadSummaries(events: readonly PositionedEvent[]) {
    const wanted = events.map((positioned) => {
      const kept = lifecycles.of(positioned.event.category)
      if (!kept?.keeps(positioned)) return null
      const key = partKeyOf(positioned, kept)
      return { kept, key, name: JSON.stringify(key) }
    })
    // Events of different sources may share an id, and with it a key.
    const keys = new Map(wanted.flatMap((one) => (one ? [[one.name, one.key]] : [])))
    const parts = await viewStore.load([...keys.values()])
    const states = new Map([...keys.keys()].map((name, index) => [name, parts[index]?.state]))
    return wanted.map((one) => {
      const state = one && states.get(one.name)
      return state == null ? undefined : one?.kept.lifecycle.summary(state)
    })
  }
}

type Summary = { readonly status: string; readonly assignee?: string; readonly isDeleted: boolean }

function fits({ status, assignee }: CaseQuery, state: Summary | undefined): boolean {
  if (status && !(state && status.includes(state.status))) return false
  return !assignee || (state?.assignee !== undefined && assignee.includes(state.assignee))
}

function asksForMoves({ channels, filter }: Interest, { category, type }: CloudEvent): boolean {
  const names = (pattern: string) => pattern.split('.').includes('lifecycle')
  return (
    channels.some((pattern) => names(pattern) && matchesChannel(pattern, category ?? '')) ||
    (filter?.type?.some((pattern) => names(pattern) && matchesChannel(pattern, type)) ?? false)
  )
}

/** Whether an event's title, description, type, subject or id holds a text, which is in lower case. */
function holds({ id, type, subject, data }: CloudEvent, text: string): boolean {
  const { title, description } = (typeof data === 'object' && data !== null ? data : {}) as {
    title?: unknown
    description?: unknown
  }
  return [title, description, type, subject, id].some(
    (part) => typeof part === 'string' && part.toLowerCase().includes(text),
  )
}
