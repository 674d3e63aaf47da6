import { describe, expect, test } from 'vitest'
import { continueTrace, isSampled, tracePartsOf } from './trace.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

describe('a trace', () => {
  test.each([
    [`00-${TRACE}-${PARENT}-01`, `00-${TRACE}-${PARENT}-01`],
    [`00-${TRACE}-${PARENT}-00`, `00-${TRACE}-${PARENT}-00`],
    [`cc-${TRACE}-${PARENT}-03-what-comes-later`, `00-${TRACE}-${PARENT}-01`],
    [`cc-${TRACE}-${PARENT}-02`, `00-${TRACE}-${PARENT}-00`],
  ])('%s continues as %s', (header, continued) => {
    expect(continueTrace(header)).toBe(continued)
  })

  test.each([
    undefined,
    '',
    `00-${TRACE}-${PARENT}`,
    `00-${TRACE}-${PARENT}-01-more`,
    `00-${TRACE}-${PARENT}-01,00-${TRACE}-${PARENT}-01`,
    `ff-${TRACE}-${PARENT}-01`,
    `cc-${TRACE}-${PARENT}-01.more`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    ` 00-${TRACE}-${PARENT}-01`,
  ])('is started for %j', (header) => {
    const begun = continueTrace(header)
    expect(begun).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/)
    expect(begun).not.toContain(TRACE)
    expect(continueTrace(header)).not.toBe(begun)
  })
})

test.each([
  [`00-${TRACE}-${PARENT}-01`, true],
  [`00-${TRACE}-${PARENT}-03`, true],
  [`00-${TRACE}-${PARENT}-0b`, true],
  [`00-${TRACE}-${PARENT}-00`, false],
  [`00-${TRACE}-${PARENT}-0a`, false],
  ['', false],
  [undefined, false],
])('whether %s is sampled: %s', (traceparent, expected) => {
  expect(isSampled(traceparent)).toBe(expected)
  expect(tracePartsOf(traceparent)?.isSampled ?? false).toBe(expected)
})

test('a traceparent has its parts, and an invalid one has none', () => {
  expect(tracePartsOf(`00-${TRACE}-${PARENT}-01`)).toEqual({
    traceId: TRACE,
    spanId: PARENT,
    isSampled: true,
  })
  expect(tracePartsOf('nonsense')).toBeUndefined()
})
