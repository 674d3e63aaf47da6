import { MOVE_SOURCE } from '#shared/core/move-source.ts'
import { type DomainEvent, defineView } from '#shared/domain/define-domain.ts'
import { automate } from './automation.ts'
import { berths } from './berths-view.ts'
import { applyMove, type Case, forgetInCase, isMove, openCase, targetOf } from './case.ts'
import { nameEvent } from './event-name.ts'
import { keyOf } from './read-event.ts'
import { statistics } from './statistics-view.ts'

/** The maximum length of the name of an event that has a case, in bytes. */
const LONGEST_NAME = 512

/** A case is kept under the name of its event. An earlier version kept it under the id, where its moves still find it. */
function keysOfMove(event: DomainEvent): readonly string[] {
  const { id, source } = targetOf(event)
  const named = source === undefined ? [] : keyOf(nameEvent({ id, source }), LONGEST_NAME)
  return [...named, ...keyOf(id)]
}

function isAbout(event: DomainEvent, state: Case): boolean {
  const { id, source } = targetOf(event)
  return state.id === id && (source === undefined || state.source === source)
}

/** Every event of the port with its lifecycle, under the event's name; null before the event itself has arrived. */
export const cases = defineView<Case | null>({
  description:
    'Every event of the port as a case: its data, status, assignee, readers and the history of its moves, under the name of the event, `<id>@<source>`, in which `%`, `@` and `/` of both are percent-encoded. An event whose name has more than 512 bytes has none.',
  lateEvents: 'Moves apply in the order of the log, not of their times.',
  channels: ['port.**'],
  keys: ({ event }) => (isMove(event) ? keysOfMove(event) : keyOf(nameEvent(event), LONGEST_NAME)),
  formerKeys: ({ event }) => (isMove(event) ? [] : keyOf(event.id)),
  initial: () => null,
  apply: (state, { event, exactData }) => {
    if (isMove(event)) return state && isAbout(event, state) ? applyMove(state, event) : state
    return state ?? openCase(event, exactData)
  },
  emit: (_before, { event }) => automate(event),
  erasing: {
    rule: 'Title, description, place, priority, metadata, details and the notes of its moves are removed; the type of the event, its status, and who moved it when stay.',
    forget: (state, erased) => state && forgetInCase(state, erased),
    // The notes say something about the event: their moves are erased with it.
    related: (state, { id, source }) =>
      state?.id === id && state.source === source
        ? state.history
            .filter(({ note }) => note !== undefined)
            .map(({ event }) => ({ id: event, source: MOVE_SOURCE }))
        : [],
  },
  keepDays: 90,
})

/** The views of the domain without its schemas, so that a browser does not load the schema library. */
export const portViews = { name: 'port', views: { cases, statistics, berths } } as const
