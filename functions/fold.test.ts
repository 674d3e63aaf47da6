import { afterEach, describe, expect, test, vi } from 'vitest'
import { book, eventsOf, makeFoldDeps } from '#shared/testing/accept/library.ts'
import { makeMskEvent } from '#shared/testing/functions/lambda-events.ts'
import { createFold } from './fold.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

const titles = (first: number) => ['a', 'b', 'c'].map((title, index) => book(`e${first + index}`, 's', title))

describe('a batch of the trigger', () => {
  test('is folded into the views, and the events that follow are written', async () => {
    const { deps, appended } = makeFoldDeps()

    expect(await createFold(deps)(makeMskEvent('library', titles(1)))).toEqual({ batchItemFailures: [] })

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

    const response = await createFold(deps)({ ...makeMskEvent('library', []), records })

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
})
