import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { functionMetrics, localMetrics } from '../../infra/metric-list.ts'
import { gaugesText, metricsRegistry } from './metrics-registry.ts'

const emf = (values: Readonly<Record<string, number | number[]>>, dimensions = {}) =>
  JSON.stringify({
    _aws: { CloudWatchMetrics: [{ Metrics: Object.keys(values).map((Name) => ({ Name })) }] },
    stage: 'local',
    service: 'write',
    ...dimensions,
    ...values,
  })

test('lines of functions add up: counters, and histograms in seconds', async () => {
  const registry = metricsRegistry(functionMetrics())
  registry.take(emf({ EventsAccepted: 2, AcceptToAppend: [4, 40] }))
  for (let index = 0; index < 100; index++) registry.take(emf({ EventsAccepted: 1, Unknown: 7 }))
  registry.take(emf({ RequestsRefused: 1 }, { reason: 'forbidden' }))

  const text = await registry.text()

  const labels = 'stage="local",service="write"'
  expect(text).toContain(`tidewire_events_accepted_total{${labels}} 102`)
  expect(text).toContain(`tidewire_requests_refused_total{${labels},reason="forbidden"} 1`)
  expect(text).toContain(`tidewire_accept_to_append_seconds_count{${labels}} 2`)
  expect(text).toContain(`tidewire_accept_to_append_seconds_sum{${labels}} 0.044`)
  expect(text).toContain(`tidewire_accept_to_append_seconds_bucket{le="0.005",${labels}} 1`)
  expect(text).not.toContain('Unknown')
})

test('every metric of the list is shown from the beginning', async () => {
  const text = await metricsRegistry(functionMetrics()).text()

  for (const { prometheus, meaning } of functionMetrics())
    expect(text).toContain(`# HELP ${prometheus} ${meaning}`)
})

const hasPromtool = spawnSync('promtool', ['--version']).error === undefined
if (!hasPromtool) console.info('skipping promtool check metrics: there is no promtool on this machine')

test.runIf(hasPromtool)('promtool finds nothing wrong with the text', async () => {
  const registry = metricsRegistry(functionMetrics())
  registry.take(emf({ EventsAccepted: 2, AcceptToAppend: [4, 40], FramesPerEvent: [0.5] }))
  const samples = new Map([['socket_connections', [{ labels: {}, value: 3 }]]])
  const input = (await registry.text()) + (await gaugesText(localMetrics(), samples))

  const { status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input, encoding: 'utf8' })

  expect([status, stdout, stderr]).toEqual([0, '', ''])
})
