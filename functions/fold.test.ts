import { afterEach, describe, expect, test, vi } from 'vitest'
import { createPoisonGuard } from '#shared/pipeline/consume/poison-guard.ts'
import { fixedSecrets } from '#shared/pipeline/record-secrets.ts'
import { type FoldDeps, viewsMissing } from '#shared/pipeline/views/fold.ts'
import { book, eventsOf, makeFoldDeps } from '#shared/testing/accept/library.ts'
import { makeContext, makeMskEvent } from '#shared/testing/functions/lambda-events.ts'
import { memoryTrialStore } from '#shared/testing/memory/memory-trial-store.ts'
import { createFold } from './fold.ts'

/** The guard of an instance that has not met any partition yet. */
const makeGuard = (deps: FoldDeps) =>
  createPoisonGuard({
    consumer: 'fold',
    deadLetters: deps.deadLetters,
    trials: memoryTrialStore(),
    unfoldedOf: (record) => viewsMissing(record, deps),
    owner: 'i1',
    now: Date.now,
  })

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

const CONTEXT = makeContext(60_000)
const titles = (first: number) => ['a', 'b', 'c'].map((title, index) => book(`e${first + index}`, 's', title))

describe('a batch of the trigger', () => {
  test('comes again as a whole while what its records are signed with cannot be read', async () => {
    const { deps } = makeFoldDeps()
    const secrets = { meet: () => Promise.reject(new Error('down')) }

    const folding = createFold({ ...deps, guard: makeGuard(deps), secrets })(
      makeMskEvent('library', titles(1)),
      CONTEXT,
    )

    await expect(folding).rejects.toThrow('down')
    expect(await deps.deadLetters.get({ topic: 'library', partition: 0, offset: 0 })).toBeNull()
    expect(await deps.viewStore.progress('library')).toEqual(new Map())
  })

  test('is folded into the views, and the events that follow are written', async () => {
    const { deps, appended } = makeFoldDeps()

    const response = await createFold({ ...deps, guard: makeGuard(deps), secrets: fixedSecrets([]) })(
      makeMskEvent('library', titles(1)),
      CONTEXT,
    )

    expect(response).toEqual({ batchItemFailures: [] })

    const { parts } = await deps.viewStore.read('library/shelves', { limit: 10 })
    expect(parts).toMatchObject([{ key: 's', state: { titles: ['a', 'b', 'c'] } }])
    expect(eventsOf(appended).map(({ type }) => type)).toEqual(['library.shelf.full', 'library.noted'])
    expect((await deps.viewStore.progress('library')).get(0)).toMatchObject({ offset: 2 })
  })

  test('comes again from the offset that failed, for the partition that failed alone', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {})
    const { deps } = makeFoldDeps()
    const { epoch } = await deps.store.topic('library')
    await deps.viewStore.beginRebuild({ topic: 'library', epoch, partition: 1 })
    const records = {
      ...makeMskEvent('library', titles(1), 0).records,
      ...makeMskEvent('library', titles(4), 1).records,
    }

    const response = await createFold({ ...deps, guard: makeGuard(deps), secrets: fixedSecrets([]) })(
      { ...makeMskEvent('library', []), records },
      CONTEXT,
    )

    expect(response).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: 'library-1', offset: 0 } }],
    })
    expect((await deps.viewStore.progress('library')).get(0)).toMatchObject({ offset: 2 })
    expect(logged).toHaveBeenCalledOnce()
    expect(JSON.parse(logged.mock.calls[0]?.[0])).toMatchObject({
      message: 'partition failed',
      topic: 'library',
      partition: 1,
      offset: 0,
    })
  })

  test('goes on without a record at which the fold fails three times', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const { deps } = makeFoldDeps()
    const save: typeof deps.viewStore.save = (parts) => {
      if (JSON.stringify(parts).includes('"b"')) throw new TypeError('no such member')
      return deps.viewStore.save(parts)
    }
    const fold = createFold({
      ...deps,
      guard: makeGuard(deps),
      secrets: fixedSecrets([]),
      viewStore: { ...deps.viewStore, save },
    })

    const response = await fold(makeMskEvent('library', titles(1)), CONTEXT)

    expect(response).toEqual({ batchItemFailures: [] })
    const { parts } = await deps.viewStore.read('library/shelves', { limit: 10 })
    expect(parts).toMatchObject([{ key: 's', state: { titles: ['a', 'c'] } }])
    expect(await deps.deadLetters.get({ topic: 'library', partition: 0, offset: 1 })).toMatchObject({
      code: 'fold_failed',
      attempts: 3,
      id: 'e2',
      unfolded: [{ view: 'library/shelves' }, { view: 'library/counts' }],
    })
    expect((await deps.viewStore.progress('library')).get(0)).toMatchObject({ offset: 2 })
  })

  test('comes again for the partition that is not done in time, and is folded in the others', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {})
    const { deps } = makeFoldDeps()
    const save: typeof deps.viewStore.save = (parts) =>
      parts.some(({ partition }) => partition === 1) ? new Promise(() => {}) : deps.viewStore.save(parts)
    const fold = createFold({
      ...deps,
      guard: makeGuard(deps),
      secrets: fixedSecrets([]),
      viewStore: { ...deps.viewStore, save },
    })
    const records = {
      ...makeMskEvent('library', titles(1), 0).records,
      ...makeMskEvent('library', titles(4), 1).records,
    }

    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const folding = fold({ ...makeMskEvent('library', []), records }, CONTEXT)
    while (!(await deps.viewStore.progress('library')).has(0)) await new Promise(setImmediate)
    vi.advanceTimersByTime(60_000)
    const response = await folding

    expect(response).toEqual({
      batchItemFailures: [{ itemIdentifier: { partition: 'library-1', offset: 0 } }],
    })
    expect((await deps.viewStore.progress('library')).get(0)).toMatchObject({ offset: 2 })
  })
})
