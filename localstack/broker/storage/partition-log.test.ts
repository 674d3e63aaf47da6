import { appendFileSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { buildBatch } from '../testing/build-batch.ts'
import { createTestClock, openTestLog } from '../testing/open-log.ts'
import { temporaryDirectory } from '../testing/temporary-directory.ts'
import type { PartitionLog } from './partition-log.ts'
import { batchBytes, readBatchHeader } from './record-batch.ts'

function append(log: PartitionLog, batch = buildBatch()): number {
  return log.append(batch, readBatchHeader(batch))
}

/** The base offsets of the batches in a record set. */
function baseOffsets(records: Buffer): number[] {
  const found: number[] = []
  for (let at = 0; at < records.length; at += batchBytes(records, at))
    found.push(readBatchHeader(records, at).baseOffset)
  return found
}

function lastSegment(directory: string): string {
  return join(
    directory,
    readdirSync(directory)
      .filter((name) => name.endsWith('.log'))
      .sort()
      .at(-1) ?? '',
  )
}

describe('a partition log', () => {
  it('assigns consecutive offsets and returns the bytes unchanged except for the offset', () => {
    const log = openTestLog(temporaryDirectory())
    const original = buildBatch({ values: ['a', 'b'] })

    const offsets = [append(log, Buffer.from(original)), append(log, Buffer.from(original)), append(log)]
    const read = log.read(2, 1_000, false)

    expect(offsets).toEqual([0, 2, 4])
    expect(log.endOffset).toBe(5)
    expect(read.subarray(16, original.length)).toEqual(original.subarray(16))
    expect(baseOffsets(read)).toEqual([2, 4])
  })

  it('finds any offset through its sparse index, across segments', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        const log = openTestLog(temporaryDirectoryForProperty(), { segmentBytes: 100_000 })
        const bases = sizes.map((size) =>
          append(log, buildBatch({ values: Array(size).fill('x'.repeat(400)) })),
        )

        for (let offset = 0; offset < log.endOffset; offset += 1) {
          const expected = bases.findLast((base) => base <= offset)
          expect(baseOffsets(log.read(offset, 1, true))[0]).toBe(expected)
        }
        log.remove()
      }),
      { numRuns: 20 },
    )
  })

  it('returns nothing that exceeds the limit unless at least one batch is requested', () => {
    const log = openTestLog(temporaryDirectory())
    append(log, buildBatch({ values: ['x'.repeat(500)] }))

    expect(log.read(0, 10, false)).toHaveLength(0)
    expect(baseOffsets(log.read(0, 10, true))).toEqual([0])
  })

  it('continues after a restart with the same offsets and producers', () => {
    const directory = temporaryDirectory()
    const first = openTestLog(directory, { segmentBytes: 200 })
    const batch = buildBatch({ producerId: 7, producerEpoch: 0, baseSequence: 0 })
    for (let count = 0; count < 5; count += 1) append(first)
    append(first, Buffer.from(batch))
    first.close()

    const second = openTestLog(directory, { segmentBytes: 200 })

    expect(second.endOffset).toBe(6)
    expect(second.checkSequence(readBatchHeader(batch))).toEqual({ verdict: 'duplicate', baseOffset: 5 })
    expect(append(second)).toBe(6)
  })

  it.each([
    {
      damage: 'a batch cut off in the middle',
      apply: (path: string, size: number) => truncateSync(path, size - 3),
    },
    {
      damage: 'half a header',
      apply: (path: string) => appendFileSync(path, buildBatch().subarray(0, 20)),
      keeps: 3,
    },
    { damage: 'zeros', apply: (path: string) => appendFileSync(path, Buffer.alloc(500)), keeps: 3 },
    { damage: 'a flipped bit in the last batch', apply: flipLastByte },
  ])('cuts off $damage when it is opened, and logs it', ({ apply, keeps = 2 }) => {
    const directory = temporaryDirectory()
    const log = openTestLog(directory)
    for (let count = 0; count < 3; count += 1) append(log)
    log.close()
    const path = lastSegment(directory)
    apply(path, readFileSync(path).length)
    const lines: string[] = []

    const reopened = openTestLog(directory, { log: (line) => lines.push(line) })

    expect(reopened.endOffset).toBe(keeps)
    expect(append(reopened)).toBe(keeps)
    expect(baseOffsets(reopened.read(0, 10_000, false))).toHaveLength(keeps + 1)
    expect(lines.join()).toMatch(/cut \d+ torn or corrupt bytes/)
  })

  it('drops expired segments and keeps its offsets, also after a restart', () => {
    const directory = temporaryDirectory()
    const clock = createTestClock(1_000)
    const limits = { segmentBytes: 150, retentionMs: 2_000, clock }
    const log = openTestLog(directory, limits)
    append(log, buildBatch({ timestamp: 1_000, values: ['x'.repeat(200)] }))
    clock.pass(4_000)
    append(log, buildBatch({ timestamp: 5_000, values: ['x'.repeat(200)] }))

    clock.pass(1_000)
    log.dropExpired(clock.now())
    const afterFirst = [log.startOffset, log.endOffset]
    clock.pass(60_000)
    log.dropExpired(clock.now())
    log.close()

    expect(afterFirst).toEqual([1, 2])
    expect(readdirSync(directory)).toEqual(['00000000000000000002.log'])
    const reopened = openTestLog(directory, limits)
    expect([reopened.startOffset, reopened.endOffset]).toEqual([2, 2])
    expect(append(reopened)).toBe(2)
  })

  it('keeps deleted records hidden after a restart', () => {
    const directory = temporaryDirectory()
    const log = openTestLog(directory)
    for (let count = 0; count < 4; count += 1) append(log)

    const start = log.deleteBefore(3)
    log.close()

    expect(start).toBe(3)
    expect(openTestLog(directory).startOffset).toBe(3)
  })

  it('calls its listeners with every append until they stop, and with 0 when it closes', () => {
    const log = openTestLog(temporaryDirectory())
    const calls: number[] = []
    const stop = log.onAppend((bytes) => calls.push(bytes))
    log.onAppend((bytes) => calls.push(bytes))
    const batch = buildBatch()

    append(log, Buffer.from(batch))
    stop()
    append(log, Buffer.from(batch))
    log.close()

    expect(calls).toEqual([batch.length, batch.length, batch.length, 0])
  })
})

describe('looking up a time', () => {
  it('finds the first record at or after any time, whatever the sequence of the times', () => {
    const timestamps = fc.array(fc.integer({ min: 0, max: 1_000 }), { minLength: 1, maxLength: 60 })
    fc.assert(
      fc.property(timestamps, fc.nat(59), fc.nat(1_001), (times, start, wanted) => {
        const directory = temporaryDirectoryForProperty()
        const former = openTestLog(directory, { segmentBytes: 100_000 })
        for (const timestamp of times) append(former, buildBatch({ timestamp, values: ['x'.repeat(9_000)] }))
        former.close()
        const log = openTestLog(directory, { segmentBytes: 100_000 })
        log.deleteBefore(Math.min(start, times.length))

        const expected = times.findIndex((time, offset) => offset >= start && time >= wanted)

        expect(log.findByTime(wanted)?.offset ?? -1).toBe(expected)
        log.remove()
      }),
      { numRuns: 50 },
    )
  })

  it.each([
    { codec: 'uncompressed', options: {}, exact: true },
    {
      codec: 'gzip',
      options: { attributes: 1, encode: (records: Buffer) => gzipSync(records) },
      exact: true,
    },
    {
      codec: 'zstd',
      options: { attributes: 4, encode: (records: Buffer) => zstdCompressSync(records) },
      exact: true,
    },
    { codec: 'LZ4 (by batch)', options: { attributes: 3 }, exact: false },
  ])('finds the first record at or after it among $codec records', ({ options, exact }) => {
    const log = openTestLog(temporaryDirectory(), { segmentBytes: 1_000 })
    for (const timestamp of [100, 200, 300]) {
      append(log, buildBatch({ ...options, timestamp, values: ['a', 'b', 'c'] }))
    }

    expect(log.findByTime(201)?.offset).toBe(exact ? 4 : 3)
    expect(log.findByTime(203)?.offset).toBe(6)
    expect(log.findByTime(400)).toBeUndefined()
    expect(log.findLatest()).toEqual({ offset: exact ? 8 : 6, timestamp: 302 })
  })
})

function temporaryDirectoryForProperty(): string {
  return join(temporaryDirectory(), 'log')
}

function flipLastByte(path: string, size: number): void {
  const bytes = readFileSync(path)
  bytes.writeUInt8(bytes.readUInt8(size - 1) ^ 1, size - 1)
  writeFileSync(path, bytes)
}
