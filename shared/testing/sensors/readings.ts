import type { DomainEvent, FoldInput, View } from '#shared/domain/define-domain.ts'

/** Returns a reading as the log contains it. */
export function readingAt(
  time: number,
  data: Readonly<Record<string, unknown>>,
  { offset = 0, ...more }: Partial<DomainEvent> & { readonly offset?: number } = {},
): FoldInput {
  const sensorId = String(data.sensorId ?? 'quay-1')
  const event = {
    id: `r-${offset}`,
    source: '/test',
    type: 'sensor.reading',
    category: `sensor.reading.${sensorId}`,
    subject: sensorId,
    time: new Date(time).toISOString(),
    data: { sensorId, ...data },
    ...more,
  }
  return { topic: 'sensor-readings', partition: 0, offset, event }
}

/** Folds events of one key. Returns the last state. */
export function foldAll<State>(
  view: View<State>,
  inputs: Iterable<FoldInput>,
  key = 'quay-1',
  from?: State,
): State {
  let state = from ?? view.initial(key)
  for (const input of inputs) state = view.apply(state, input, key)
  return state
}

/** Freezes a value with everything in it: a fold that changes its input throws. */
export function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value)
    for (const inner of Object.values(value)) deepFreeze(inner)
  }
  return value
}
