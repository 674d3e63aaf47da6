import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import lz4 from 'lz4js'
import snappy from 'snappyjs'
import { expect, it } from 'vitest'
import { readRecords } from '#shared/adapters/kafka/records/read-records.ts'
import { type BatchOptions, buildBatch } from '../testing/build-batch.ts'
import { openTestLog } from '../testing/open-log.ts'
import { temporaryDirectory } from '../testing/temporary-directory.ts'
import { checkBatch } from './check-batch.ts'
import type { PartitionLog } from './partition-log.ts'

const RULES = { maxBytes: 4_000, needsKeys: false, earliest: -1, latest: 1_000_000 }

const codecs: BatchOptions[] = [
  {},
  { attributes: 1, encode: (bytes) => gzipSync(bytes) },
  { attributes: 2, encode: (bytes) => Buffer.from(snappy.compress(bytes)) },
  { attributes: 3, encode: (bytes) => Buffer.from(lz4.compress(bytes)) },
  { attributes: 4, encode: (bytes) => zstdCompressSync(bytes) },
]
const smallInteger = fc.integer({ min: -3, max: 5 })
/** What one in a few batches has wrong: fields of its header, of its records, or any byte. */
const faults: fc.Arbitrary<BatchOptions> = fc.oneof(
  fc.record({
    baseOffset: fc.oneof(smallInteger.map(BigInt), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  }),
  fc.record({ lastOffsetDelta: smallInteger, recordCount: smallInteger }),
  fc.record({
    lastOffsetDelta: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    baseOffset: fc.constant(2n ** 62n),
  }),
  fc.record({
    attributes: fc.integer({ min: 0, max: 0x7fff }),
  }),
  fc.record({ magic: smallInteger }),
  fc.record({ lengthError: smallInteger }),
  fc.record({ checksumError: smallInteger }),
  fc.record({ timestamp: fc.integer({ min: -10, max: 2_000_000 }), maxTimestamp: smallInteger }),
  fc.record({ records: fc.array(fc.record({ offsetDelta: smallInteger, lengthError: smallInteger })) }),
)
const batches = fc
  .tuple(
    fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 4 }),
    fc.constantFrom(...codecs),
    fc.option(faults, { nil: {}, freq: 2 }),
    fc.option(fc.nat(200), { nil: 0, freq: 1 }),
  )
  .map(([values, codec, fault, cut]) => {
    const batch = buildBatch({ values, timestamp: 1_000, ...codec, ...fault })
    return batch.subarray(0, batch.length - Math.min(cut, batch.length))
  })
const steps = fc.array(
  fc.oneof({ weight: 6, arbitrary: batches }, { weight: 1, arbitrary: fc.constant('restart' as const) }),
  {
    maxLength: 25,
  },
)

it('everything that was acknowledged is in the log after each restart, whatever else was sent', () => {
  fc.assert(
    fc.property(steps, (taken) => {
      const directory = temporaryDirectory()
      const open = () => openTestLog(directory, { segmentBytes: 600, saveBytes: 300 })
      const acknowledged: string[] = []
      let log = open()
      for (const step of taken) {
        if (step === 'restart') {
          log.close()
          log = open()
          expect(contentOf(log)).toEqual(acknowledged)
          continue
        }
        const checked = checkBatch(Buffer.from(step), RULES)
        if ('errorCode' in checked || log.checkSequence(checked.header).verdict !== 'append') continue
        const baseOffset = log.append(checked.batch, checked.header)
        acknowledged.push(...readRecords(checked.batch, baseOffset).records.map(textOf))
      }
      log.close()
      const last = open()
      expect(contentOf(last)).toEqual(acknowledged)
      expect(last.endOffset).toBe(acknowledged.length)
      last.close()
    }),
    { numRuns: 150 },
  )
})

function contentOf(log: PartitionLog): string[] {
  const found: string[] = []
  for (let next = 0; next < log.endOffset; ) {
    const read = readRecords(log.read(next, 1_000_000, true), next)
    found.push(...read.records.map(textOf))
    expect(read.next).toBeGreaterThan(next)
    next = read.next
  }
  return found
}

function textOf({ offset, value }: { offset: number; value: Buffer | null }): string {
  return `${offset} ${value?.toString() ?? null}`
}
