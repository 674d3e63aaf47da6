import fc from 'fast-check'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { createScheduler } from '#shared/testing/delivery/scheduler.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'
import { memoryReplayStore } from '#shared/testing/memory/memory-replay-store.ts'
import { createRandom } from '#shared/testing/random.ts'
import { propertyRuns, TEST_SEED } from '#shared/testing/test-seed.ts'
import { changeReplay, newReplay, type REPLAY_MOVES, steerReplay } from './replay-job.ts'
import { isOver, type ReplayJob } from './replay-store.ts'
import { type DoSlice, runReplays } from './run-replay.ts'

const RUNS = propertyRuns(300)
const FOREIGN = 'another replay'

/** A replay of a few items by workers that crash, while an operator steers it at any moment. */
async function runWorld(seed: number, { mayCancel }: { mayCancel: boolean }) {
  const random = createRandom(seed)
  const scheduler = createScheduler(random)
  const { yieldPoint } = scheduler
  const store = memoryReplayStore(yieldPoint)
  let time = 0
  const clock = {
    now: () => time,
    elapsed: () => time,
    async sleep(ms: number) {
      for (const until = time + ms; time < until; ) await yieldPoint()
    },
  }
  const items = Array.from({ length: 1 + random.pick(12) }, (_, offset) => ({
    topic: 't',
    partition: 0,
    offset,
  }))
  const total = items.length
  /** Which replay settled an item, how often it was written, and how often that had an effect. */
  const settled = new Map<number, string>()
  const written = new Map<number, number>()
  const claimed = new Set<number>()
  for (const { offset } of items) if (random.next() < 0.15) settled.set(offset, FOREIGN)

  const draft = { kind: 'dead-letters', rate: 1 + random.pick(50), total, request: {} } as const
  const first = newReplay(draft, { principal: makePrincipal(), now: 0, random: 'x' })
  await store.add(first, items)

  const doSlice: DoSlice = async (job) => {
    const from = Number(job.checkpoint ?? 0)
    const slice = await store.selected(job.id, { from, limit: 1 + random.pick(4) })
    const counts = { done: 0, skipped: 0, failed: 0 }
    for (const { offset } of slice) {
      await yieldPoint()
      const by = settled.get(offset)
      if (by !== undefined && by !== job.id) counts.skipped += 1
      else {
        if (by === undefined) {
          written.set(offset, (written.get(offset) ?? 0) + 1)
          claimed.add(offset)
          await yieldPoint()
          settled.set(offset, settled.get(offset) ?? job.id)
        }
        counts.done += 1
      }
    }
    return { counts, checkpoint: from + slice.length, isDone: from + slice.length >= total }
  }
  const ends: ReplayJob[] = []
  let ids = 0
  const nextId = () => {
    ids += 1
    return `w${ids}`
  }
  const spawnWorker = (replay?: string) =>
    scheduler.spawn(
      `worker ${nextId()}`,
      () =>
        runReplays(replay === undefined ? {} : { replay }, {
          replays: store,
          clock,
          newId: nextId,
          signal: new AbortController().signal,
          kinds: { 'dead-letters': doSlice },
          ended: async (job) => void ends.push(job),
        }),
      { mayFail: true },
    )
  const steer = (move: (typeof REPLAY_MOVES)[number]) =>
    scheduler.spawn('operator', async () => {
      await changeReplay(store, first.id, (job) => steerReplay(job, move, { now: time }))
    })

  scheduler.failAt(0.02)
  for (let step = 0; step < 250; step++) {
    const what = random.next()
    if (what < 0.05) spawnWorker(random.next() < 0.5 ? first.id : undefined)
    else if (what < 0.07) {
      const mortal = [...scheduler.actors].filter(({ mayFail }) => mayFail)
      const victim = mortal[random.pick(mortal.length)]
      if (victim) scheduler.crash(victim)
    } else if (what < 0.1) steer(random.next() < 0.5 ? 'pause' : 'resume')
    else if (mayCancel && what < 0.105) steer('cancel')
    time += random.pick(what > 0.99 ? 30_000 : 300)
    await scheduler.step()
  }
  scheduler.failAt(0)
  steer('resume')
  const peek = async () => (await store.find(first.id)) as ReplayJob
  for (let step = 0; step < 5000; step++) {
    const job = await peek()
    if (isOver(job) && job.lease === undefined) break
    if (job.status === 'failed' || job.status === 'paused') steer('resume')
    if (step % 50 === 0) spawnWorker()
    time += 1000
    await scheduler.step()
  }
  const job = await peek()
  const own = [...settled.values()].filter((by) => by === first.id).length
  return { job, total, own, written, claimed, settled, ends }
}

describe(`a replay, whatever crashes and however it is steered, in ${RUNS} runs from seed ${TEST_SEED}`, () => {
  beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))
  const seeds = fc.integer({ min: 1, max: 2 ** 31 - 1 })
  const options = { seed: TEST_SEED, numRuns: RUNS, endOnFailure: true }

  test('ends with every item done once in effect, and with the right counts', {
    timeout: 120_000,
  }, async () => {
    const property = fc.asyncProperty(seeds, async (seed) => {
      const { job, total, own, written, claimed, settled } = await runWorld(seed, { mayCancel: false })

      expect(job.status).toBe('done')
      expect(settled.size).toBe(total)
      expect(claimed.size).toBe(written.size)
      expect({ done: job.done, sum: job.done + job.skipped + job.failed }).toEqual({ done: own, sum: total })
    })
    await fc.assert(property, options)
  })

  test('that is cancelled counts no more than was done, and does nothing afterwards', {
    timeout: 120_000,
  }, async () => {
    const property = fc.asyncProperty(seeds, async (seed) => {
      const { job, total, own } = await runWorld(seed, { mayCancel: true })

      expect(['done', 'cancelled']).toContain(job.status)
      expect(job.done).toBeLessThanOrEqual(own)
      expect(job.done + job.skipped + job.failed).toBeLessThanOrEqual(total)
      if (job.status === 'done') expect(job.done).toBe(own)
    })
    await fc.assert(property, options)
  })
})
