import { expect, it } from 'vitest'
import { type Result, reportOf } from './report-of.ts'

const machine = { cores: 2, memoryGb: 24, node: 'v24' }
const row = (system: string, p50: number, p99: number) => ({
  viewers: 100,
  'events per second': 100,
  system,
  'p50 ms': p50,
  'p99 ms': p99,
})
const report = (name: string, result: Partial<Result>) =>
  reportOf(new Map([[name, { machine, results: [], ...result }]]))

it('servers stand side by side, with the ratio to the classic stack', () => {
  const { markdown, charts } = report('latency', { results: [row('tidewire', 6, 30), row('classic', 2, 10)] })

  expect(markdown).toContain('| 100 | 100 | 6 / 30 | 2 / 10 | 3 | 3 |')
  expect(markdown).toContain('](images/performance-latency.svg)')
  expect(Object.keys(charts)).toEqual(['performance-latency.svg'])
})

it('a server that was left out at a rate has no figures there, and no ratio', () => {
  const behind = { viewers: 100, 'events per second': 100, system: 'tidewire', 'left out': 'it fell behind' }
  const { markdown } = report('latency', { results: [behind, row('classic', 2, 10)] })

  expect(markdown).toContain('| 100 | 100 | – | 2 / 10 | – | – |')
})

it('faults of a run are told on the page', () => {
  const { markdown } = report('idle', { results: [{ system: 'bare' }], faults: ['bare: 3 lost'] })
  expect(markdown).toContain('**Faults of this run:** bare: 3 lost.')
})

it('remarks follow the figures that they are about', () => {
  const { markdown } = report('idle', { results: [{ system: 'bare' }], remarks: 'It sleeps.\n' })
  expect(markdown).toMatch(/\| bare \|\n+It sleeps\.\n+\*/)
})

it('what was not measured has no section, and a run on Apache Kafka has its own', () => {
  const { markdown } = report('capacity-apache-kafka', { results: [{ system: 'bare' }] })
  expect(markdown).toContain('## Deliveries per CPU second on Apache Kafka')
  expect(markdown).not.toContain('## From POST')
})

it('sections come in their order, and what has none comes last under its name', () => {
  const results = ['zebra', 'idle', 'latency-apache-kafka', 'capacity'].map(
    (name) => [name, { machine, results: [row('bare', 1, 2)] }] as const,
  )
  const titles = [...reportOf(new Map(results)).markdown.matchAll(/^## (.+)$/gm)].map(([, title]) => title)
  expect(titles).toEqual([
    'From POST to the viewer on Apache Kafka',
    'Deliveries per CPU second',
    'Idle, and memory per connection',
    'zebra',
  ])
})

it('a run of age is a table of its series, and lines of its samples where they were measured', () => {
  const results = [
    { what: 'all of it', lost: 0 },
    { series: 'resident MB', 'change till the end %': 0.5 },
    { minute: 1, 'resident MB': 300, 'disk of kafka MB': 10, 'heap MB': 60 },
    { minute: 2, 'resident MB': 310, 'disk of kafka MB': 12 },
  ]
  const { markdown, charts } = report('age', { results })

  expect(markdown).toContain('| lost | 0 |')
  expect(markdown).toContain('| resident MB | 0.5 |')
  expect(markdown).not.toContain('| minute |')
  expect(Object.keys(charts)).toEqual([
    'performance-age-disk.svg',
    'performance-age-memory.svg',
    'performance-age-times.svg',
  ])
  expect(charts['performance-age-memory.svg']).toContain('>heap</text>')
})
