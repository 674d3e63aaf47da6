import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import type { Position } from '#shared/core/event.ts'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import { createKnownHeads, storeBatch } from '#shared/pipeline/deliver/store-batch.ts'
import type { KafkaRecord } from '#shared/pipeline/ports.ts'
import { REPLAY_OF, replayOfValue } from '#shared/pipeline/signed-record.ts'
import { book, inLibrary, makeFoldDeps } from '#shared/testing/accept/library.ts'
import { allLetters } from '#shared/testing/dead-letters/letters.ts'
import { type FoldDeps, foldBatch } from './fold.ts'

let deps: FoldDeps
beforeEach(() => {
  deps = makeFoldDeps().deps
})

const at = (offset: number): Position => ({ topic: 'library', partition: 0, offset })
const replay = (offset: number, of: number, content: Parameters<typeof inLibrary>[1]): KafkaRecord => {
  const record = inLibrary({ offset }, content)
  const header = { name: REPLAY_OF, value: Buffer.from(replayOfValue(at(of))) }
  return { ...record, headers: [...record.headers, header] }
}
/** Delivers and folds a batch, as the two functions do with every record. */
async function run(records: readonly KafkaRecord[], own: FoldDeps = deps): Promise<void> {
  await storeBatch(records, {
    ...own,
    store: own.store as Parameters<typeof storeBatch>[1]['store'],
    deadLetters: own.deadLetters as DeadLetterStore,
    heads: createKnownHeads(),
  })
  await foldBatch(records, own)
}
const partsOf = async (view: string, own: FoldDeps = deps) =>
  (await own.viewStore.read(view, { limit: 100 })).parts.map(({ key, state }) => [key, state] as const)
const letters = async (own: FoldDeps = deps) => allLetters(own.deadLetters as DeadLetterStore, ['library'])

describe('the letter of an event that a view could not use', () => {
  test('names the parts that the event is missing in', async () => {
    await run([inLibrary({ offset: 0 }, book('b0', 's', 'burnt'))])
    expect(await letters()).toMatchObject([
      {
        code: 'fold_failed',
        consumer: 'fold',
        attempts: 1,
        id: 'b0',
        unfolded: [{ view: 'library/shelves', key: 's' }],
      },
    ])
  })

  test('names the whole view if the keys of the event are not known', async () => {
    await run([inLibrary({ offset: 0 }, book('b0', 'nowhere', 'a'))])
    expect((await letters())[0]?.unfolded).toEqual([{ view: 'library/shelves' }])
  })

  test('names no part if only what follows from the event is refused', async () => {
    await run([inLibrary({ offset: 0 }, book('b0', 's', 'mute'))])
    expect((await letters())[0]?.unfolded).toEqual([])
  })
})

describe('its replay', () => {
  const mended = (offset: number) => replay(offset, 0, book('b0', 's', 'mended'))
  beforeEach(() => run([inLibrary({ offset: 0 }, book('b0', 's', 'burnt'))]))

  test('changes the parts that miss the event, and no other', async () => {
    await run([mended(1)])
    expect(await partsOf('library/shelves')).toEqual([['s', { titles: ['mended'] }]])
    expect(await partsOf('library/counts')).toEqual([['', { 'library.book': 1 }]])
  })

  test('changes nothing if it is replayed, delivered or folded once more', async () => {
    await run([mended(1)])
    await run([mended(1), mended(2)])
    await foldBatch([mended(3)], { ...deps })
    expect(await partsOf('library/shelves')).toEqual([['s', { titles: ['mended'] }]])
    expect(await partsOf('library/counts')).toEqual([['', { 'library.book': 1 }]])
  })

  test('is no second event of the log, and takes the id from nobody', async () => {
    await run([mended(1)])
    const { epoch } = await deps.store.topic('library')
    const stream = { topic: 'library', partition: 0, epoch }
    const stored = await deps.store.read(stream, { after: -1, upTo: 9, limit: 9 })
    expect(stored.map(({ offset }) => offset)).toEqual([0])
    expect((await letters()).map(({ code }) => code)).toEqual(['fold_failed'])
  })

  test('that fails again has a letter of its own', async () => {
    await run([replay(1, 0, book('b0', 's', 'burnt'))])
    expect((await letters()).map(({ offset, unfolded }) => [offset, unfolded])).toEqual([
      [1, [{ view: 'library/shelves', key: 's' }]],
      [0, [{ view: 'library/shelves', key: 's' }]],
    ])
    await run([replay(2, 1, book('b0', 's', 'mended'))])
    expect(await partsOf('library/shelves')).toEqual([['s', { titles: ['mended'] }]])
  })

  test('with an id of its own is an event like any other', async () => {
    await run([replay(1, 0, book('b1', 's', 'another'))])
    expect(await partsOf('library/counts')).toEqual([['', { 'library.book': 2 }]])
  })
})

describe('the replay of a record that was no event', () => {
  test('is stored and folded once, with the position of its letter', async () => {
    await run([inLibrary({ offset: 0 }, 'no event')])
    const records = [replay(1, 0, book('b0', 's', 'mended'))]
    await run(records)
    await run(records)
    await run([replay(2, 0, book('b0', 's', 'mended'))])

    expect(await partsOf('library/shelves')).toEqual([['s', { titles: ['mended'] }]])
    expect(await partsOf('library/counts')).toEqual([['', { 'library.book': 1 }]])
    const { epoch } = await deps.store.topic('library')
    const stream = { topic: 'library', partition: 0, epoch }
    expect(await deps.store.read(stream, { after: -1, upTo: 9, limit: 9 })).toMatchObject([
      { offset: 1, replayOf: at(0) },
    ])
  })
})

describe('any mix of good and bad records, of retried batches and replays,', () => {
  const KINDS = ['good', 'burnt', 'nowhere', 'no event'] as const
  /** Batches of some records from an offset on, in a log that grows: earlier ones come again. */
  const cases = fc.record({
    kinds: fc.array(fc.constantFrom(...KINDS), { minLength: 1, maxLength: 12 }),
    batches: fc.array(fc.record({ back: fc.nat(12), size: fc.integer({ min: 1, max: 6 }) }), {
      maxLength: 15,
    }),
    replays: fc.array(fc.nat(11), { maxLength: 15 }),
  })

  test('has one letter for each bad record, and each replay counts once', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ kinds, batches, replays }) => {
        const own = makeFoldDeps().deps
        const log = kinds.map((kind, offset) =>
          inLibrary(
            { offset },
            kind === 'no event'
              ? kind
              : book(`b${offset}`, kind === 'nowhere' ? kind : 's', kind === 'burnt' ? kind : 'a'),
          ),
        )
        const bad = kinds.flatMap((kind, offset) => (kind === 'good' ? [] : [offset]))
        const deliverAll = async () => {
          let done = 0
          const sizes = [...batches, ...log.map(() => ({ back: 0, size: 6 }))]
          for (const { back, size } of sizes) {
            const from = Math.max(0, done - back)
            const batch = log.slice(from, Math.max(from + size, done))
            if (batch.length > 0) await run(batch, own)
            done = Math.max(done, from + batch.length)
          }
        }
        await deliverAll()
        const found = await letters(own)
        expect(found.map(({ offset }) => offset).sort((a, b) => a - b)).toEqual(bad)

        for (const of of replays.filter((offset) => bad.includes(offset)))
          log.push(replay(log.length, of, book(`b${of}`, 's', `mended ${of}`)))
        await deliverAll()

        const replayed = [...new Set(replays.filter((offset) => bad.includes(offset)))]
        const shelf = new Map(await partsOf('library/shelves', own)).get('s')
        const { titles = [] } = (shelf ?? {}) as { readonly titles?: readonly string[] }
        const goods = kinds.filter((kind) => kind === 'good')
        expect([...titles].sort()).toEqual(
          [...goods.map(() => 'a'), ...replayed.map((of) => `mended ${of}`)].sort(),
        )
        const events = kinds.filter((kind, offset) => kind !== 'no event' || replayed.includes(offset))
        const counts = new Map(await partsOf('library/counts', own)).get('')
        expect(counts).toEqual(events.length > 0 ? { 'library.book': events.length } : undefined)
        expect(await letters(own)).toHaveLength(bad.length)
      }),
      { numRuns: 150 },
    )
  })
})
