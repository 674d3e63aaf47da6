import { expect, test } from 'vitest'
import { traceStore } from './trace-store.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const segment = (more: object = {}) => ({
  trace_id: `1-${TRACE.slice(0, 8)}-${TRACE.slice(8)}`,
  id: '00f067aa0ba902b7',
  name: 'tidewire-write',
  start_time: 10,
  end_time: 11,
  ...more,
})
const packet = (document: object) => `{"format":"json","version":1}\n${JSON.stringify(document)}`

test('the segments of a trace are found by either form of its id, in the order in which they began', () => {
  const traces = traceStore()
  traces.add(packet(segment({ id: '00f067aa0ba902b8', start_time: 10, end_time: 10.5 })))
  traces.add(packet(segment()))

  const found = traces.find(TRACE)

  expect(found).toMatchObject({ id: TRACE, start: '1970-01-01T00:00:10.000Z', milliseconds: 1000 })
  expect(found?.segments.map(({ id }) => id)).toEqual(['00f067aa0ba902b7', '00f067aa0ba902b8'])
  expect(traces.find(segment().trace_id)).toEqual(found)
  expect(traces.find('0'.repeat(32))).toBeNull()
})

test.each([
  'no packet',
  '{"format":"json"}\n{',
  packet({}),
  packet(segment({ id: 'x' })),
  packet(segment({ end_time: null })),
])('what is no segment is left out: %j', (text) => {
  const traces = traceStore()
  traces.add(text)
  expect(traces.list(10)).toEqual([])
})

test('the latest 1000 traces are kept, the newest first', () => {
  const traces = traceStore()
  for (let index = 0; index < 1100; index++)
    traces.add(packet(segment({ trace_id: `1-${String(index).padStart(8, '0')}-${TRACE.slice(8)}` })))

  const listed = traces.list(2000)

  expect(listed).toHaveLength(1000)
  expect(listed[0]?.id.slice(0, 8)).toBe('00001099')
})
