import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import { DeleteCommand } from '#shared/adapters/dynamodb/commands.ts'
import { createScheduler } from '#shared/testing/delivery/scheduler.ts'
import { TINY_TABLES, tinyDynamodb } from '#shared/testing/dynamodb/tiny-dynamodb.ts'
import { createRandom } from '#shared/testing/random.ts'
import { propertyRuns } from '#shared/testing/test-seed.ts'
import { NAMED_CHANGES, patternVersions } from './pattern-version.ts'

const CHANNEL = '1/0|port.*'

let time = 0
beforeEach(() => {
  time = 0
})

function openVersions() {
  const { client, itemsOf } = tinyDynamodb()
  const versions = patternVersions(client, TINY_TABLES.subscriptions, { now: () => time })
  const add = async (count: number) => {
    for (let index = 0; index < count; index++) await versions.add(CHANNEL, [`c${index}#s`])
  }
  const look = async () => (await versions.read([CHANNEL])).get(CHANNEL) ?? { version: 0, changes: [] }
  const TableName = TINY_TABLES.subscriptions
  const forget = async (ending: string) => {
    for (const { channel, subscriber } of itemsOf(TableName))
      if (String(subscriber).endsWith(ending))
        await client.send(new DeleteCommand({ TableName, Key: { channel, subscriber } }))
  }
  return { versions, add, look, forget, items: () => itemsOf(TableName) }
}

const named = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => `c${from + index}#s`)

test('a version names the last changes, the newest first, and each once', async () => {
  const { versions, add, look } = openVersions()
  await add(5)
  await versions.add(CHANNEL, ['c1#s'])

  const seen = await look()

  expect(seen).toEqual({ version: 6, changes: ['c1#s', 'c4#s', 'c3#s', 'c2#s', 'c1#s', 'c0#s'] })
  expect(await versions.changesSince(CHANNEL, seen, 1, 0)).toEqual(['c1#s', 'c4#s', 'c3#s', 'c2#s'])
})

test('a version expires after the rows that it counts', async () => {
  const { add, items } = openVersions()
  await add(3)
  time += 60_000
  await add(1)

  expect(items().map(({ expires }) => expires)).toEqual([60 + 4 * 3600])
})

test('a version that is counted again after it had expired is higher than all before, and names no old change', async () => {
  const { versions, add, look, forget } = openVersions()
  await add(100)
  const before = await look()
  await forget('#version')
  time += 4 * 3_600_000
  await add(1)

  const seen = await look()

  expect(seen.version).toBeGreaterThan(before.version)
  expect(seen.changes).toEqual(['c0#s'])
  // The worker reads all rows.
  expect(await versions.changesSince(CHANNEL, seen, before.version, 1000)).toBeNull()
})

test('a pattern that never changed has no version', async () => {
  const { versions } = openVersions()
  expect(await versions.read([CHANNEL])).toEqual(new Map())
})

test.each([
  [0, 200],
  [1, 200],
  [31, 200],
  [32, 200],
  [33, 256],
  [100, 255],
])('changes that are no longer named are read back: after %i of %i', async (since, all) => {
  const { versions, add, look } = openVersions()
  await add(all)

  const changed = await versions.changesSince(CHANNEL, await look(), since, 1000)

  expect(changed).toEqual(expect.arrayContaining(named(since, all)))
  expect(changed?.length).toBeLessThan(all - since + NAMED_CHANGES)
})

test.each([
  [0, [20, 20]],
  [0, [31, 2, 32]],
  [5, [32, 32]],
  [40, [50, 150]],
  [33, [1, 100]],
])(
  'changes that are named together are read back like single ones: after %i of %j',
  async (since, counts) => {
    const { versions, look } = openVersions()
    let all = 0
    for (const count of counts) {
      await versions.add(CHANNEL, named(all, all + count))
      all += count
    }
    const seen = await look()

    expect(seen).toEqual({ version: all, changes: named(Math.max(0, all - NAMED_CHANGES), all).reverse() })
    expect(await versions.changesSince(CHANNEL, seen, since, 1000)).toEqual(
      expect.arrayContaining(named(since, all)),
    )
  },
)

test('no names are read if more changes are missed than the caller wants', async () => {
  const { versions, add, look } = openVersions()
  await add(100)
  expect(await versions.changesSince(CHANNEL, await look(), 0, 99)).toBeNull()
})

test('null is returned if a writer crashed before it had kept the names', async () => {
  const { versions, add, look, forget } = openVersions()
  await add(200)
  await forget('96')
  const seen = await look()

  expect(await versions.changesSince(CHANNEL, seen, 60, 1000)).toBeNull()
  expect(await versions.changesSince(CHANNEL, seen, 100, 1000)).not.toBeNull()
})

/** Writers that name their changes at the same time, and of which one crashes; a reader that looks now and then. */
async function race(seed: number): Promise<string[]> {
  const random = createRandom(seed)
  const scheduler = createScheduler(random)
  const { client } = tinyDynamodb({ yieldPoint: scheduler.yieldPoint })
  const versions = patternVersions(client, TINY_TABLES.subscriptions, { now: () => 0 })
  const rows: string[] = []
  const done: string[] = []
  const faults: string[] = []
  const write = async (writer: number) => {
    for (let index = 0; index < 50; index++) {
      const several = Array.from(
        { length: random.next() < 0.8 ? 1 : 1 + random.pick(70) },
        (_, each) => `c${writer}-${index}-${each}#s`,
      )
      rows.push(...several)
      await versions.add(CHANNEL, several)
      done.push(...several)
    }
  }
  const look = async () => {
    const known = new Set<string>()
    let since = 0
    for (let count = 0; count < 12; count++) {
      const expected = [...done]
      const seen = (await versions.read([CHANNEL])).get(CHANNEL)
      const changed = seen && (await versions.changesSince(CHANNEL, seen, since, 1000))
      for (const name of changed ?? rows) known.add(name)
      since = seen?.version ?? 0
      for (const name of expected) if (!known.has(name)) faults.push(`${name} at version ${since}`)
      for (let pause = random.pick(20); pause > 0; pause--) await scheduler.yieldPoint()
    }
  }
  const writers = [0, 1, 2, 3].map((writer) => scheduler.spawn(`writer ${writer}`, () => write(writer)))
  scheduler.spawn('reader', look)
  const crashAt = random.pick(300)
  for (let step = 0; await scheduler.step(); step++) {
    const [unlucky] = writers
    if (step === crashAt && unlucky) scheduler.crash(unlucky)
  }
  return faults
}

test('a reader misses no change, whichever writers race and crash', { timeout: 60_000 }, async () => {
  const property = fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 1 }), async (seed) => {
    expect(await race(seed)).toEqual([])
  })

  await fc.assert(property, { numRuns: propertyRuns(100) })
})
