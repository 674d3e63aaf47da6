import type { LogReader } from '#shared/pipeline/ports.ts'
import { foldBatch } from '#shared/pipeline/views/fold.ts'
import type { RebuildDeps } from '#shared/pipeline/views/rebuild-stream.ts'
import { runRebuild, type SavedRebuild } from './run-rebuild.ts'
import { foldDeps, type ViewWorld } from './view-world.ts'

/** The rebuilds that crashed. */
const left = new WeakMap<ViewWorld, SavedRebuild>()

/**
 * Starts a replay of the views, or a worker that continues the one that crashed. Only one runs at a time, and it may crash.
 */
export function startRebuild(world: ViewWorld): void {
  const { scheduler, catalog, random } = world
  if ([...scheduler.actors].some(({ name }) => name === 'rebuild')) return
  const work = async () => {
    const deps = rebuildDeps(world)
    const saved = (random.chance(0.7) ? left.get(world) : undefined) ?? {}
    left.set(world, saved)
    world.note(`rebuilds from ${JSON.stringify(saved)}`)
    await runRebuild(catalog.names, deps, saved, scheduler.yieldPoint)
    left.delete(world)
    world.note('has rebuilt')
  }
  scheduler.spawn('rebuild', work, { mayFail: true })
}

/** Whether a rebuild crashed. Until another one has finished, the `fold` function waits. */
export async function isMarked({ viewStore, catalog }: ViewWorld): Promise<boolean> {
  const marks = await Promise.all(catalog.names.map((topic) => viewStore.progress(topic)))
  return marks.some((progress) => [...progress.values()].some(({ isRebuilding }) => isRebuilding))
}

function rebuildDeps(world: ViewWorld): RebuildDeps {
  const { kafka, viewStore, stores, scheduler, foldGroup } = world
  const reader: LogReader = {
    held: async (names) => {
      await scheduler.yieldPoint()
      return names.flatMap((topic) => kafka.spansOf(topic))
    },
    committed: async (_, topic) => {
      await scheduler.yieldPoint()
      return kafka.committed(foldGroup, topic)
    },
    read: async (spans, take) => {
      for (const { topic, partition, from, end } of spans)
        for (let at = from; at < end; at += 3) {
          await scheduler.yieldPoint()
          await take(kafka.logs.get(`${topic}-${partition}`)?.slice(at, Math.min(at + 3, end)) ?? [])
        }
    },
  }
  const deps = foldDeps(world)
  const fold: RebuildDeps['fold'] = async (records) => {
    await foldBatch(records, deps, { isRebuilder: true })
  }
  return { reader, store: stores.store, viewStore, fold, groupOf: (topic) => topic }
}
