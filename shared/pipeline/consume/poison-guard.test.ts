import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { DeadLetterStore } from '#shared/pipeline/dead-letters/dead-letter-store.ts'
import type { DecodeRecord, KafkaRecord } from '#shared/pipeline/ports.ts'
import { makeRecord } from '#shared/testing/accept/records.ts'
import { allLetters } from '#shared/testing/dead-letters/letters.ts'
import { memoryDeadLetterStore } from '#shared/testing/memory/memory-dead-letter-store.ts'
import { memoryTrialStore } from '#shared/testing/memory/memory-trial-store.ts'
import { type FailedPartition, runPartitions } from './consume.ts'
import { createPoisonGuard, type GuardedWork } from './poison-guard.ts'
import type { TrialStore } from './trial-store.ts'

const AT = { name: 'deliver', withinMs: 60_000 }
/** What happens to an instance at a record, if anything. */
type Fate = 'defect' | 'kill' | 'throttle'
type World = {
  readonly deadLetters: DeadLetterStore
  readonly trials: TrialStore
  /** How often each record was tried, by `partition:offset`. */
  readonly tries: Map<string, number>
  readonly done: string[]
}

beforeEach(() => void vi.spyOn(console, 'error').mockImplementation(() => {}))
afterEach(() => void vi.restoreAllMocks())

const makeWorld = (): World => ({
  deadLetters: memoryDeadLetterStore(),
  trials: memoryTrialStore(),
  tries: new Map(),
  done: [],
})
const nameOf = ({ partition, offset }: KafkaRecord) => `${partition}:${offset}`
const records = (partition: number, count: number) =>
  Array.from({ length: count }, (_, offset) => makeRecord({ partition, offset }, `r${offset}`))
const throttle = () => Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
class Killed extends Error {}

/**
 * An instance that reads each record, and then does what it must with those that can be decoded. A killed one never
 * returns. Every other fate of a record is asked each time.
 */
function startInstance(
  { deadLetters, trials, tries, done }: World,
  owner: string,
  fateOf: (name: string) => Fate | null,
) {
  const guard = createPoisonGuard({ deadLetters, trials, consumer: 'deliver', owner, now: () => 7 })
  const killed = Promise.withResolvers<never>()
  const work: GuardedWork = async (given, refuse) => {
    const decode: DecodeRecord = () => ({ event: { specversion: '1.0', id: '1', source: '/s', type: 't' } })
    const { failed } = await runPartitions(given, async (own) => {
      for (const record of own) {
        try {
          refuse(decode)(record)
        } catch {
          continue
        }
        const name = nameOf(record)
        tries.set(name, (tries.get(name) ?? 0) + 1)
        const fate = fateOf(name)
        if (fate === 'kill') {
          killed.reject(new Killed())
          await new Promise(() => {})
        }
        if (fate === 'throttle') throw throttle()
        if (fate === 'defect') throw new TypeError('undefined is not a function')
        done.push(name)
      }
    })
    return failed
  }
  return (batch: readonly KafkaRecord[], at = AT) =>
    Promise.race([guard.run(batch, work, at), killed.promise])
}

/** Delivers a batch as a trigger does: what failed comes again, and after a kill everything to another instance. */
async function deliverAll(
  world: World,
  batch: readonly KafkaRecord[],
  fateOf: (name: string) => Fate | null,
) {
  let left = batch
  for (let instance = 0, rounds = 0; left.length > 0 && rounds < 100; rounds++) {
    const run = startInstance(world, `i${instance}`, fateOf)
    try {
      const failed: readonly FailedPartition[] = await run(left)
      left = left.filter((record) =>
        failed.some(({ partition, offset }) => partition === record.partition && record.offset >= offset),
      )
    } catch (error) {
      if (!(error instanceof Killed)) throw error
      instance++
    }
  }
  return left
}
const lettersOf = async ({ deadLetters }: World) =>
  (await allLetters(deadLetters, ['port'])).map(({ partition, offset, code, attempts }) => ({
    name: `${partition}:${offset}`,
    code,
    attempts,
  }))

describe('a batch', () => {
  test('that succeeds is tried once, and only the first of its partition is noted', async () => {
    const world = makeWorld()
    const begin = vi.spyOn(world.trials, 'begin')
    const run = startInstance(world, 'i', () => null)

    expect(await run(records(0, 3))).toEqual([])
    expect(await run(records(0, 3))).toEqual([])

    expect(begin).toHaveBeenCalledOnce()
    expect(world.done).toHaveLength(6)
  })

  test('with a record that the code cannot bear is processed without it, after three tries', async () => {
    const world = makeWorld()
    const fates = (name: string) => (name === '0:2' ? 'defect' : null)

    expect(await startInstance(world, 'i', fates)([...records(0, 5), ...records(1, 2)])).toEqual([])

    expect(world.tries.get('0:2')).toBe(3)
    expect(await lettersOf(world)).toEqual([{ name: '0:2', code: 'deliver_failed', attempts: 3 }])
    expect(new Set(world.done)).toEqual(new Set(['0:0', '0:1', '0:3', '0:4', '1:0', '1:1']))
    expect(await world.deadLetters.get(makeRecord({ offset: 2 }, ''))).toMatchObject({
      reason: 'given up after 3 tries: undefined is not a function',
      consumer: 'deliver',
      found: 7,
    })
  })

  test('that kills its instances is processed without the record that kills, after three tries', async () => {
    const world = makeWorld()
    const fates = (name: string) => (name === '0:2' ? 'kill' : null)

    expect(await deliverAll(world, records(0, 5), fates)).toEqual([])

    expect(world.tries.get('0:2')).toBe(3)
    expect(await lettersOf(world)).toEqual([{ name: '0:2', code: 'deliver_failed', attempts: 3 }])
    expect(new Set(world.done)).toEqual(new Set(['0:0', '0:1', '0:3', '0:4']))
  })

  test('that is throttled comes again however often, from where it failed', async () => {
    const world = makeWorld()
    let left = 50
    const fates = (name: string) => (name === '0:1' && left-- > 0 ? 'throttle' : null)

    expect(await deliverAll(world, records(0, 3), fates)).toEqual([])

    expect(world.tries.get('0:1')).toBe(51)
    expect(await lettersOf(world)).toEqual([])
  })

  test('whose instance was killed once, and whose records are throttled then, loses none', async () => {
    const world = makeWorld()
    let kills = 1
    let throttles = 30
    const fates = (name: string) => {
      if (name !== '0:1') return null
      return kills-- > 0 ? 'kill' : throttles-- > 0 ? 'throttle' : null
    }

    expect(await deliverAll(world, records(0, 3), fates)).toEqual([])

    expect(await lettersOf(world)).toEqual([])
    expect(world.done).toContain('0:1')
  })

  test('comes again if its trial cannot be noted', async () => {
    const world = makeWorld()
    vi.spyOn(world.trials, 'begin').mockRejectedValueOnce(throttle())
    const run = startInstance(world, 'i', () => null)

    expect(await run(records(0, 2))).toMatchObject([{ topic: 'port', partition: 0, offset: 0 }])
    expect(await run(records(0, 2))).toEqual([])
  })

  test('comes again if the letter of its record cannot be stored', async () => {
    const world = makeWorld()
    vi.spyOn(world.deadLetters, 'put').mockRejectedValueOnce(throttle())
    const run = startInstance(world, 'i', (name) => (name === '0:0' ? 'defect' : null))

    expect(await run(records(0, 2))).toMatchObject([{ offset: 0 }])
    expect(await run(records(0, 2))).toEqual([])
    expect(await lettersOf(world)).toHaveLength(1)
  })

  test('comes again from the first record that was not tried before its time was over', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const world = makeWorld()
    const run = startInstance(world, 'i', (name) => {
      vi.advanceTimersByTime(400) // what a slow store takes for a record
      return name === '0:1' && world.tries.get(name) === 1 ? 'defect' : null
    })

    // In the batch 0 and 1, then 1 alone and 2 alone; then 1,200 ms are over.
    const failed = await run(records(0, 6), { ...AT, withinMs: 1400 })

    expect(failed).toMatchObject([{ partition: 0, cause: { message: 'no time is left for more records' } }])
    const [{ offset = 0 } = {}] = failed
    expect(offset).toBeGreaterThan(1)
    expect(world.tries.has(`0:${offset}`)).toBe(false)
    expect(await run(records(0, 6).slice(offset))).toEqual([])
    expect(new Set(world.done).size).toBe(6)
    expect(await lettersOf(world)).toEqual([])
    vi.useRealTimers()
  })

  test('is not blamed for what a note of another consumer, partition or earlier batch says', async () => {
    const world = makeWorld()
    const alone = { first: 1, last: 1, kills: 5, owner: 'dead' }
    await world.trials.begin({ topic: 'port', partition: 0, consumer: 'fold' }, alone)
    await world.trials.begin({ topic: 'port', partition: 1, consumer: 'deliver' }, alone)
    await world.trials.begin(
      { topic: 'port', partition: 0, consumer: 'deliver' },
      { ...alone, first: -9, last: -9 },
    )

    expect(await startInstance(world, 'i', () => null)(records(0, 3))).toEqual([])
    expect(await lettersOf(world)).toEqual([])
  })
})

test('any mix of records: those that always fail have one letter, all others are processed', async () => {
  const fate = fc.constantFrom('good', 'good', 'good', 'defect', 'kill', 'throttled', 'killed once')
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(fate, { maxLength: 8 }), { maxLength: 3 }), async (partitions) => {
      const world = makeWorld()
      const fates = new Map<string, string>(
        partitions.flatMap((own, p) => own.map((one, o) => [`${p}:${o}`, one] as const)),
      )
      const spent = new Map<string, number>()
      const upTo = (name: string, times: number) => {
        spent.set(name, (spent.get(name) ?? 0) + 1)
        return (spent.get(name) ?? 0) <= times
      }
      const fateOf = (name: string): Fate | null => {
        const given = fates.get(name)
        if (given === 'defect' || given === 'kill') return given
        if (given === 'throttled' && upTo(name, 4)) return 'throttle'
        return given === 'killed once' && upTo(name, 1) ? 'kill' : null
      }
      const batch = partitions.flatMap((own, partition) => records(partition, own.length))

      expect(await deliverAll(world, batch, fateOf)).toEqual([])

      const bad = [...fates].flatMap(([name, given]) =>
        given === 'defect' || given === 'kill' ? [name] : [],
      )
      expect((await lettersOf(world)).map(({ name }) => name).sort()).toEqual(bad.sort())
      const good = [...fates.keys()].filter((name) => !bad.includes(name))
      expect([...new Set(world.done)].sort()).toEqual(good.sort())
    }),
    { numRuns: 300 },
  )
})
