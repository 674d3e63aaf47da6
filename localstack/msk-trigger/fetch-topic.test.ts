import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { fetchTopic, type Pause } from './fetch-topic.ts'
import { createTestCluster, numbers } from './testing/test-cluster.ts'

const waiting = { timeout: 15_000, interval: 5 }

let cluster: Awaited<ReturnType<typeof createTestCluster>>
beforeAll(async () => {
  cluster = await createTestCluster()
})
afterAll(() => cluster.close())

/** Fetches all partitions of a topic of a cluster of one broker, until `stop`. */
function start(topic: string, partitions: number, positions: [partition: number, offset: number][] = []) {
  const taken: string[] = []
  const stop = new AbortController()
  let accepts = (_: { partition: number; pause: Pause }): boolean => true
  const [address = ''] = cluster.brokers
  const fetching = fetchTopic({
    topic,
    clientId: 'test',
    leaders: new Map(Array.from({ length: partitions }, (_, partition) => [partition, address])),
    positions: new Map(positions),
    take(partition, records, pause) {
      const isTaken = accepts({ partition, pause })
      if (isTaken) taken.push(...records.map(({ value }) => `${partition}:${value}`))
      return isTaken
    },
    signal: stop.signal,
    waitMs: 60_000,
  })
  return {
    taken,
    onTake: (next: typeof accepts) => {
      accepts = next
    },
    async stop() {
      stop.abort()
      await fetching
    },
    fetching,
  }
}

test('a partition that is resumed is fetched although the fetch of another one waits', async () => {
  const topic = await cluster.createTopic(2)
  const fetcher = start(topic, 2)
  let resume = (): void => {}
  fetcher.onTake(({ pause }) => {
    resume = pause()
    return true
  })
  await cluster.produce(topic, ['a'], 0)
  await vi.waitFor(() => expect(fetcher.taken).toEqual(['0:a']), waiting)
  await cluster.produce(topic, ['b'], 0)
  fetcher.onTake(() => true)
  await cluster.produce(topic, ['c'], 1)
  await vi.waitFor(() => expect(fetcher.taken).toContain('1:c'), waiting)
  const whilePaused = [...fetcher.taken]
  resume()
  await vi.waitFor(() => expect(fetcher.taken).toContain('0:b'), waiting)
  await fetcher.stop()

  expect(whilePaused).toEqual(['0:a', '1:c'])
})

test('a position that the log no longer has begins again at the oldest record', async () => {
  const topic = await cluster.createTopic()
  await cluster.produce(topic, numbers(0, 2))
  const fetcher = start(topic, 1, [[0, 1_000]])
  await vi.waitFor(() => expect(fetcher.taken).toEqual(['0:0', '0:1']), waiting)
  await fetcher.stop()
})

test('records that are not taken are fetched again', async () => {
  const topic = await cluster.createTopic()
  await cluster.produce(topic, numbers(0, 2))
  let refusals = 3
  const fetcher = start(topic, 1)
  fetcher.onTake(() => refusals-- <= 0)
  await vi.waitFor(() => expect(fetcher.taken).toEqual(['0:0', '0:1']), waiting)
  await fetcher.stop()

  expect(refusals).toBe(-1)
})

test('without partitions it waits until it is stopped', async () => {
  const fetcher = start(await cluster.createTopic(), 0)
  const ended = vi.fn()
  fetcher.fetching.then(ended)
  await new Promise((resolve) => setImmediate(resolve))
  const endedEarly = ended.mock.calls.length
  await fetcher.stop()

  expect(endedEarly).toBe(0)
})

test('a partition that is not there fails the fetching', async () => {
  const topic = await cluster.createTopic()

  await expect(start(topic, 2).fetching).rejects.toThrow('UNKNOWN_TOPIC_OR_PARTITION')
})
