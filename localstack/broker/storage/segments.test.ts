import {
  appendFileSync,
  closeSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildBatch } from '../testing/build-batch.ts'
import { createTestClock, openTestLog } from '../testing/open-log.ts'
import { temporaryDirectory } from '../testing/temporary-directory.ts'
import { readIndexFile } from './index-file.ts'
import { createLru } from './lru.ts'
import type { PartitionLog } from './partition-log.ts'
import { batchBytes, readBatchHeader } from './record-batch.ts'

/** Small enough that a few batches fill a segment, and that each batch is covered by an index file. */
const SMALL = { segmentBytes: 1_000, saveBytes: 1 }

function append(log: PartitionLog, options: Parameters<typeof buildBatch>[0] = {}): number {
  const batch = buildBatch({ values: ['x'.repeat(300)], ...options })
  return log.append(batch, readBatchHeader(batch))
}

function fill(log: PartitionLog, batches: number): void {
  for (let count = 0; count < batches; count += 1) append(log)
}

function filesIn(directory: string, suffix: string): string[] {
  const all = existsSync(directory) ? readdirSync(directory) : []
  const names = all.filter((name) => name.endsWith(suffix))
  return names.sort().map((name) => join(directory, name))
}

/** The offsets of all batches, read one by one. */
function offsetsOf(log: PartitionLog): number[] {
  const found: number[] = []
  for (let offset = log.startOffset; offset < log.endOffset; ) {
    const batch = log.read(offset, 1, true)
    const header = readBatchHeader(batch)
    found.push(header.baseOffset)
    offset = header.lastOffset + 1
  }
  return found
}

const upTo = (count: number) => Array.from({ length: count }, (_, offset) => offset)

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at)
  writeFileSync(path, bytes)
}

function logWithLines(directory: string, changes: Parameters<typeof openTestLog>[1] = {}) {
  const lines: string[] = []
  return { lines, log: openTestLog(directory, { ...SMALL, ...changes, log: (line) => lines.push(line) }) }
}

describe('the segments of a partition', () => {
  it('are not read when a log is opened, apart from the last one', () => {
    const directory = temporaryDirectory()
    fill(openTestLog(directory, SMALL), 10)
    for (const path of filesIn(directory, '.log').slice(0, -1)) {
      writeFileSync(path, Buffer.alloc(readFileSync(path).length))
    }

    const { log, lines } = logWithLines(directory)

    expect(log.endOffset).toBe(10)
    expect(lines).toEqual([])
  })

  it('get their index files when they have none, as those of older versions', () => {
    const directory = temporaryDirectory()
    const producer = { producerId: 7, producerEpoch: 0 }
    const former = openTestLog(directory, SMALL)
    for (let sequence = 0; sequence < 10; sequence += 1)
      append(former, { ...producer, baseSequence: sequence })
    const written = filesIn(directory, '.index').map(indexWithoutTimes)
    for (const path of filesIn(directory, '.index')) rmSync(path)

    const { log, lines } = logWithLines(directory)

    expect(lines.join()).toMatch(/indexing \d of \d segments/)
    expect(filesIn(directory, '.index').map(indexWithoutTimes)).toEqual(written)
    expect(log.checkSequence(readBatchHeader(buildBatch({ ...producer, baseSequence: 9 })))).toEqual({
      verdict: 'duplicate',
      baseOffset: 9,
    })
    expect(offsetsOf(log)).toEqual(upTo(10))
  })

  it.each([
    { damage: 'a flipped bit in the header', apply: (path: string) => flipByte(path, 9) },
    { damage: 'a flipped bit in the entries', apply: (path: string) => flipByte(path, 100) },
    { damage: 'a missing end', apply: (path: string) => truncateSync(path, 95) },
    { damage: 'no bytes', apply: (path: string) => truncateSync(path, 0) },
    { damage: 'no file', apply: (path: string) => rmSync(path) },
  ])('get another index file for one with $damage', ({ apply }) => {
    const directory = temporaryDirectory()
    const former = openTestLog(directory, SMALL)
    fill(former, 10)
    const written = filesIn(directory, '.index').map(indexWithoutTimes)
    const opened = logWithLines(directory)
    for (const path of filesIn(directory, '.index').slice(0, -1)) apply(path)

    const offsets = offsetsOf(opened.log)

    expect(offsets).toEqual(upTo(10))
    expect(opened.lines.join()).toMatch(/missing or damaged and is rebuilt/)
    expect(filesIn(directory, '.index').map(indexWithoutTimes)).toEqual(written)
  })

  it('are verified at the start only from where the last index file ends', () => {
    const directory = temporaryDirectory()
    const options = { segmentBytes: 1_000_000, saveBytes: 1_000 }
    fill(openTestLog(directory, options), 7)
    const [path = ''] = filesIn(directory, '.log')
    const covered = indexWithoutTimes(filesIn(directory, '.index')[0] ?? '').summary?.bytes ?? 0
    flipByte(path, 100)
    flipByte(path, covered + 100)

    const { log, lines } = logWithLines(directory, options)

    expect(lines.join()).toMatch(/cut \d+ torn or corrupt bytes/)
    expect(log.endOffset).toBe(offsetsOf(log).length)
    expect(covered).toBe(log.endOffset * (covered / log.endOffset))
    expect(readFileSync(path)).toHaveLength(covered)
  })

  it('are verified from their beginning if a power failure lost what the index file covers', () => {
    const directory = temporaryDirectory()
    fill(openTestLog(directory, { ...SMALL, segmentBytes: 1_000_000 }), 5)
    const [path = ''] = filesIn(directory, '.log')
    truncateSync(path, readFileSync(path).length - 10)

    const short = logWithLines(directory)
    const { length } = readFileSync(path)
    flipByte(path, length - 1)
    const flipped = logWithLines(directory)

    expect(short.log.endOffset).toBe(4)
    expect(flipped.log.endOffset).toBe(3)
    expect(flipped.lines.join()).toMatch(/is verified from its beginning/)
    expect(offsetsOf(flipped.log)).toEqual(upTo(3))
  })

  it('are read on after one that has lost its end', () => {
    const directory = temporaryDirectory()
    fill(openTestLog(directory, SMALL), 10)
    const [first = ''] = filesIn(directory, '.log')
    truncateSync(first, readFileSync(first).length - 10)

    const { log } = logWithLines(directory)
    const lost = log.read(0, 10_000, true)
    const next = readBatchHeader(log.read(2, 1, true)).baseOffset

    expect(readBatchHeader(lost).baseOffset).toBe(0)
    expect(next).toBeGreaterThan(2)
  })

  it('hold few descriptors, however many there are', () => {
    let open = 0
    const files = createLru<number>(2, (file) => {
      open -= 1
      closeSync(file)
    })
    const counting = {
      ...files,
      get: (path: string, make: () => number) =>
        files.get(path, () => {
          open += 1
          return make()
        }),
    }
    const log = openTestLog(temporaryDirectory(), { ...SMALL, files: counting })
    let most = 0
    for (let count = 0; count < 30; count += 1) {
      append(log)
      most = Math.max(most, open)
    }
    offsetsOf(log)
    log.findByTime(5_000)

    expect(Math.max(most, open)).toBe(2)
    log.close()
    expect(open).toBe(0)
  })

  it('leave nothing behind when they are dropped, and orphans of a kill are removed', () => {
    const directory = temporaryDirectory()
    const log = openTestLog(directory, SMALL)
    fill(log, 10)
    log.deleteBefore(10)
    const left = readdirSync(directory).filter((name) => !name.startsWith('log-start')).length
    writeFileSync(join(directory, '00000000000000000001.index'), 'orphan')
    writeFileSync(join(directory, '00000000000000000009.index.tmp'), 'half')

    openTestLog(directory, SMALL)

    expect(left).toBe(2)
    expect(existsSync(join(directory, '00000000000000000001.index'))).toBe(false)
    expect(existsSync(join(directory, '00000000000000000009.index.tmp'))).toBe(false)
  })
})

describe('the age of segments', () => {
  const MINUTE_MS = 60_000

  it('ends a segment at segment.ms, also across restarts and when the wall clock is set back', () => {
    const directory = temporaryDirectory()
    const clock = createTestClock()
    const options = { segmentMs: 10 * MINUTE_MS, clock, saveBytes: 1 }
    const log = openTestLog(directory, options)
    append(log, { timestamp: clock.now() })
    clock.pass(5 * MINUTE_MS)
    append(log, { timestamp: clock.now() })

    const reopened = openTestLog(directory, options)
    clock.set(-60 * MINUTE_MS)
    clock.pass(4 * MINUTE_MS)
    append(reopened, { timestamp: clock.now() })
    const before = filesIn(directory, '.log').length
    clock.pass(MINUTE_MS)
    append(reopened, { timestamp: clock.now() })

    expect(before).toBe(1)
    expect(filesIn(directory, '.log')).toHaveLength(2)
  })

  it('keeps the log within 1.2 times the retention, and no record that is younger than that is deleted', () => {
    const clock = createTestClock()
    const retentionMs = 5 * MINUTE_MS
    const log = openTestLog(temporaryDirectory(), { retentionMs, clock })
    const begin = clock.now()

    for (let second = 0; second < 1_800; second += 1) {
      append(log, { timestamp: clock.now() })
      clock.pass(1_000)
      if (second % 5 === 0) log.dropExpired(clock.now())
      const oldest = begin + log.startOffset * 1_000
      const age = clock.now() - oldest
      expect(age).toBeLessThanOrEqual(1.2 * retentionMs)
      if (log.startOffset > 0) expect(age).toBeGreaterThanOrEqual(retentionMs)
    }
  })

  it('does not let a record of the year 2099 keep a segment', () => {
    const clock = createTestClock()
    const log = openTestLog(temporaryDirectory(), { retentionMs: 10 * MINUTE_MS, clock })
    append(log, { timestamp: Date.UTC(2099, 0) })

    clock.pass(10 * MINUTE_MS)
    log.dropExpired(clock.now())
    const before = log.startOffset
    clock.pass(1)
    log.dropExpired(clock.now())

    expect([before, log.startOffset]).toEqual([0, 1])
  })

  it('keeps records of the past for some minutes after they were appended', () => {
    const clock = createTestClock()
    const log = openTestLog(temporaryDirectory(), { retentionMs: 60 * MINUTE_MS, clock })
    append(log, { timestamp: clock.now() - 1_000 * MINUTE_MS })

    clock.pass(5 * MINUTE_MS - 1)
    log.dropExpired(clock.now())
    const before = log.startOffset
    clock.pass(1)
    log.dropExpired(clock.now())

    expect([before, log.startOffset]).toEqual([0, 1])
  })

  it('finds times in closed segments, the first of several, and never below the start', () => {
    const directory = temporaryDirectory()
    const former = openTestLog(directory, SMALL)
    for (const timestamp of [100, 900, 300, 400, 900, 500, 600]) append(former, { timestamp })

    const log = openTestLog(directory, SMALL)
    const first = [log.findByTime(200), log.findByTime(900), log.findLatest()]
    log.deleteBefore(2)

    expect(first.map((found) => found?.offset)).toEqual([1, 1, 1])
    expect(log.findByTime(350)?.offset).toBe(3)
    expect(log.findByTime(450)?.offset).toBe(4)
    expect(log.findByTime(901)).toBeUndefined()
  })
})

describe('a log that is killed again and again', () => {
  type Step =
    | { do: 'append'; records: number; bytes: number }
    | { do: 'kill'; torn: number }
    | { do: 'restart' }
    | { do: 'lose'; which: number; damage: boolean }
  const step: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        do: fc.constant('append' as const),
        records: fc.integer({ min: 1, max: 8 }),
        bytes: fc.integer({ min: 1, max: 4_000 }),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('kill' as const), torn: fc.nat(40_000) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ do: fc.constant('lose' as const), which: fc.nat(20), damage: fc.boolean() }),
    },
  )
  const PRODUCER = { producerId: 5, producerEpoch: 0 }

  it('has every acknowledged record, knows its producer, and has the index files that its segments give', () => {
    const root = temporaryDirectory()
    let run = 0
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 60 }), (steps) => {
        run += 1
        const directory = join(root, String(run))
        const open = () => openTestLog(directory, { segmentBytes: 150_000, saveBytes: 40_000 })
        let log = open()
        let sequence = 0
        let latest: { batch: Buffer; offset: number } | undefined
        const acknowledged = new Map<number, string>()
        for (const each of steps) {
          if (each.do === 'append') {
            const values = Array.from({ length: each.records }, (_, at) =>
              `${sequence + at}`.padEnd(each.bytes, '.'),
            )
            const batch = buildBatch({
              values,
              ...PRODUCER,
              baseSequence: sequence,
              timestamp: (sequence * 7) % 1_000,
            })
            const offset = log.append(Buffer.from(batch), readBatchHeader(batch))
            latest = { batch, offset }
            acknowledged.set(offset, batch.subarray(16).toString('hex'))
            sequence += each.records
          } else if (each.do === 'kill') {
            const [path] = filesIn(directory, '.log').slice(-1)
            const torn = buildBatch({ values: ['t'.repeat(each.torn)], ...PRODUCER, baseSequence: sequence })
            if (path) appendFileSync(path, torn.subarray(0, each.torn))
            log = open()
          } else if (each.do === 'restart') {
            log.close()
            log = open()
          } else {
            const indexes = filesIn(directory, '.index')
            const path = indexes[each.which % Math.max(1, indexes.length)]
            if (path && each.damage) flipByte(path, each.which * 7)
            else if (path) rmSync(path)
          }
        }
        log = open()
        for (const [offset, bytes] of acknowledged) {
          const batch = log.read(offset, 1, true)
          expect(batchBytes(batch, 0)).toBe(batch.length)
          expect(readBatchHeader(batch).baseOffset).toBe(offset)
          expect(batch.subarray(16).toString('hex')).toBe(bytes)
        }
        if (latest) {
          const repeated = log.checkSequence(readBatchHeader(latest.batch))
          expect(repeated).toEqual({ verdict: 'duplicate', baseOffset: latest.offset })
        }
        log.close()
        if (acknowledged.size === 0) return
        const kept = filesIn(directory, '.index')
        const indexes = kept.map(indexWithoutTimes)
        for (const path of kept) rmSync(path)
        open().close()
        expect(filesIn(directory, '.index').map(indexWithoutTimes)).toEqual(indexes)
      }),
      { numRuns: 60 },
    )
  })
})

/** What an index file says, without the times of appending, which are not in the segment. */
function indexWithoutTimes(path: string) {
  const found = readIndexFile(path)
  return {
    path,
    summary: found && { ...found.summary, createdAt: 0, appendedAt: 0 },
    entries: found && [...found.index.entries()],
    producers: found?.producers.map((producer) => ({ ...producer, idleMs: 0 })),
  }
}
