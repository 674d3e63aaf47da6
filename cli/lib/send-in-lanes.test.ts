import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { afterEach, expect, it, vi } from 'vitest'
import { type OutgoingEvent, sendInLanes } from './send-in-lanes.ts'

const eventOf = (key: string | undefined, number: number): OutgoingEvent => ({
  at: String(number),
  key,
  json: '{}',
  bytes: 3000,
})

afterEach(() => vi.useRealTimers())

/** Lets others run so many times. */
async function yieldTimes(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await setImmediate()
}

it('keeps the order of every key whatever the lanes, the sizes and the speed of the server', async () => {
  const keys = fc.array(fc.constantFrom('a', 'b', 'c', 'd', undefined), { maxLength: 1500 })
  await fc.assert(
    fc.asyncProperty(keys, fc.integer({ min: 1, max: 6 }), fc.nat(3), async (keyList, lanes, slowest) => {
      const inFlight = new Map<string | undefined, number>()
      const answered: OutgoingEvent[] = []
      const send = async (batch: readonly OutgoingEvent[]): Promise<void> => {
        const touched = new Set(batch.map(({ key }) => key))
        for (const key of touched) {
          expect(inFlight.get(key) ?? 0).toBe(0)
          inFlight.set(key, 1)
        }
        await yieldTimes(batch.length % (slowest + 1))
        answered.push(...batch)
        for (const key of touched) inFlight.set(key, 0)
      }
      const events = keyList.map(eventOf)
      const { add, end } = sendInLanes({ send, lanes, lingerMs: 1 })
      for (const event of events) await add(event)
      await end()
      for (const key of ['a', 'b', 'c', 'd', undefined])
        expect(answered.filter((event) => event.key === key)).toEqual(
          events.filter((event) => event.key === key),
        )
    }),
    { numRuns: 60 },
  )
})

it('has several batches in flight when the keys allow it', async () => {
  let now = 0
  let most = 0
  const send = async (): Promise<void> => {
    most = Math.max(most, ++now)
    await yieldTimes(5)
    now--
  }
  const { add, end } = sendInLanes({ send, lanes: 4, lingerMs: 1000 })
  for (let number = 0; number < 4000; number++) await add(eventOf(`key-${number % 50}`, number))
  await end()
  expect(most).toBeGreaterThan(1)
  expect(most).toBeLessThanOrEqual(4)
})

it('sends nothing of a lane after a batch of it has failed', async () => {
  const sent: string[] = []
  const send = async (batch: readonly OutgoingEvent[]): Promise<void> => {
    sent.push(batch[0]?.at ?? '')
    throw new Error('no')
  }
  const { add, end, stop } = sendInLanes({ send, lanes: 1, lingerMs: 0 })
  await add(eventOf('a', 1))
  await expect.poll(() => sent).toEqual(['1'])
  await add(eventOf('a', 2))
  await expect(end()).rejects.toThrow('no')
  await stop()
  expect(sent).toEqual(['1'])
})

it('forgets what is not in flight when it is stopped', async () => {
  vi.useFakeTimers()
  const sent: number[] = []
  const send = async (batch: readonly OutgoingEvent[]): Promise<void> => void sent.push(batch.length)
  const { add, stop } = sendInLanes({ send, lanes: 1, lingerMs: 5 })
  await add(eventOf(undefined, 1))
  await stop()
  vi.advanceTimersByTime(20)
  expect(sent).toEqual([])
})
