import { describe, expect, test } from 'vitest'
import { memoryLogInspector } from '#shared/testing/memory/memory-log-inspector.ts'
import { describeTopic, streamsObserver } from './describe-streams.ts'

const NOW = Date.parse('2026-03-01T08:00:00Z')
const SHIPS = { topic: 'ships', partition: 0 }

function createWorld() {
  const inspector = memoryLogInspector()
  inspector.create('ships', 2)
  let time = NOW
  const observer = streamsObserver({ inspector, now: () => time })
  const append = (ageMs: number, partition = 0) =>
    inspector.append({ ...SHIPS, partition }, { value: '{}', timestamp: NOW - ageMs })
  return { inspector, observer, append, pass: (ms: number) => (time += ms) }
}

describe('what Kafka has', () => {
  test('is its brokers, and its topics with their offsets and the rate of the last minute', async () => {
    const { inspector, observer, append } = createWorld()
    for (const age of [90_000, 80_000, 30_000, 1000]) append(age)
    append(1000, 1)
    inspector.trim(SHIPS, 1)

    const { brokers, topics } = await observer.look()

    expect(brokers).toEqual([{ id: 1, host: 'localhost', port: 9092, isController: true }])
    const layout = { leader: 1, replicas: [1], inSync: [1] }
    expect(topics).toEqual([
      {
        name: 'ships',
        partitions: [
          { partition: 0, earliest: 1, latest: 4, ...layout },
          { partition: 1, earliest: 0, latest: 1, ...layout },
        ],
        records: 4,
        recordsPerSecond: 0.05,
      },
    ])
  })

  test('has for every group its lag, and the age of the oldest record that it has not committed', async () => {
    const { inspector, observer, append } = createWorld()
    for (const age of [50_000, 40_000, 30_000]) append(age)
    append(20_000, 1)
    const member = { id: 'm-1', client: 'app', host: '10.0.0.7', partitions: [SHIPS] }
    inspector.setGroup({
      name: 'slow',
      state: 'Stable',
      members: [member],
      committed: [
        { ...SHIPS, offset: 1 },
        { ...SHIPS, partition: 1, offset: 1 },
      ],
    })

    const { groups } = await observer.look()

    expect(groups).toEqual([
      {
        name: 'slow',
        state: 'Stable',
        members: [member],
        lag: 2,
        lagMs: 40_000,
        offsets: [
          { topic: 'ships', partition: 0, committed: 1, end: 3, lag: 2, lagMs: 40_000 },
          { topic: 'ships', partition: 1, committed: 1, end: 1, lag: 0, lagMs: 0 },
        ],
      },
    ])
  })

  test('counts the age of a lag from the first record that is left', async () => {
    const { inspector, observer, append } = createWorld()
    for (const age of [50_000, 40_000, 30_000]) append(age)
    inspector.trim(SHIPS, 2)
    inspector.setGroup({ name: 'late', state: 'Empty', members: [], committed: [{ ...SHIPS, offset: 0 }] })

    const { groups } = await observer.look()

    expect(groups).toMatchObject([{ lag: 3, lagMs: 30_000 }])
  })

  test('says of a partition that is assigned and not committed that its lag is unknown', async () => {
    const { inspector, observer, append } = createWorld()
    append(1000)
    const members = [{ id: 'm', client: 'c', host: 'h', partitions: [SHIPS] }]
    inspector.setGroup({ name: 'new', state: 'Stable', members, committed: [] })

    const { groups } = await observer.look()

    expect(groups).toMatchObject([
      { lag: 0, lagMs: 0, offsets: [{ committed: null, lag: null, lagMs: null }] },
    ])
  })

  test('leaves out offsets of topics that are gone', async () => {
    const { inspector, observer } = createWorld()
    const committed = [{ topic: 'gone', partition: 0, offset: 7 }]
    inspector.setGroup({ name: 'old', state: 'Empty', members: [], committed })

    expect((await observer.look()).groups).toMatchObject([{ lag: 0, offsets: [] }])
  })

  test('is looked up once for everybody who asks within a second, and again after a failure', async () => {
    const { inspector, observer, append, pass } = createWorld()
    await Promise.all([observer.look(), observer.look()])
    const once = inspector.asked()

    append(0)
    expect((await observer.look()).topics[0]?.records).toBe(0)
    expect(inspector.asked()).toBe(once)
    pass(1000)
    expect((await observer.look()).topics[0]?.records).toBe(1)

    pass(1000)
    inspector.setAway(true)
    await expect(observer.look()).rejects.toMatchObject({ code: 'unavailable' })
    inspector.setAway(false)
    expect((await observer.look()).topics).toHaveLength(1)
  })

  test('has for a topic its settings and the groups that read it; null for a topic that is not there', async () => {
    const { inspector, observer, append } = createWorld()
    inspector.create('trains')
    append(0)
    inspector.setGroup({ name: 'a', state: 'Empty', members: [], committed: [{ ...SHIPS, offset: 1 }] })
    inspector.setGroup({
      name: 'b',
      state: 'Empty',
      members: [],
      committed: [{ topic: 'trains', partition: 0, offset: 0 }],
    })

    const found = await describeTopic('ships', { inspector, observer })

    expect(found).toMatchObject({
      name: 'ships',
      records: 1,
      config: [{ name: 'retention.ms', value: '604800000', isDefault: true }],
      groups: [{ name: 'a' }],
    })
    await expect(describeTopic('nowhere', { inspector, observer })).rejects.toMatchObject({
      code: 'not_found',
    })
  })
})
