import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { CloudEvent } from '#shared/core/event.ts'
import type { KafkaRecord, LogReader } from '#shared/pipeline/ports.ts'
import { makeEvent, makeRecord } from '#shared/testing/accept/records.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { memoryViewStore } from '#shared/testing/memory/memory-view-store.ts'
import { runRebuild, type SavedRebuild } from '#shared/testing/views/run-rebuild.ts'
import { planRebuild, type RebuildDeps } from './rebuild-stream.ts'
import type { ViewStore } from './view-store.ts'

/** A topic of two partitions, and a fold that lists the ids of the events of each partition. */
async function createWorld(lengths: readonly [number, number]) {
  const store = memoryEventStore()
  const { epoch } = await store.topic('port')
  const partitions = lengths.map((length, partition) =>
    Array.from({ length }, (_, offset) =>
      makeRecord({ partition, offset }, makeEvent(`${partition}-${offset}`)),
    ),
  )
  const committed = new Map<number, number>()
  const reader: LogReader = {
    held: async ([topic = '']) =>
      partitions.map((records, partition) => ({ topic, partition, from: 0, end: records.length })),
    committed: async () => new Map(committed),
    read: async (spans, take) => {
      for (const { partition, from, end } of spans)
        for (let at = from; at < end; at += 3)
          await take(partitions[partition]?.slice(at, Math.min(at + 3, end)) ?? [])
    },
  }
  const world = { viewStore: memoryViewStore(), committed, partitions, epoch }
  const fold = async (records: readonly KafkaRecord[], isRebuilder: boolean) => {
    for (const record of records) await foldOne(world.viewStore, epoch, record, isRebuilder)
  }
  const deps = (): RebuildDeps => ({
    reader,
    store,
    viewStore: world.viewStore,
    fold: (records) => fold(records, true),
    groupOf: (topic) => `tidewire-fold-${topic}`,
  })
  /** Folds the records of a partition up to an offset, as the `fold` function does. */
  const foldUpTo = async (partition: number, end: number, isAcknowledged = true) => {
    await fold(partitions[partition]?.slice(committed.get(partition) ?? 0, end) ?? [], false)
    if (isAcknowledged) committed.set(partition, end)
  }
  const parts = async () => (await world.viewStore.read('t/list', { limit: 10 })).parts
  return { world, deps, fold, foldUpTo, parts, reader }
}

async function foldOne(viewStore: ViewStore, epoch: string, record: KafkaRecord, isRebuilder: boolean) {
  const { topic, partition, offset, value } = record
  const { id } = JSON.parse(String(value)) as CloudEvent
  const key = { view: 't/list', key: '', topic, partition }
  const [known] = await viewStore.load([key])
  const ids = (known?.state ?? []) as string[]
  if ((known?.offset ?? -1) < offset) await viewStore.save([{ ...key, epoch, offset, state: [...ids, id] }])
  const seen = (await viewStore.progress(topic)).get(partition)?.rebuilds
  await viewStore.advance(
    { topic, epoch, partition },
    offset,
    isRebuilder ? { isRebuilder } : { rebuilds: seen },
  )
}

async function rebuild(deps: RebuildDeps, saved: SavedRebuild = {}): Promise<void> {
  await runRebuild(['port'], deps, saved)
}

describe('a rebuild', () => {
  test('makes the same parts again, also in empty tables', async () => {
    const { world, deps, foldUpTo, parts } = await createWorld([8, 5])
    await foldUpTo(0, 8)
    await foldUpTo(1, 5)
    const before = await parts()

    await rebuild(deps())
    expect(await parts()).toEqual(before)
    world.viewStore = memoryViewStore()
    await rebuild(deps())

    expect(await parts()).toEqual(before)
    expect(await world.viewStore.progress('port')).toEqual(
      new Map(
        [7, 4].map((offset, n) => [n, { epoch: world.epoch, offset, isRebuilding: false, rebuilds: 1 }]),
      ),
    )
  })

  test('leaves events that were not folded to the fold function, which emits what follows from them', async () => {
    const { deps, foldUpTo, parts } = await createWorld([8, 5])
    await foldUpTo(0, 5)
    await foldUpTo(0, 7, false) // folded and emitted, but crashed before it advanced the progress

    await rebuild(deps())

    expect(await parts()).toMatchObject([{ partition: 0, offset: 6 }])
  })

  test('includes what is acknowledged while it runs', async () => {
    const { world, deps, foldUpTo, parts } = await createWorld([8, 0])
    await foldUpTo(0, 4)
    const beginRebuild: ViewStore['beginRebuild'] = async (stream) => {
      await foldUpTo(0, 8) // after the plan
      return world.viewStore.beginRebuild(stream)
    }

    await rebuild({ ...deps(), viewStore: { ...world.viewStore, beginRebuild } })

    expect(await parts()).toMatchObject([{ offset: 7 }])
    expect(world.committed.get(0)).toBe(8)
  })

  test('of a stream that was never folded folds everything', async () => {
    const { deps, parts } = await createWorld([2, 1])
    await rebuild(deps())
    expect(await parts()).toMatchObject([{ offset: 1 }, { offset: 0 }])
  })

  test('counts what has expired from Kafka', async () => {
    const { deps, reader } = await createWorld([8, 5])
    const held: LogReader['held'] = async ([topic = '']) => [
      { topic, partition: 0, from: 6, end: 8 },
      ...(await reader.held([topic])).slice(1),
    ]
    const plans = await planRebuild(['port'], { ...deps(), reader: { ...reader, held } })
    expect(plans).toMatchObject([
      { from: 6, end: 8 },
      { from: 0, end: 5 },
    ])
  })

  test('prevents writes of the fold function until it is done', async () => {
    const { world, deps, fold, foldUpTo } = await createWorld([4, 0])
    await foldUpTo(0, 2)
    const more = world.partitions[0]?.slice(2) ?? []
    const during: unknown[] = []
    const folds: RebuildDeps['fold'] = async (records) => {
      during.push(await fold(more, false).catch(({ code }) => code))
      await deps().fold(records)
    }
    await rebuild({ ...deps(), fold: folds })
    await fold(more, false)
    expect(during).toEqual(['rebuilding'])
  })

  test('deletes the old parts where the worker before it stopped', async () => {
    const { world, deps, foldUpTo, parts } = await createWorld([4, 0])
    const others = Array.from({ length: 90 }, (_, n) => n).map((n) => ({
      view: 't/list',
      key: `k${n}`,
      topic: 'other',
      partition: 0,
      epoch: world.epoch,
      offset: 0,
      state: [],
    }))
    await foldUpTo(0, 4)
    await world.viewStore.save(others)
    const asked: (string | null)[] = []
    const forgetParts: ViewStore['forgetParts'] = async (topic, partitions, from) => {
      asked.push(from)
      if (asked.length === 3) throw new Error('killed')
      return world.viewStore.forgetParts(topic, partitions, from)
    }
    const slow = { ...deps(), viewStore: { ...world.viewStore, forgetParts } }
    const saved: SavedRebuild = {}

    await expect(rebuild(slow, saved)).rejects.toThrow('killed')
    await rebuild(slow, saved)

    expect(asked.filter((from) => from === null)).toHaveLength(1)
    expect(asked[3]).toBe(asked[2])
    expect((await parts())[0]).toMatchObject({ topic: 'port', offset: 3 })
  })

  test('that crashed is repaired by another, whenever it crashed', async () => {
    const lengths = fc.tuple(fc.nat(12), fc.nat(12))
    await fc.assert(
      fc.asyncProperty(
        lengths,
        fc.array(fc.nat(8), { maxLength: 3 }),
        fc.nat(12),
        fc.boolean(),
        async (sizes, deaths, at, isContinued) => {
          const { world, deps, foldUpTo, parts } = await createWorld(sizes)
          for (const [partition, length] of sizes.entries()) await foldUpTo(partition, Math.min(at, length))
          const before = await parts()

          let saved: SavedRebuild = {}
          for (const steps of deaths) {
            await rebuild(dying(deps(), steps), saved).catch(() => {})
            if (!isContinued) saved = {}
          }
          await rebuild(deps(), saved)

          expect(await parts()).toEqual(before)
          for (const [, { isRebuilding }] of await world.viewStore.progress('port'))
            expect(isRebuilding).toBe(false)
        },
      ),
    )
  })
})

/** The dependencies of a rebuild that crashes after some steps. */
function dying(deps: RebuildDeps, steps: number): RebuildDeps {
  let left = steps
  const step = <Args extends unknown[], Answer>(run: (...args: Args) => Promise<Answer>) => {
    return async (...args: Args) => {
      if (left-- <= 0) throw new Error('killed')
      return run(...args)
    }
  }
  const viewStore = {
    ...deps.viewStore,
    beginRebuild: step(deps.viewStore.beginRebuild),
    forgetParts: step(deps.viewStore.forgetParts),
    endRebuild: step(deps.viewStore.endRebuild),
  }
  return { ...deps, viewStore, fold: step(deps.fold) }
}
