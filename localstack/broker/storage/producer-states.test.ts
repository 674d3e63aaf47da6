import { describe, expect, it } from 'vitest'
import { buildBatch } from '../testing/build-batch.ts'
import { errorCodes } from '../wire/error-codes.ts'
import { createProducerStates, type ProducerStates } from './producer-states.ts'
import { type BatchHeader, readBatchHeader } from './record-batch.ts'

function header(baseSequence: number, { epoch = 0, records = 1 } = {}): BatchHeader {
  const values = Array.from({ length: records }, () => 'x')
  return readBatchHeader(buildBatch({ producerId: 1, producerEpoch: epoch, baseSequence, values }))
}

function recordAll(states: ProducerStates, headers: readonly BatchHeader[]): void {
  headers.forEach((each, index) => {
    states.record({ ...each, baseOffset: 100 + index })
  })
}

describe('the states of idempotent producers', () => {
  it('let an unknown producer start at any sequence', () => {
    expect(createProducerStates(() => 0).check(header(42))).toEqual({ verdict: 'append' })
  })

  it('return the first offset of a repeated batch, for the last five batches', () => {
    const states = createProducerStates(() => 0)
    recordAll(
      states,
      [0, 1, 2, 3, 4, 5].map((sequence) => header(sequence)),
    )

    expect(states.check(header(1))).toEqual({ verdict: 'duplicate', baseOffset: 101 })
    expect(states.check(header(5))).toEqual({ verdict: 'duplicate', baseOffset: 105 })
    expect(states.check(header(0))).toEqual(outOfOrder)
  })

  it('refuse a gap in the sequence', () => {
    const states = createProducerStates(() => 0)
    recordAll(states, [header(0, { records: 3 })])

    expect(states.check(header(3))).toEqual({ verdict: 'append' })
    expect(states.check(header(4))).toEqual(outOfOrder)
  })

  it('fence an older epoch and start a newer one at zero', () => {
    const states = createProducerStates(() => 0)
    recordAll(states, [header(0, { epoch: 2 })])

    expect(states.check(header(1, { epoch: 1 }))).toEqual({
      verdict: 'refuse',
      errorCode: errorCodes.INVALID_PRODUCER_EPOCH,
    })
    expect(states.check(header(1, { epoch: 3 }))).toEqual(outOfOrder)
    expect(states.check(header(0, { epoch: 3 }))).toEqual({ verdict: 'append' })
  })

  it('let the sequence wrap from its largest value to zero', () => {
    const states = createProducerStates(() => 0)
    recordAll(states, [header(2_147_483_646, { records: 3 })])

    expect(states.check(header(1))).toEqual({ verdict: 'append' })
    expect(states.check(header(2_147_483_646, { records: 3 }))).toEqual({
      verdict: 'duplicate',
      baseOffset: 100,
    })
  })

  it('forget a producer that has been silent for a day, whatever the times of its records', () => {
    let elapsed = 0
    const states = createProducerStates(() => elapsed)
    recordAll(states, [{ ...header(0), maxTimestamp: -1 }])

    elapsed = DAY_MS
    states.expire()
    const before = states.check(header(9))
    elapsed += 1
    states.expire()

    expect(before).toEqual(outOfOrder)
    expect(states.check(header(9))).toEqual({ verdict: 'append' })
  })

  it('are the same after a snapshot is restored, and grow no younger by it', () => {
    let elapsed = 0
    const former = createProducerStates(() => elapsed)
    recordAll(former, [header(0), header(1)])
    elapsed = 1_000
    const restored = createProducerStates(() => elapsed)

    restored.restore(JSON.parse(JSON.stringify(former.snapshot())))
    const duplicate = restored.check(header(1))
    elapsed = DAY_MS + 1
    restored.expire()

    expect(duplicate).toEqual({ verdict: 'duplicate', baseOffset: 101 })
    expect(restored.check(header(9))).toEqual({ verdict: 'append' })
  })
})

const DAY_MS = 86_400_000
const outOfOrder = { verdict: 'refuse', errorCode: errorCodes.OUT_OF_ORDER_SEQUENCE_NUMBER }
