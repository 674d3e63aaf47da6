import { describe, expect, test } from 'vitest'
import type { Stream } from '#shared/pipeline/ports.ts'
import type { StoredPart, ViewStore } from '#shared/pipeline/views/view-store.ts'
import { forgetAll } from '#shared/testing/views/forget-all.ts'

/** A store, other stores on the same data, a view and a topic of one test, and functions to use them. */
export type ViewFixture = {
  readonly store: ViewStore
  readonly open: () => ViewStore
  readonly view: string
  readonly topic: string
  readonly part: (key: string, offset: number, given?: Partial<StoredPart>) => StoredPart
  readonly stream: (given?: Partial<Stream>) => Stream
  readonly load: (key: string) => Promise<StoredPart | null | undefined>
}

/** The contract for the progress of a stream and for rebuilds. */
export function describeViewProgress(fixture: () => ViewFixture): void {
  describe('progress', () => {
    const progressOf = async (partition = 0) => {
      const { open, topic } = fixture()
      return (await open().progress(topic)).get(partition)
    }

    test('is empty at first, and only increases', async () => {
      const { store, open, topic, stream } = fixture()
      expect(await store.progress(topic)).toEqual(new Map())
      await store.advance(stream(), 5)
      await store.advance(stream(), 3)
      expect(await progressOf()).toEqual({ epoch: 'e1', offset: 5, isRebuilding: false })
      await Promise.all([8, 6, 9, 7].map((offset) => open().advance(stream(), offset)))
      expect(await progressOf()).toEqual({ epoch: 'e1', offset: 9, isRebuilding: false })
    })

    test('begins again in a later epoch, where a zombie of the earlier epoch cannot advance it', async () => {
      const { store, stream } = fixture()
      await store.advance(stream(), 50)
      await store.advance(stream({ epoch: 'e2' }), 2)
      await store.advance(stream(), 99)
      expect(await progressOf()).toEqual({ epoch: 'e2', offset: 2, isRebuilding: false })
    })

    test('is kept by partition', async () => {
      const { store, topic, stream } = fixture()
      await store.advance(stream(), 5)
      await store.advance(stream({ partition: 11 }), 1)
      expect([...(await store.progress(topic)).keys()]).toEqual([0, 11])
    })
  })

  describe('a rebuild', () => {
    test('deletes the parts and the progress of its stream only', { timeout: 20_000 }, async () => {
      const { store, open, view, topic, part, stream } = fixture()
      // More than the 1 MB that DynamoDB reads at once.
      const state = 'x'.repeat(20_000)
      const own = Array.from({ length: 60 }, (_, index) => part(`k${index}`, index, { state }))
      const others = [part('k1', 7, { partition: 1 }), part('k1', 8, { topic: `${topic}-2` })]
      await store.save([...own, ...others])
      await store.advance(stream(), 60)
      await store.advance(stream({ partition: 1 }), 7)

      await store.beginRebuild(stream())
      await forgetAll(open(), topic, [0])

      expect((await open().read(view, { limit: 99 })).parts).toEqual(others)
      const progress = await store.progress(topic)
      expect(progress.get(0)).toMatchObject({ epoch: 'e1', offset: -1, isRebuilding: true })
      expect(progress.get(1)).toEqual({ epoch: 'e1', offset: 7, isRebuilding: false })
    })

    test('is the only writer of the progress until it ends', async () => {
      const { store, open, topic, stream } = fixture()
      await store.beginRebuild(stream())
      await expect(open().advance(stream(), 4)).rejects.toMatchObject({
        code: 'rebuilding',
        retryable: true,
      })
      await store.advance(stream(), 2, { isRebuilder: true })
      expect((await store.progress(topic)).get(0)).toMatchObject({ offset: 2, isRebuilding: true })
      await store.endRebuild(stream())
      await open().advance(stream(), 4, { rebuilds: 1 })
      expect((await store.progress(topic)).get(0)).toEqual({
        epoch: 'e1',
        offset: 4,
        isRebuilding: false,
        rebuilds: 1,
      })
    })

    test('that began and ended rejects writers that have not read it', async () => {
      const { store, open, topic, stream } = fixture()
      const late = { code: 'rebuilding' }
      await store.beginRebuild(stream())
      await store.endRebuild(stream())
      await expect(open().advance(stream(), 4)).rejects.toMatchObject(late)
      await store.beginRebuild(stream())
      await store.endRebuild(stream())
      await expect(open().advance(stream(), 4, { rebuilds: 1 })).rejects.toMatchObject(late)
      await open().advance(stream(), 4, { rebuilds: 2 })
      await open().advance(stream(), 3, { rebuilds: 2 })
      expect((await store.progress(topic)).get(0)).toMatchObject({ offset: 4, rebuilds: 2 })
    })

    test('that crashed can be begun again', async () => {
      const { store, open, topic, part, stream, load } = fixture()
      await store.beginRebuild(stream())
      await store.save([part('a', 3)])
      await store.advance(stream(), 3, { isRebuilder: true })
      await open().beginRebuild(stream())
      await forgetAll(open(), topic, [0])
      expect(await load('a')).toBeNull()
      expect((await store.progress(topic)).get(0)).toMatchObject({ offset: -1, isRebuilding: true })
    })

    test('returns how far the stream was folded before, also if it is begun again', async () => {
      const { store, open, stream } = fixture()
      expect(await store.beginRebuild(stream({ partition: 1 }))).toBe(-1)
      await store.advance(stream(), 7)
      expect(await store.beginRebuild(stream())).toBe(7)
      await store.advance(stream(), 3, { isRebuilder: true })
      expect(await open().beginRebuild(stream())).toBe(7)
      await store.advance(stream(), 5, { isRebuilder: true })
      await store.endRebuild(stream())
      expect(await store.beginRebuild(stream())).toBe(5)
      await store.endRebuild(stream())
      expect(await store.beginRebuild(stream({ epoch: 'e2' }))).toBe(-1)
    })

    test('that never began cannot end', async () => {
      const { store, topic, stream } = fixture()
      await store.endRebuild(stream())
      expect(await store.progress(topic)).toEqual(new Map())
    })
  })
}
