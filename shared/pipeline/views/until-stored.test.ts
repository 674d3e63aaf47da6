import { expect, it } from 'vitest'
import { book, inLibrary, makeFoldDeps } from '#shared/testing/accept/library.ts'
import { memoryEventStore } from '#shared/testing/memory/memory-event-store.ts'
import { foldBatch, untilStored } from './fold.ts'

/** A log whose partition 0 gets its head during the n-th pause. */
async function makeLog(pausesBefore: number, head = 5) {
  const store = memoryEventStore()
  const { epoch } = await store.topic('t')
  const stream = { topic: 't', epoch, partition: 0 }
  const pauses: number[] = []
  const sleep = async (ms: number) => {
    if (pauses.push(ms) === pausesBefore)
      await store.advance(stream, { offset: head, first: 0, timestamp: 1 })
  }
  return { store, stream, pauses, sleep }
}

it('waits until the head has reached the offset, with increasing pauses', async () => {
  const { store, stream, pauses, sleep } = await makeLog(3)

  await untilStored(stream, 5, store, sleep)
  await untilStored(stream, 5, store, sleep)

  expect(pauses).toEqual([20, 40, 80])
})

it('gives up after a little more than a second', async () => {
  const { store, stream, pauses, sleep } = await makeLog(1, 4)

  await untilStored(stream, 5, store, sleep)

  expect(pauses.reduce((sum, pause) => sum + pause, 0)).toBe(1260)
})

it('does not wait for an epoch that has ended', async () => {
  const { store, stream, pauses, sleep } = await makeLog(1)

  await untilStored({ ...stream, epoch: 'before' }, 5, store, sleep)

  expect(pauses).toEqual([])
})

it('lets a fold read the claims of another consumer instead of writing its own', async () => {
  const { deps } = makeFoldDeps()
  const claimed: string[] = []
  const claims = {
    ...deps.claims,
    claim: (...given: Parameters<typeof deps.claims.claim>) => {
      claimed.push(given[0].id)
      return deps.claims.claim(...given)
    },
  }
  const events = [0, 1].map((n) => book(`b${n}`, 's', 'a'))
  const records = events.map((event, offset) => inLibrary({ offset }, event))
  const sleep = async () => {
    for (const [offset, event] of events.entries())
      await deps.claims.claim(event, { topic: 'library', partition: 0, offset })
  }

  const counts = await foldBatch(records, { ...deps, claims, sleep })

  expect(counts.events).toBe(2)
  expect(claimed).toEqual([])
})
