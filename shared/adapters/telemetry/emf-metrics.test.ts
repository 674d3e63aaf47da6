import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { emfMetrics } from './emf-metrics.ts'

let written: string[]
beforeEach(() => {
  written = []
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    written.push(String(chunk))
    return true
  })
})
afterEach(() => vi.restoreAllMocks())

const create = () => emfMetrics({ service: 'write', stage: 'test' })
const documents = () => written.map((line) => JSON.parse(line))

test('an invocation is one line in the embedded metric format, and the next one begins with nothing', () => {
  const metrics = create()
  metrics.count('events_accepted', 2)
  metrics.count('events_accepted', 3)
  metrics.count('frames_posted', 0)
  metrics.observe('accept_to_append', 4)
  metrics.observe('accept_to_append', -1)
  metrics.observe('accept_to_append', Number.NaN)

  metrics.flush()
  metrics.flush()

  expect(documents()).toEqual([
    {
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'Tidewire',
            Dimensions: [['service', 'stage']],
            Metrics: [
              { Name: 'EventsAccepted', Unit: 'Count' },
              { Name: 'AcceptToAppend', Unit: 'Milliseconds' },
            ],
          },
        ],
      },
      service: 'write',
      stage: 'test',
      EventsAccepted: 5,
      AcceptToAppend: [4, 0],
    },
  ])
})

test('each value of a dimension is a line of its own, and counts in the sum over all values too', () => {
  const metrics = create()
  metrics.count('requests_refused', 1, { reason: 'forbidden' })
  metrics.count('requests_refused', 1, { reason: 'malformed' })
  metrics.count('requests_refused', 1, { reason: 'forbidden' })
  metrics.count('events_accepted', 1)

  metrics.flush()

  const found = documents()
  expect(found.map(({ reason, RequestsRefused }) => [reason, RequestsRefused])).toEqual([
    ['forbidden', 2],
    ['malformed', 1],
    [undefined, undefined],
  ])
  expect(found[0]._aws.CloudWatchMetrics[0].Dimensions).toEqual([
    ['service', 'stage'],
    ['service', 'stage', 'reason'],
  ])
  expect(found[2]._aws.CloudWatchMetrics[0].Dimensions).toEqual([['service', 'stage']])
})

test('of more values than a line may have, an even choice from the least to the most is written', () => {
  const metrics = create()
  for (let value = 999; value >= 0; value--) metrics.observe('fold_lag', value)

  metrics.flush()

  const [{ FoldLag: values }] = documents()
  expect(documents()).toHaveLength(1)
  expect([values.length, values[0], values.at(-1)]).toEqual([99, 0, 999])
  expect(values[49]).toBeGreaterThan(480)
  expect(values[49]).toBeLessThan(520)
})
