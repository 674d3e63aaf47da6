import type { LogReader } from '#shared/pipeline/ports.ts'
import { foldBatch } from '#shared/pipeline/views/fold.ts'
import { planRebuild, type RebuildDeps, rebuildStreams } from '#shared/pipeline/views/rebuild-stream.ts'
import { foldDeps, type ViewWorld } from './view-world.ts'

/** Starts `tidewire replay --views`. Only one runs at a time, and it may crash. */
export function startRebuild(world: ViewWorld): void {
  const { scheduler, catalog } = world
  if ([...scheduler.actors].some(({ name }) => name === 'rebuild')) return
  const signal = new AbortController().signal
  const work = async () => {
    const deps = rebuildDeps(world)
    const plans = await planRebuild(catalog.names, deps)
    world.note(`rebuilds ${plans.map(({ topic, partition, end }) => `${topic}-${partition} up to ${end}`)}`)
    await rebuildStreams(plans, deps, { signal, progressed: () => {} })
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
