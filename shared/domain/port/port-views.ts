import { defineView } from '#shared/domain/define-domain.ts'
import { automate } from './automation.ts'
import { berths } from './berths-view.ts'
import { applyMove, type Case, forgetInCase, isMove, openCase } from './case.ts'
import { keyOf } from './read-event.ts'
import { statistics } from './statistics-view.ts'

/** Every event of the port with its lifecycle, under the event's id; null before the event itself has arrived. */
export const cases = defineView<Case | null>({
  description:
    'Every event of the port as a case: its data, status, assignee, readers and the history of its moves, under the id of the event. Of two events of one partition with the same id, the first one has the case. An event with an id of more than 300 bytes has none.',
  lateEvents: 'Moves apply in the order of the log, whatever their time.',
  channels: ['port.**'],
  keys: ({ event }) => keyOf(isMove(event) ? event.subject : event.id),
  initial: () => null,
  apply: (state, { event }) => {
    if (isMove(event)) return state && applyMove(state, event)
    return state ?? openCase(event)
  },
  emit: (_before, { event }) => automate(event),
  erasing: {
    rule: 'Title, description, place, priority, metadata, details and the notes of its moves are removed; the type of the event, its status, and who moved it when stay.',
    forget: (state, erased) => state && forgetInCase(state, erased),
    // The notes say something about the event: their moves are erased with it.
    related: (state, { id, source }) =>
      state?.id === id && state.source === source
        ? state.history.filter(({ note }) => note !== undefined).map(({ event }) => ({ id: event }))
        : [],
  },
  keepDays: 90,
})

/** The views of the domain without its schemas, so that a browser does not load the schema library. */
export const portViews = { name: 'port', views: { cases, statistics, berths } } as const
