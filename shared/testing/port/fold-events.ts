import type { DomainEvent, Emission, View } from '#shared/domain/define-domain.ts'
import { MOVE_TYPES } from '#shared/domain/port/case.ts'

/** Returns an event of a test. Its category is the first two parts of its type, unless another is given. */
export function makeEvent(id: string, type: string, given: Partial<DomainEvent> = {}): DomainEvent {
  const category = type.split('.').slice(0, 2).join('.')
  const known = { source: '/tests', category, severity: 'info', time: '2026-11-21T08:00:00Z' }
  return { id, type, ...known, ...given }
}

let moves = 0
/** Returns a move of an event as the command function writes it. */
export function makeMove(
  id: string,
  move: keyof typeof MOVE_TYPES,
  by: string,
  data: object = {},
): DomainEvent {
  const at = `2026-11-21T09:00:${String(moves++ % 60).padStart(2, '0')}Z`
  return makeEvent(`move-${moves}`, MOVE_TYPES[move], {
    subject: id,
    subjectsource: '/tests',
    category: 'port.container.lifecycle',
    data: { move, by, at, ...data },
  })
}

/** Returns the states of a view by key after events of one partition, and the events that followed. */
export function foldEvents<State>(view: View<State>, events: readonly DomainEvent[]) {
  const states = new Map<string, State>()
  const emitted: Emission[] = []
  for (const [offset, event] of events.entries()) {
    const input = { topic: 'port-events', partition: 0, offset, event }
    for (const key of view.keys ? view.keys(input) : ['']) {
      const before = states.get(key) ?? view.initial(key)
      const after = view.apply(before, input, key)
      states.set(key, after)
      emitted.push(...(view.emit?.(before, input, after, key) ?? []))
    }
  }
  return { states, emitted }
}
