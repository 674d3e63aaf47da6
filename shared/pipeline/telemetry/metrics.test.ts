import { expect, test } from 'vitest'
import { cloudWatchName, LOCAL_METRICS, METRICS, prometheusName } from './metrics.ts'

const all = Object.entries({ ...METRICS, ...LOCAL_METRICS })

test('the names for CloudWatch and Prometheus follow from the key of a metric', () => {
  expect(cloudWatchName('events_accepted')).toBe('EventsAccepted')
  expect(prometheusName('events_accepted', METRICS.events_accepted)).toBe('tidewire_events_accepted_total')
  expect(prometheusName('fold_lag', METRICS.fold_lag)).toBe('tidewire_fold_lag_seconds')
  expect(prometheusName('frames_per_event', METRICS.frames_per_event)).toBe('tidewire_frames_per_event')
  expect(prometheusName('process_memory', LOCAL_METRICS.process_memory)).toBe('tidewire_process_memory_bytes')
})

test('every metric has a name of lower-case words, and a sentence that says what it means', () => {
  for (const [name, { meaning, dimensions }] of all) {
    expect.soft(name).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect.soft([name, meaning]).toEqual([name, expect.stringMatching(/^[A-Z].+\.$/)])
    for (const dimension of dimensions) expect.soft(dimension).toMatch(/^[a-z]+$/)
  }
})
