import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createTestClock } from '../testing/open-log.ts'
import { temporaryDirectory } from '../testing/temporary-directory.ts'
import { openOffsetStore } from './offset-store.ts'

const DAY_MS = 86_400_000

const entry = (topic: string, partition: number, offset: number) => ({
  topic,
  partition,
  offset,
  leaderEpoch: -1,
  metadata: 'm',
})

describe('the store of committed offsets', () => {
  it('has the committed offsets when it is opened again without a close', () => {
    const path = join(temporaryDirectory(), 'offsets.jsonl')
    const first = openOffsetStore(path)
    first.commit('g', [entry('a', 0, 5), entry('a', 1, 6)])
    first.commit('g', [entry('a', 0, 7)])

    const second = openOffsetStore(path)

    expect(second.of('g').map(({ partition, offset }) => [partition, offset])).toEqual([
      [0, 7],
      [1, 6],
    ])
    expect(second.find('g', 'a', 1)?.metadata).toBe('m')
  })

  it('ignores a torn last line and appends after it', () => {
    const path = join(temporaryDirectory(), 'offsets.jsonl')
    openOffsetStore(path).commit('g', [entry('a', 0, 5)])
    appendFileSync(path, '{"group":"g","comm')

    openOffsetStore(path).commit('g', [entry('a', 1, 1)])

    expect(openOffsetStore(path).of('g')).toHaveLength(2)
  })

  it('removes partitions, topics and groups durably', () => {
    const path = join(temporaryDirectory(), 'offsets.jsonl')
    const store = openOffsetStore(path)
    store.commit('g', [entry('a', 0, 1), entry('a', 1, 1), entry('b', 0, 1)])
    store.commit('h', [entry('a', 0, 1)])

    store.remove('g', [{ topic: 'a', partition: 1 }])
    store.removeTopic('b')
    store.removeGroup('h')

    const reopened = openOffsetStore(path)
    expect(reopened.groups()).toEqual(['g'])
    expect(reopened.of('g')).toEqual([entry('a', 0, 1)])
  })

  it('removes a group a week after its last member and commit, and no earlier when the wall clock jumps', () => {
    const clock = createTestClock()
    const path = join(temporaryDirectory(), 'offsets.jsonl')
    const store = openOffsetStore(path, clock)
    store.commit('left', [entry('a', 0, 1)])
    store.commit('idle', [entry('a', 0, 1)])
    const expire = () => store.expire((group) => group === 'idle')

    clock.set(30 * DAY_MS)
    expire()
    clock.set(-30 * DAY_MS)
    clock.pass(7 * DAY_MS)
    expire()
    const early = store.groups()
    clock.pass(1)
    expire()

    expect(early).toEqual(['left', 'idle'])
    expect(store.groups()).toEqual(['idle'])
    expect(openOffsetStore(path, clock).groups()).toEqual(['idle'])
  })

  it('gives the members of every group an hour to come back after a restart', () => {
    const clock = createTestClock()
    const path = join(temporaryDirectory(), 'offsets.jsonl')
    openOffsetStore(path, clock).commit('g', [entry('a', 0, 1)])
    writeFileSync(path, readFileSync(path, 'utf8').replace('"group":"g"', '"group":"former"'), { flag: 'a' })
    clock.pass(30 * DAY_MS)

    const store = openOffsetStore(path, clock)
    clock.pass(DAY_MS / 24)
    store.expire(() => false)
    const early = store.groups()
    clock.pass(1)
    store.expire((group) => group === 'g')

    expect(early).toEqual(['g', 'former'])
    expect(store.groups()).toEqual(['g'])
  })
})
