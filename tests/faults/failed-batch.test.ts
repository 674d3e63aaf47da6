import { expect, it } from 'vitest'
import { createRandom } from '#shared/testing/random.ts'
import { publishBatch, readLog } from '../support/api.ts'
import { eventOf } from './clients/audience.ts'
import { startRig } from './start-rig.ts'

/** The SDK tries three times by itself; three partitions fail in a row. */
const REFUSALS = 20

it('stores and delivers a batch after its partition could not be stored at first', {
  timeout: 120_000,
}, async () => {
  const rig = await startRig(createRandom(1), 0)
  try {
    const { dynamodb, stack } = rig
    dynamodb.refuse('BatchWriteItem', 'log', REFUSALS)
    const events = Array.from({ length: 60 }, (_, n) => eventOf('failed-batch', n))
    await publishBatch(stack.httpUrl, events)

    const stored = async () => (await readLog(stack.httpUrl, 'fault.**')).map(({ event }) => event.id)

    await expect.poll(async () => (await stored()).length, { timeout: 60_000 }).toBe(events.length)
    expect((await stored()).sort()).toEqual(events.map(({ id }) => id).sort())
    expect(dynamodb.faults.refused).toBe(REFUSALS)
  } finally {
    await rig.dispose()
  }
})
