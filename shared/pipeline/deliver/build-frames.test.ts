import { Buffer } from 'node:buffer'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseExactJson } from '#shared/core/json/exact-json.ts'
import { FRAME_LIMITS } from '#shared/core/limits.ts'
import type { EventsFrame } from '#shared/core/messages.ts'
import { makeEvent, makeStored } from '#shared/testing/accept/records.ts'
import { buildFrames, writeEvent } from './build-frames.ts'

const HEAD = { ids: ['s1', 'ü'], attempt: 3, replay: true } as const
const eventOf = (offset: number, size: number) =>
  makeStored({ offset }, makeEvent(`e${offset}`, { data: 'ü'.repeat(size) }))
const build = (sizes: readonly number[]) =>
  buildFrames(
    HEAD,
    sizes.map((size, offset) => writeEvent(eventOf(offset, size))),
  )
const parse = (frames: readonly string[]) => frames.map((frame) => JSON.parse(frame) as EventsFrame)

describe('frames', () => {
  test('carry the head and each event with its position, as docs/asyncapi.json describes them', () => {
    const { timestamp: _, ...positioned } = eventOf(0, 1)

    const { frames, complete } = build([1])

    expect(complete).toBe(true)
    expect(parse(frames)).toEqual([{ type: 'events', ...HEAD, events: [positioned] }])
    expect(frames[0]?.startsWith('{"type":"events","ids":')).toBe(true)
  })

  test('carry every digit of a number', () => {
    const data = '[820982911946154508,1e400,-0]'
    const written = writeEvent(makeStored({ offset: 0 }, makeEvent('e0', { data: parseExactJson(data) })))

    expect(buildFrames(HEAD, [written]).frames[0]).toContain(`"data":${data}`)
  })

  test('carry the mark of an event that is ahead of the log', () => {
    const { frames } = buildFrames(HEAD, [
      writeEvent({ ...eventOf(0, 1), ahead: true }),
      writeEvent(eventOf(1, 1)),
    ])

    expect(parse(frames)[0]?.events.map(({ ahead }) => ahead)).toEqual([true, undefined])
  })

  test('are an empty list for no events', () => {
    expect(build([])).toEqual({ frames: [], complete: true })
  })

  test('contain every event, in order, within the limits, in as few frames as possible', () => {
    const property = fc.property(fc.array(fc.nat(20_000), { maxLength: 60 }), (sizes) => {
      const { frames, complete } = build(sizes)
      const parsed = parse(frames)

      expect(complete).toBe(true)
      expect(parsed.flatMap(({ events }) => events.map(({ offset }) => offset))).toEqual(
        sizes.map((_, index) => index),
      )
      for (const [index, frame] of frames.entries()) {
        const bytes = Buffer.byteLength(frame)
        expect(bytes <= FRAME_LIMITS.softBytes || parsed[index]?.events.length === 1).toBe(true)
        expect(bytes).toBeLessThanOrEqual(FRAME_LIMITS.hardBytes)
        const next = parsed[index + 1]?.events[0]
        if (next)
          expect(bytes + Buffer.byteLength(JSON.stringify(next)) + 2).toBeGreaterThan(FRAME_LIMITS.softBytes)
      }
    })
    fc.assert(property, { numRuns: 60 })
  })

  test.each([0, 1])('fill 32 KB except for the last byte, and with %i more a new frame begins', (more) => {
    const size = (extra: number) =>
      Buffer.byteLength(buildFrames(HEAD, [written(0, 10_000), written(1, extra)]).frames[0] ?? '')
    const written = (offset: number, length: number) =>
      writeEvent(makeStored({ offset }, makeEvent(`e${offset}`, { data: 'x'.repeat(length) })))
    const rest = FRAME_LIMITS.softBytes - 1 - size(0)

    expect(buildFrames(HEAD, [written(0, 10_000), written(1, rest + more)]).frames).toHaveLength(1 + more)
  })

  test('end before an event that is too large for a frame, and report it', () => {
    const { frames, complete } = build([10, 70_000, 10])

    expect(complete).toBe(false)
    expect(parse(frames).flatMap(({ events }) => events.map(({ offset }) => offset))).toEqual([0])
  })

  test('can contain one event of exactly 128 KB', () => {
    const overhead = Buffer.byteLength(buildFrames(HEAD, [writeEvent(eventOf(0, 0))]).frames[0] ?? '')
    const exact = makeStored(
      { offset: 0 },
      makeEvent('e0', { data: 'x'.repeat(FRAME_LIMITS.hardBytes - overhead) }),
    )
    const over = makeStored(
      { offset: 0 },
      makeEvent('e0', { data: 'x'.repeat(FRAME_LIMITS.hardBytes - overhead + 1) }),
    )

    expect(Buffer.byteLength(buildFrames(HEAD, [writeEvent(exact)]).frames[0] ?? '')).toBe(
      FRAME_LIMITS.hardBytes,
    )
    expect(buildFrames(HEAD, [writeEvent(over)])).toEqual({ frames: [], complete: false })
  })
})
