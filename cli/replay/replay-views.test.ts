import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { Domain } from '#shared/domain/define-domain.ts'
import { createCatalog } from '#shared/pipeline/catalog.ts'
import type { KafkaRecord, LogReader } from '#shared/pipeline/ports.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { runInProcess } from '../testing/run-in-process.ts'
import { type ReplayChoice, type ReplayDeps, replayViews } from './replay-views.ts'

const folding = (name: string): Domain => ({
  name,
  topics: { [`${name}-events`]: [`${name}.**`] },
  events: {},
  views: {
    all: {
      description: '',
      lateEvents: '',
      channels: [`${name}.*`],
      initial: () => 0,
      apply: (n: number) => n + 1,
    },
  },
})
const CATALOG = [folding('port'), folding('market'), { name: 'quiet', topics: {}, events: {} }]

async function replay(choice: ReplayChoice, { first = 0 } = {}) {
  const read: string[] = []
  const reader: LogReader = {
    held: async ([topic = '']) => [
      { topic, partition: 0, from: first, end: first + 1200 },
      { topic, partition: 1, from: 0, end: 3 },
    ],
    committed: async () => new Map(),
    read: async (spans, take) => {
      for (const { topic, partition, from, end } of spans) {
        read.push(`${topic}-${partition}:${from}-${end}`)
        await take(Array.from({ length: end - from }, () => ({ topic }) as KafkaRecord))
      }
    },
  }
  const deps: ReplayDeps = {
    reader,
    viewStore: memoryViewStore(),
    store: memoryEventStore(),
    fold: async () => {},
    groupOf: (topic) => topic,
    domains: CATALOG,
    catalog: createCatalog(CATALOG),
  }
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const error = await replayViews(choice, deps, {
    stdout,
    stderr,
    signal: new AbortController().signal,
  }).catch((cause: Error) => cause.message)
  return { read, error, stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

describe('tidewire replay --views', () => {
  it('rebuilds every topic that views fold, and says from how much', async () => {
    const { read, stdout, stderr, error } = await replay({})
    expect(error).toBeUndefined()
    expect(read).toEqual([
      'market-events-0:0-1200',
      'market-events-1:0-3',
      'port-events-0:0-1200',
      'port-events-1:0-3',
    ])
    expect(stderr).toBe('rebuilding from market-events, port-events: 2,406 records of 4 partitions\n')
    expect(stdout).toMatch(
      /^rebuilt the views from 2,406 records of 4 partitions in [\d.]+ s; nothing was emitted\n$/,
    )
  })

  it.each([
    [{ domain: ['port'] }, ['port-events-0:0-1200', 'port-events-1:0-3']],
    [{ topic: ['market-events'] }, ['market-events-0:0-1200', 'market-events-1:0-3']],
  ])('keeps to %j', async (choice, spans) => {
    expect((await replay(choice)).read).toEqual(spans)
  })

  it.each([
    [{ domain: ['ports'] }, 'there is no domain ports; there are port, market, quiet'],
    [{ topic: ['events'] }, 'no view folds the topic events; views fold market-events, port-events'],
    [
      { domain: ['port'], topic: ['market-events'] },
      'no view folds the topic market-events; views fold port-events',
    ],
    [{ domain: ['quiet'] }, 'there are no views to rebuild'],
  ])('refuses %j', async (choice, reason) => {
    expect(await replay(choice)).toMatchObject({ read: [], error: reason })
  })

  it('says what Kafka no longer has, and continues only if that is accepted', async () => {
    const loss = 'port-events, partition 0: the records before offset 5,000 have expired\n'
    const refused = await replay({ domain: ['port'] }, { first: 5000 })
    expect(refused).toMatchObject({ read: [], stderr: loss, stdout: '' })
    expect(refused.error).toContain('nothing was changed; --accept-loss continues')

    const accepted = await replay({ domain: ['port'], acceptLoss: true }, { first: 5000 })
    expect(accepted.read).toEqual(['port-events-0:5000-6200', 'port-events-1:0-3'])
    expect(accepted.stderr).toContain(loss)
  })

  it('explains itself, and asks what to replay', async () => {
    const help = await runInProcess(['replay', '--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toContain('Nothing is emitted twice')
    expect(await runInProcess(['replay'])).toMatchObject({
      code: 2,
      stderr: 'tidewire: give what to replay: --views is the only replay so far\n',
    })
  })
})
