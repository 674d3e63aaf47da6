import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Position } from '#shared/core/event.ts'
import { newReplay } from '#shared/pipeline/replays/replay-job.ts'
import type { ReplayJob, ReplayStore } from '#shared/pipeline/replays/replay-store.ts'
import { makePrincipal } from '#shared/testing/identity/make-principal.ts'

/** The contract of every ReplayStore. `make` opens another instance on the same data. */
export function describeReplayStore(name: string, make: () => ReplayStore): void {
  describe(`the ReplayStore ${name}`, () => {
    let store: ReplayStore
    let time = Date.now()

    beforeEach(() => {
      store = make()
    })
    const job = (given: Partial<ReplayJob> = {}): ReplayJob => {
      time += 1
      const draft = { kind: 'dead-letters', rate: 10, total: 2, request: { filter: { q: 'x' } } } as const
      const by = { principal: makePrincipal(), now: time, random: randomUUID().slice(0, 8) }
      return { ...newReplay(draft, by), ...given }
    }
    const position = (offset: number): Position => ({ topic: 't', partition: 1, offset })
    const later = (one: ReplayJob, given: Partial<ReplayJob>): ReplayJob => ({
      ...one,
      ...given,
      version: one.version + 1,
    })

    test('returns a replay unchanged, to every instance', async () => {
      const whole = job({
        lease: { owner: 'w', until: 5 },
        checkpoint: { next: 3 },
        material: { secret: 's' },
      })
      await store.add(whole, [])
      expect(await make().find(whole.id)).toEqual(whole)
    })

    test('returns null for an unknown replay, and replaces none', async () => {
      expect(await store.find('unknown')).toBeNull()
      expect(await store.replace(later(job(), {}))).toBe(false)
    })

    test('replaces a replay of the version before only', async () => {
      const first = job()
      await store.add(first, [])
      const second = later(first, { done: 1 })
      expect(await store.replace(second)).toBe(true)
      expect(await store.replace(later(first, { done: 2 }))).toBe(false)
      expect(await store.find(first.id)).toEqual(second)
    })

    test('lets one of 10 concurrent workers replace a replay', async () => {
      const one = job()
      await store.add(one, [])
      const replaced = await Promise.all(
        Array.from({ length: 10 }, (_, n) => make().replace(later(one, { done: n }))),
      )
      expect(replaced.filter(Boolean)).toHaveLength(1)
    })

    test('lists the newest first, page by page', async () => {
      const jobs = [job(), job(), job()]
      for (const one of jobs) await store.add(one, [])
      const [oldest, middle, newest] = jobs

      expect((await make().list({ limit: 2 })).map(({ id }) => id)).toEqual([newest?.id, middle?.id])
      const rest = await make().list({ limit: 1, before: middle?.id ?? '' })
      expect(rest.map(({ id }) => id)).toEqual([oldest?.id])
    })

    test('has what is not over among the open ones, also what was resumed', async () => {
      const [waiting, paused, cancelled, failed] = [job(), job(), job(), job()]
      for (const one of [waiting, paused, cancelled, failed]) await store.add(one, [])
      await store.replace(later(paused, { status: 'paused' }))
      await store.replace(later(cancelled, { status: 'cancelled' }))
      await store.replace(later(failed, { status: 'failed' }))
      const known = [waiting, paused, cancelled, failed].map(({ id }) => id)
      const open = async () => (await make().open()).map(({ id }) => id).filter((id) => known.includes(id))

      expect(await open()).toEqual([waiting.id, paused.id])
      await store.replace({ ...failed, status: 'waiting', version: 3 })
      expect(await open()).toEqual([waiting.id, paused.id, failed.id])
    })

    test('returns any part of a selection in its order', async () => {
      const one = job()
      await store.add(
        one,
        Array.from({ length: 2500 }, (_, offset) => position(offset)),
      )
      const offsets = async (from: number, limit: number) =>
        (await make().selected(one.id, { from, limit })).map(({ offset }) => offset)

      expect(await make().selected(one.id, { from: 7, limit: 1 })).toEqual([position(7)])
      expect(await offsets(998, 4)).toEqual([998, 999, 1000, 1001])
      expect(await offsets(2498, 100)).toEqual([2498, 2499])
      expect(await offsets(2500, 100)).toEqual([])
      expect(await make().selected('unknown', { from: 0, limit: 5 })).toEqual([])
    })
  })
}
