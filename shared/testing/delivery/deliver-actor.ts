import { deliver } from '#shared/pipeline/deliver/deliver.ts'
import { deferMarks } from './mutations.ts'
import type { Actor } from './scheduler.ts'
import { batchDeps, deliverDeps, type World } from './world.ts'

/** The probability that the next batch of a partition comes to another sandbox. */
const MOVES = 0.15
const LATE = Number.MAX_SAFE_INTEGER

export type Worker = { readonly actor: Actor; readonly group: number; readonly own: readonly string[] }

/** Starts a sandbox that consumes some partitions of a consumer group until nothing is left. */
export function startWorker(world: World, group: number, own: readonly string[], isZombie = false): Worker {
  const { scheduler, kafka, random } = world
  const name = `${isZombie ? 'zombie' : 'worker'} ${group} ${own.join(' ')}`
  const work = async () => {
    let deps = deliverDeps(world, group)
    for (;;) {
      if (random.next() < MOVES) deps = deliverDeps(world, group)
      await scheduler.yieldPoint()
      const records = kafka.batch(group, own, 1 + random.pick(4), isZombie ? random.pick(3) : 0)
      if (records.length === 0 && (isZombie || world.isQuiet)) return
      if (records.length === 0) continue
      world.note(
        `${name} takes ${records.map(({ topic, partition, offset }) => `${topic}-${partition}:${offset}`)}`,
      )
      if ((await runBatch(world, deps, group, records)) && isZombie) return
    }
  }
  return { actor: scheduler.spawn(name, work, { mayFail: true }), group, own }
}

/**
 * Delivers a batch and commits the confirmed records, as the trigger does. Returns false if the batch must be
 * retried.
 */
async function runBatch(
  world: World,
  deps: ReturnType<typeof deliverDeps>,
  group: number,
  records: Parameters<typeof deliver>[0],
): Promise<boolean> {
  const { scheduler, kafka, mutation } = world
  const late = mutation.marksAfterCommit ? deferMarks(batchDeps(world, deps, records)) : null
  try {
    const { failed } = await deliver(records, LATE, late?.deps ?? batchDeps(world, deps, records))
    await scheduler.yieldPoint()
    for (const record of records)
      if (!failed.some(({ topic, partition }) => topic === record.topic && partition === record.partition))
        kafka.commit(group, record)
    world.note(`committed ${group} ${records.length} records, ${failed.length} partitions failed`)
    await scheduler.yieldPoint()
    await late?.make()
    return true
  } catch (cause) {
    world.note(`batch failed: ${String(cause)}`)
    return false
  }
}
