import { closeSync } from 'node:fs'
import type { Clock } from '../../clock.ts'
import { createLru } from '../storage/lru.ts'
import { type LogLimits, openPartitionLog, type PartitionLog } from '../storage/partition-log.ts'
import type { SegmentResources } from '../storage/segment.ts'

/** Clocks that a test moves. */
export type TestClock = Clock & {
  /** Time passes: both clocks move. */
  pass(ms: number): void
  /** The wall clock is set, forward or back. */
  set(ms: number): void
}

export function createTestClock(begin = Date.now()): TestClock {
  let wall = begin
  let elapsed = 0
  return {
    now: () => wall,
    elapsed: () => elapsed,
    pass(ms) {
      wall += ms
      elapsed += ms
    },
    set(ms) {
      wall += ms
    },
  }
}

/** What segments share, with room for few files so that tests meet its limits. */
export function testResources(changes: Partial<SegmentResources> = {}): SegmentResources {
  return {
    files: createLru(2, closeSync),
    indexes: createLru(1),
    clock: createTestClock(),
    log: () => {},
    ...changes,
  }
}

/** A log that keeps everything in segments of 1 MB, unless changed. */
export function openTestLog(
  directory: string,
  changes: Partial<LogLimits & SegmentResources & { saveBytes: number }> = {},
): PartitionLog {
  const {
    retentionMs = -1,
    segmentBytes = 1_000_000,
    segmentMs = 604_800_000,
    saveBytes,
    ...shared
  } = changes
  return openPartitionLog({
    directory,
    limits: () => ({ retentionMs, segmentBytes, segmentMs }),
    resources: testResources(shared),
    ...(saveBytes === undefined ? {} : { saveBytes }),
  })
}
