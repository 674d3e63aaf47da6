import { fold } from '#shared/pipeline/views/fold.ts'
import type { Actor } from '#shared/testing/delivery/scheduler.ts'
import { foldDeps, type ViewWorld } from './view-world.ts'

/** The probability that the next batch of a partition comes to another sandbox. */
const MOVES = 0.15

export type FoldWorker = { readonly actor: Actor; readonly own: readonly string[] }

/** Starts a sandbox of the `fold` function that consumes some partitions until nothing is left. */
export function startFold(world: ViewWorld, own: readonly string[], isZombie = false): FoldWorker {
  const { scheduler, kafka, random, foldGroup } = world
  const name = `${isZombie ? 'zombie fold' : 'fold'} ${own.join(' ')}`
  const work = async () => {
    let deps = foldDeps(world)
    for (;;) {
      if (random.next() < MOVES) deps = foldDeps(world)
      await scheduler.yieldPoint()
      const records = kafka.batch(foldGroup, own, 1 + random.pick(4), isZombie ? random.pick(3) : 0)
      if (records.length === 0 && (isZombie || world.isQuiet)) return
      if (records.length === 0) continue
      world.note(`${name} takes ${records.map((one) => `${one.topic}-${one.partition}:${one.offset}`)}`)
      const { failed } = await fold(records, deps)
      await scheduler.yieldPoint()
      for (const record of records)
        if (!failed.some(({ topic, partition }) => topic === record.topic && partition === record.partition))
          kafka.commit(foldGroup, record)
      for (const { topic, partition, cause } of failed)
        world.note(`${name} failed at ${topic}-${partition}: ${cause}`)
      if (isZombie) return
    }
  }
  return { actor: scheduler.spawn(name, work, { mayFail: true }), own }
}
